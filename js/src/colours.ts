// A colour that stays a feature's everywhere on the page: in its row, its column heads, its cells.
import type { Feature } from "./protocol.gen";

export const N_COLOURS = 8;

export class Colours {
  readonly #slots = new Map<string, number>();
  readonly #uses: number[] = new Array(N_COLOURS).fill(0);

  /** Slot 0 to 7: its own by index, or the next that is used least. */
  of(feature: Feature): number {
    const key = `${feature.sae}:${feature.index}`;
    const known = this.#slots.get(key);
    if (known !== undefined) return known;
    const least = Math.min(...this.#uses);
    let slot = feature.index % N_COLOURS;
    while ((this.#uses[slot] ?? 0) > least) slot = (slot + 1) % N_COLOURS;
    this.#uses[slot] = (this.#uses[slot] ?? 0) + 1;
    this.#slots.set(key, slot);
    return slot;
  }
}
