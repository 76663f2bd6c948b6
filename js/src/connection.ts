// The only file that touches the widget's model: typed requests with replies, the stream of the run,
// acknowledgements. Everything else sees the types of the protocol.
import { renewCopies } from "./copies";
import { errorInfo, RequestError } from "./errors";
import type { PageCommand, PageRequest, Reply, RunDelta, RunSnapshot, StaticCopy } from "./protocol.gen";
import type { Outcome, RunEvent } from "./reducer";
import { uniqueId } from "./unique";

/** What hosts hand to `initialize` (anywidget's model; narrower than theirs). */
export interface HostModel {
  get(name: string): unknown;
  on(name: string, callback: (...values: never[]) => void): void;
  off(name?: string | null, callback?: ((...values: never[]) => void) | null): void;
  send(content: unknown): unknown;
  widget_manager?: unknown;
}

export type LinkState = "waiting" | "online" | "offline";

export interface Handlers {
  /** Whether a run is on, so that silence would be suspicious. */
  expecting(): boolean;
  /** Takes a message of the run in; says what became of it. */
  run(event: RunEvent): Outcome;
  trait(name: string, value: unknown): void;
  /** `isAlone`: there is no kernel, or none that ever answered: what is shown can only be read. */
  link(state: LinkState, isAlone?: boolean): void;
}

const TRAITS = ["prompts", "selection", "generation", "status", "snapshot"] as const;
export const REPLY_TIMEOUT_MS = 15_000;
export const SYNC_TIMEOUT_MS = 3_000;
export const ACK_EVERY_MS = 200;
const NO_KERNEL = "NoKernel";
/** A run that is on and says nothing for so long has perhaps lost its last message. */
export const SILENCE_MS = 10_000;

interface Waiting {
  resolve(result: Reply["result"]): void;
  reject(error: RequestError): void;
  timer: ReturnType<typeof setTimeout>;
}

interface Interruptible {
  interrupt(): Promise<void>;
}

function kernelOf(manager: unknown): Interruptible | null {
  const kernel = (manager as { kernel?: { interrupt?: unknown } | null } | null | undefined)?.kernel;
  return typeof kernel?.interrupt === "function" ? (kernel as Interruptible) : null;
}

function unsendable(what: string, thrown: unknown): RequestError {
  const message =
    `${what} could not be sent: there is no connection to the kernel. ` +
    "Start the kernel and run the cell again.";
  return new RequestError(errorInfo(NO_KERNEL, message, String(thrown)));
}

export class Connection {
  readonly #model: HostModel;
  readonly #handlers: Handlers;
  readonly #waiting = new Map<string, Waiting>();
  readonly #listeners: [string, (...values: never[]) => void][] = [];
  #syncing: Promise<boolean> | null = null;
  #closed = false;
  #hasHeard = false;
  #ackDue = -1;
  #ackTimer: ReturnType<typeof setTimeout> | undefined;
  #silence: ReturnType<typeof setTimeout> | undefined;

