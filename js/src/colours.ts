// A colour that stays a direction's everywhere on the page: in its row, its column heads, its cells.
import { directionKey } from "./directions";
import type { Steerable } from "./protocol.gen";

export const N_COLOURS = 8;

export class Colours {
  readonly #slots = new Map<string, number>();
  readonly #uses: number[] = new Array(N_COLOURS).fill(0);

  /** Slot 0 to 7: a feature's own by index, or the next that is used least. */
  of(direction: Steerable): number {
    const key = directionKey(direction);
    const known = this.#slots.get(key);
    if (known !== undefined) return known;
    const least = Math.min(...this.#uses);
    let slot = direction.kind === "feature" ? direction.index % N_COLOURS : this.#slots.size % N_COLOURS;
    while ((this.#uses[slot] ?? 0) > least) slot = (slot + 1) % N_COLOURS;
    this.#uses[slot] = (this.#uses[slot] ?? 0) + 1;
    this.#slots.set(key, slot);
    return slot;
  }
}
