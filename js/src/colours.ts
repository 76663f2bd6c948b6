// A colour that stays a direction's everywhere on the page: in its row, its column heads, its cells. It follows
// from the direction and from what else is selected and shown, so that it is the same after a reload.
import { computed, type ReadonlySignal } from "@preact/signals";
import { directionKey } from "./directions";
import type { SaeInfo, Steerable } from "./protocol.gen";

const N_COLOURS = 8;

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return value;
}

/** The slot that a direction has where no other wants it. */
function ownSlot(direction: Steerable): number {
  return (direction.kind === "feature" ? direction.index : hash(directionKey(direction))) % N_COLOURS;
}

/** The first SAE goes with its name and without. */
function colourKey(direction: Steerable, saes: readonly SaeInfo[]): string {
  const isOfFirst = direction.kind === "feature" && direction.sae === saes[0]?.name;
  return directionKey(isOfFirst ? { ...direction, sae: "" } : direction);
}

export class Colours {
  readonly #saes: () => readonly SaeInfo[];
  readonly #slots: ReadonlySignal<ReadonlyMap<string, number>>;

  /** Each gives directions in order: those of an earlier one keep their own colour before those of a later one. */
  constructor(sources: readonly (() => readonly Steerable[])[], saes: () => readonly SaeInfo[]) {
    this.#saes = saes;
    // As texts, so that what only moves a dial leaves everything coloured as it is.
    const wishes = sources.map((give) =>
      computed(() => JSON.stringify(give().map((one) => this.#wish(one)))),
    );
    this.#slots = computed(() =>
      resolved(wishes.flatMap((wish) => JSON.parse(wish.value) as [string, number][])),
    );
  }

  /** Slot of the first of these; undefined for none, which is the baseline. */
  ofFirst([first]: readonly { readonly feature: Steerable }[]): number | undefined {
    return first && this.of(first.feature);
  }

  /** Slot 0 to 7. */
  of(direction: Steerable): number {
    return this.#slots.value.get(colourKey(direction, this.#saes())) ?? ownSlot(direction);
  }

  #wish(direction: Steerable): [string, number] {
    return [colourKey(direction, this.#saes()), ownSlot(direction)];
  }
}

/** Each gets the slot it wishes for, or the next that is used least. */
function resolved(wishes: readonly [string, number][]): ReadonlyMap<string, number> {
  const slots = new Map<string, number>();
  const uses: number[] = new Array(N_COLOURS).fill(0);
  for (const [key, wish] of wishes) {
    if (slots.has(key)) continue;
    const least = Math.min(...uses);
    let slot = wish;
    while ((uses[slot] ?? 0) > least) slot = (slot + 1) % N_COLOURS;
    uses[slot] = (uses[slot] ?? 0) + 1;
    slots.set(key, slot);
  }
  return slots;
}
