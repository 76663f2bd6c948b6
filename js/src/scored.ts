// Features of an answer, each with the number that it was found by.
import type { Result } from "./asked";
import { firingHits, type Hit } from "./finding";

export interface Scored {
  readonly hit: Hit;
  /** Activation, cosine, effect or whatever was asked for. */
  readonly value: number;
}

/** In the order of the answer; a feature without a card is left out. `sae`: whose they are where it does not say. */
export function scoredOf(result: Result | null, sae: string): readonly Scored[] {
  if (result?.type === "FoundFiring")
    return firingHits(result, sae).map((hit) => ({ hit, value: hit.fires?.act ?? 0 }));
  if (result?.type !== "FoundScored") return [];
  const known = new Map(result.cards.map((card) => [card.index, card]));
  return result.features.flatMap(({ index, score }) => {
    const card = known.get(index);
    return card === undefined ? [] : [{ hit: { card, sae: result.sae, fires: null }, value: score }];
  });
}
