// Features suggested for a wish in words: asked for, stopped, shown.
import { type Signal, signal } from "@preact/signals";
import type { Connection } from "./connection";
import { describe } from "./errors";
import type { ErrorInfo, Suggested } from "./protocol.gen";

/** Long runs of the notebook may be on before it. */
const TIMEOUT_MS = 600_000;

export class Suggesting {
  readonly wish: Signal<string> = signal("");
  readonly found: Signal<Suggested | null> = signal(null);
  readonly error: Signal<ErrorInfo | null> = signal(null);
  readonly isBusy: Signal<boolean> = signal(false);
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async ask(): Promise<void> {
    const wish = this.wish.value.trim();
    if (wish === "" || this.isBusy.value) return;
    this.isBusy.value = true;
    this.error.value = null;
    this.found.value = null;
    try {
      const result = await this.#connection.request({ type: "Suggest", wish }, TIMEOUT_MS);
      if (result?.type === "Suggested") this.found.value = result;
    } catch (thrown) {
      this.error.value = describe(thrown);
    } finally {
      this.isBusy.value = false;
    }
  }

  /** What there is then comes as the answer. */
  async stop(): Promise<void> {
    try {
      await this.#connection.request({ type: "StopSuggesting" });
    } catch (thrown) {
      this.error.value = describe(thrown);
    }
  }
}
