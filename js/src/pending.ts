// A value that Python owns and the page changes: what the page wants is kept as changes on top of what
// Python says, so that a change from either side never undoes one of the other. What is sent names the
// value it was made on; where Python holds another by then it refuses, and the changes are made anew.
import { batch, computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { describe, errorInfo } from "./errors";
import type { ErrorInfo } from "./protocol.gen";

/** Makes the change in a value; `madeOn` is the value it was first made on, to find again what it was about. */
export type Apply<T> = (value: T, madeOn: T) => T;

interface Change<T> {
  /** Changes of one key replace each other: only the newest position of a dial counts. */
  readonly key: string;
  readonly apply: Apply<T>;
  readonly madeOn: T;
}

interface Sent<T> {
  readonly value: T;
  readonly changes: ReadonlySet<Change<T>>;
}

export interface SharedOptions<T> {
  /** Hands a value over that was made of `insteadOf`; fails with `StaleValue` where Python holds another. */
  send(value: T, insteadOf: T): Promise<unknown>;
  /** Asks for what Python holds now; it comes by `receive` before this is over. False where nobody answers. */
  refresh(): Promise<boolean>;
  /** False holds the value back, such as while a prompt is still empty. */
  sendable?(value: T): boolean;
}

/** How often changes are made anew before the page says that it does not get through. */
export const MAX_ATTEMPTS = 8;
/** Key of changes that keep their place: those before are done with, those after are on top. */
const SHAPE = "";

/** Errors of the way to the kernel: it has perhaps not heard. */
const UNHEARD: readonly string[] = ["KernelTimeout", "NoKernel"];

const equal = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

const applied = <T>(value: T, changes: readonly Change<T>[]): T =>
  changes.reduce((sofar, change) => change.apply(sofar, change.madeOn), value);

export class Shared<T> {
  /** What Python holds, as the trait says. */
  readonly held: Signal<T>;
  /** What the page shows: what Python holds with the page's own changes on top. */
  readonly value: ReadonlySignal<T>;
  /** Why Python refused the last value sent; null when it took it. */
  readonly error: Signal<ErrorInfo | null> = signal(null);
  readonly #changes: Signal<readonly Change<T>[]> = signal([]);
  readonly #options: SharedOptions<T>;
  /** Sent, and not known to be refused: Python may take them any time. */
  readonly #underWay = new Set<Sent<T>>();
  #sending: Promise<boolean> | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(start: T, options: SharedOptions<T>) {
    this.#options = options;
    this.held = signal(start);
    this.value = computed(() => applied(this.held.value, this.#changes.value));
  }

  /** The trait changed in Python. */
  receive(value: T): void {
    batch(() => {
      this.held.value = value;
      for (const sent of this.#underWay) if (equal(value, sent.value)) this.#taken(sent);
    });
  }

  /** Shows a change at once and sends it after `delayMs` without another. */
  change(key: string, apply: Apply<T>, delayMs = 0): void {
    const all = this.#changes.value;
    const onTop = all.findLastIndex((change) => change.key === SHAPE);
    const kept = all.filter((c, i) => c.key !== key || i < onTop || this.#isUnderWay(c));
    this.#want(kept, key, apply, delayMs);
  }

  /** A change of what there is, such as a row more or less: later ones speak of rows as it leaves them. */
  reshape(apply: Apply<T>): void {
    this.#want(this.#changes.value, SHAPE, apply, 0);
  }

  #want(kept: readonly Change<T>[], key: string, apply: Apply<T>, delayMs: number): void {
    const madeOn = applied(this.held.value, kept);
    batch(() => {
      this.#changes.value = [...kept, { key, apply, madeOn }];
      this.error.value = null;
    });
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.flush(), delayMs);
  }

  /** The kernel answers again: what could not be sent goes now. */
  resend(): void {
    if (this.error.value !== null && UNHEARD.includes(this.error.value.kind)) void this.flush();
  }

  /** Sends what is not sent yet; true when Python holds everything the page shows. */
  async flush(): Promise<boolean> {
    clearTimeout(this.#timer);
    while (this.#sending !== null) await this.#sending;
    this.#sending = this.#sendAll();
    try {
      return await this.#sending;
    } finally {
      this.#sending = null;
    }
  }

  /** Also sends what is changed while a value is on its way. */
  async #sendAll(): Promise<boolean> {
    let attempt = 1;
    while (this.#changes.value.length > 0) {
      if (this.#options.sendable?.(this.value.value) === false) return false;
      const sent = { value: this.value.value, changes: new Set(this.#changes.value) };
      const insteadOf = this.held.value;
      this.#underWay.add(sent);
      const error = await this.#send(sent, insteadOf);
      if (error === null) {
        attempt = 1;
      } else if (error.kind === "StaleValue") {
        if (attempt >= MAX_ATTEMPTS) return this.#fail(overrun(error));
        attempt += 1;
        if (this.held.value === insteadOf) await this.#options.refresh();
      } else if (error.kind === "KernelTimeout" && attempt < MAX_ATTEMPTS) {
        // Where the kernel answers now, the question or its answer was lost with a connection.
        if (!(await this.#options.refresh())) return this.#changes.value.length === 0 || this.#fail(error);
        attempt += 1;
      } else if (this.#changes.value.every((change) => sent.changes.has(change))) {
        return this.#changes.value.length === 0 || this.#fail(error);
      }
    }
    return true;
  }

  async #send(sent: Sent<T>, insteadOf: T): Promise<ErrorInfo | null> {
    try {
      await this.#options.send(sent.value, insteadOf);
    } catch (thrown) {
      const error = describe(thrown);
      // Without an answer it may still arrive: then the trait tells, and the changes are not made twice.
      if (error.kind !== "KernelTimeout") this.#underWay.delete(sent);
      return error;
    }
    batch(() => {
      // The trait's own message normally came first; if not, the reply says the same.
      if (this.held.value === insteadOf) this.held.value = sent.value;
      this.#taken(sent);
    });
    return null;
  }

  #fail(error: ErrorInfo): boolean {
    this.error.value = error;
    return false;
  }

  #isUnderWay(change: Change<T>): boolean {
    return [...this.#underWay].some(({ changes }) => changes.has(change));
  }

  #taken(sent: Sent<T>): void {
    this.#underWay.delete(sent);
    this.#changes.value = this.#changes.value.filter((change) => !sent.changes.has(change));
    if (this.#changes.value.length === 0) {
      this.error.value = null;
      this.#underWay.clear();
    }
  }
}

function overrun(error: ErrorInfo): ErrorInfo {
  const message =
    `${error.field} could not be changed: code in the notebook changes it again and again. ` +
    "What you changed is kept here and is sent with your next change, or with Run.";
  return errorInfo(error.kind, message, error.message);
}