  constructor(model: HostModel, handlers: Handlers) {
    this.#model = model;
    this.#handlers = handlers;
    this.#listen("msg:custom", (message: unknown) => this.#receive(message));
    // Jupyter says so when the kernel restarts or dies; there what is sent fails at once.
    this.#listen("comm_live_update", () => {
      this.#hasHeard = false;
      void this.sync();
    });
    for (const name of TRAITS) {
      this.#listen(`change:${name}`, () => {
        this.#heard();
        handlers.trait(name, model.get(name));
      });
    }
  }

  /** Hands every trait to the handlers, then asks for the run; call once. */
  open(): void {
    for (const name of TRAITS) this.#handlers.trait(name, this.#model.get(name));
    this.#handlers.link("waiting");
    void this.sync();
  }

  /** Asks for everything, unless the question is already on its way; false where nobody answers. */
  sync(): Promise<boolean> {
    this.#syncing ??= this.#sync().finally(() => {
      this.#syncing = null;
    });
    return this.#syncing;
  }

  async #sync(): Promise<boolean> {
    try {
      await this.request({ type: "Sync" }, SYNC_TIMEOUT_MS);
      return true;
    } catch (thrown) {
      // The page stays readable from what is saved; whatever arrives later puts it online again.
      const isAlone = !this.#hasHeard || (thrown as RequestError).info.kind === NO_KERNEL;
      if (!this.#closed) this.#handlers.link("offline", isAlone);
      return false;
    }
  }

  /** Sends a command; the promise holds the reply's result or fails with a `RequestError`. */
  request(command: PageCommand, timeoutMs: number = REPLY_TIMEOUT_MS): Promise<Reply["result"]> {
    return new Promise((resolve, reject) => {
      const request: PageRequest = { id: uniqueId(), command };
      const timer = setTimeout(() => this.#timedOut(request, timeoutMs), timeoutMs);
      this.#waiting.set(request.id, { resolve, reject, timer });
      this.#post(request, (thrown) => this.#settle(request.id)?.reject(unsendable(command.type, thrown)));
    });
  }

  /** Says that everything up to `seq` is drawn; at most once in `ACK_EVERY_MS`, the last one always. */
  acknowledge(seq: number): void {
    this.#ackDue = Math.max(this.#ackDue, seq);
    if (this.#ackTimer !== undefined || this.#closed) return;
    this.#sendAck();
    this.#ackTimer = setTimeout(() => {
      this.#ackTimer = undefined;
      if (this.#ackDue >= 0) this.acknowledge(this.#ackDue);
    }, ACK_EVERY_MS);
  }

  get canInterrupt(): boolean {
    return kernelOf(this.#model.widget_manager) !== null;
  }

  /** Interrupts the cell that the kernel is running. */
  async interrupt(): Promise<void> {
    await kernelOf(this.#model.widget_manager)?.interrupt();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#ackTimer);
    clearTimeout(this.#silence);
    for (const [name, callback] of this.#listeners) this.#model.off(name, callback);
    for (const waiting of this.#waiting.values()) clearTimeout(waiting.timer);
    this.#waiting.clear();
  }

  #listen(name: string, callback: (...values: never[]) => void): void {
    this.#listeners.push([name, callback]);
    this.#model.on(name, callback);
  }

  /** The kernel lives; should it fall silent in mid-run, everything is asked for again. */
  #heard(): void {
    this.#hasHeard = true;
    this.#handlers.link("online");
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#onSilence(), SILENCE_MS);
  }

  #onSilence(): void {
    if (!this.#handlers.expecting()) return;
    this.#silence = setTimeout(() => this.#onSilence(), SILENCE_MS);
    void this.sync();
  }

  #receive(message: unknown): void {
    const event = message as Reply | RunSnapshot | RunDelta | StaticCopy | undefined;
    if (event?.type === undefined) return;
    this.#heard();
    switch (event.type) {
      case "Reply":
        this.#answer(event);
        break;
      case "RunSnapshot":
        this.#handlers.run(event);
        break;
      case "RunDelta":
        if (this.#handlers.run(event) === "gap") void this.sync();
        break;
      case "StaticCopy":
        renewCopies(this.#model.widget_manager, event);
        break;
    }
  }

  #answer(reply: Reply): void {
    const waiting = this.#settle(reply.id); // another page's request: not ours to answer
    if (waiting === undefined) return;
    if (reply.error !== null) waiting.reject(new RequestError(reply.error));
    else waiting.resolve(reply.result);
  }

  #sendAck(): void {
    const seq = this.#ackDue;
    this.#ackDue = -1;
    const request: PageRequest = { id: uniqueId(), command: { type: "Ack", seq } };
    this.#post(request, () => this.#handlers.link("offline", true));
  }

  /** Some hosts throw where there is no kernel, others return a promise that fails. */
  #post(request: PageRequest, failed: (thrown: unknown) => void): void {
    try {
      if (this.#closed) throw new Error("the widget was closed");
      Promise.resolve(this.#model.send(request)).catch(failed);
    } catch (thrown) {
      failed(thrown);
    }
  }

  #settle(id: string): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    clearTimeout(waiting?.timer);
    return waiting;
  }

  #timedOut(request: PageRequest, timeoutMs: number): void {
    const { type } = request.command;
    this.#settle(request.id)?.reject(
      new RequestError(
        errorInfo(
          "KernelTimeout",
          `The kernel did not answer ${type} within ${timeoutMs / 1000} s. It is probably busy with a cell; ` +
            "wait until that has ended and try again, or restart the kernel.",
        ),
      ),
    );
  }
}
