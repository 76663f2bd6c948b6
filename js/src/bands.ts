// Calibrating: the worker is asked for bands, and what is known of them is kept up to date.
import { effect, type Signal, signal } from "@preact/signals";
import type { Connection } from "./connection";
import { directionKey } from "./directions";
import { describe } from "./errors";
import type { Steerable } from "./protocol.gen";
import type { Store } from "./store";

/** Runs go first, and other tasks that came before: however long that takes. */
const CALIBRATION_TIMEOUT_MS = 3_600_000;

export class Bands {
  /** Directions that are being calibrated, by `directionKey`. */
  readonly pending: Signal<ReadonlySet<string>> = signal(new Set());
  readonly #store: Store;
  readonly #connection: Connection;

  constructor(store: Store, connection: Connection) {
    this.#store = store;
    this.#connection = connection;
    // A task that has ended may have been a calibration, by this page or by Python.
    let before: readonly number[] = [];
    effect(() => {
      const now = store.status.value.tasks.map(({ id }) => id);
      const hasEnded = before.some((id) => !now.includes(id));
      before = now;
      if (hasEnded) for (const { feature } of store.selection.value.peek().edits) void this.read(feature);
    });
  }

  isPending(direction: Steerable): boolean {
    return this.pending.value.has(directionKey(direction));
  }

  /** Has a direction calibrated. */
  async find(direction: Steerable): Promise<void> {
    const key = directionKey(direction);
    const { pending } = this;
    if (pending.value.has(key)) return;
    pending.value = new Set(pending.value).add(key);
    await this.#ask("FindBand", direction, CALIBRATION_TIMEOUT_MS);
    const rest = new Set(pending.value);
    rest.delete(key);
    pending.value = rest;
  }

  /** Asks for what is known of a direction. */
  read(direction: Steerable): Promise<void> {
    return this.#ask("ReadBand", direction);
  }

  async #ask(type: "FindBand" | "ReadBand", direction: Steerable, timeoutMs?: number): Promise<void> {
    const { ui } = this.#store;
    try {
      const result = await this.#connection.request({ type, direction }, timeoutMs);
      if (result?.type === "BandFound")
        ui.bands.value = new Map(ui.bands.value).set(directionKey(direction), result.band);
      ui.fail("band", null);
    } catch (thrown) {
      ui.fail("band", describe(thrown));
    }
  }
}
