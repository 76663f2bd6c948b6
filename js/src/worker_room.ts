// The worker as its tab shows it: its log, asked for when somebody looks, and the way to a fresh one.
import { type Signal, signal } from "@preact/signals";
import type { Connection } from "./connection";
import { describe } from "./errors";
import type { ErrorInfo, Log } from "./protocol.gen";

export class WorkerRoom {
  readonly #connection: Connection;
  readonly log: Signal<Log | null> = signal(null);
  /** Why the log could not be had, or the worker not be restarted. */
  readonly error: Signal<ErrorInfo | null> = signal(null);
  readonly restarting: Signal<boolean> = signal(false);

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Asks for the last lines that the worker wrote. */
  async readLog(): Promise<void> {
    try {
      const result = await this.#connection.request({ type: "ShowLog" });
      if (result?.type === "Log") this.log.value = result;
      this.error.value = null;
    } catch (thrown) {
      this.error.value = describe(thrown);
    }
  }

  /** Ends the worker and starts a fresh one; Python refuses while a run is on. */
  async restart(): Promise<void> {
    if (this.restarting.value) return;
    this.restarting.value = true;
    this.error.value = null;
    try {
      await this.#connection.request({ type: "Restart" });
    } catch (thrown) {
      this.error.value = describe(thrown);
    } finally {
      this.restarting.value = false;
    }
  }
}
