// Features are found by words, by index, and by what fires on the prompt.
import { type Signal, signal } from "@preact/signals";
import { type Asked, READING_TIMEOUT_MS } from "./asked";
import type { Connection } from "./connection";
import { searchedSae } from "./directions";
import { describe } from "./errors";
import { isBlank } from "./prompts";
import type { Example, FeatureCard, FoundFiring, ScoreOutput } from "./protocol.gen";
import type { Store } from "./store";

const N_HITS = 20;

export interface Hit {
  readonly card: FeatureCard;
  /** As features have it: empty for the first SAE. */
  readonly sae: string;
  /** Where it fires most on the prompt; null where it was not asked. */
  readonly fires: Example | null;
}

export class Finding {
  /** Name of the SAE that is searched; empty is the first. */
  readonly sae: Signal<string> = signal("");
  /** Whether what was found is ranked by how well it steers. */
  readonly isRanked: Signal<boolean> = signal(false);
  readonly #store: Store;
  readonly #connection: Connection;
  readonly #asked: Asked;
  #latest = 0;
  #search: Promise<unknown> = Promise.resolve();

  constructor(store: Store, connection: Connection, asked: Asked) {
    this.#store = store;
    this.#connection = connection;
    this.#asked = asked;
  }

  /** How well these steer: by their cards, else by one question for all that have none. */
  async score(hits: readonly Hit[]): Promise<void> {
    const command = scoringOf(hits);
    if (command !== null) this.#store.ui.fail("search", (await this.#asked.ask(command)).error);
  }

  /** Output scores, in the order of the hits: undefined while one is not known, null where it has none. */
  scores(hits: readonly Hit[]): readonly (number | null | undefined)[] {
    const command = scoringOf(hits);
    const result = command && this.#asked.of(command).result;
    const asked = result?.type === "OutputScored" ? [...result.scores] : null;
    return hits.map(({ card }) => card.output_score ?? (asked === null ? undefined : asked.shift()));
  }

  /** Why it cannot be asked what fires; "" where it can. */
  get firingProblem(): string {
    const [prompt] = this.#store.prompts.value.value;
    return prompt === undefined || isBlank(prompt) ? "Type a prompt first." : "";
  }

  /** Hits for words or an index; null when another question has overtaken this one. */
  words(text: string): Promise<Hit[] | null> {
    return this.#ask(async (isLatest) => {
      // One at a time: what is typed while the kernel is busy does not pile up there.
      await this.#search;
      if (!isLatest()) return [];
      const sae = this.saeName;
      const asked = this.#connection.request({ type: "Search", text, limit: N_HITS, sae });
      this.#search = asked.catch(() => undefined);
      const result = await asked;
      const cards = result?.type === "Found" ? result.cards : [];
      this.#store.ui.learn(cards, sae);
      return cards.map((card) => ({ card, sae, fires: null }));
    });
  }

  /** What fires on the first prompt, as the next run reads it. */
  firing(): Promise<Hit[] | null> {
    return this.#ask(async () => {
      const sae = this.saeName;
      const [prompt = ""] = this.#store.prompts.value.value;
      const { chat } = this.#store.generation.value.value;
      const result = await this.#connection.request(
        { type: "FindFiring", prompt, chat, limit: N_HITS, sae },
        READING_TIMEOUT_MS,
      );
      if (result?.type !== "FoundFiring") return [];
      this.#store.ui.learn(result.cards, sae);
      return firingHits(result, sae);
    });
  }

  /** Nobody waits for an answer any more. */
  forget(): void {
    this.#latest += 1;
  }

  isSelected({ card, sae }: Hit): boolean {
    const { saes } = this.#store.status.value;
    return this.#store.selection.value.value.edits.some(
      ({ feature }) =>
        feature.kind === "feature" && feature.index === card.index && searchedSae(feature.sae, saes) === sae,
    );
  }

  /** The searched SAE as features have it: the first one is "". */
  get saeName(): string {
    return searchedSae(this.sae.value, this.#store.status.value.saes) ?? "";
  }

  async #ask(find: (isLatest: () => boolean) => Promise<Hit[]>): Promise<Hit[] | null> {
    this.#latest += 1;
    const mine = this.#latest;
    const isLatest = () => mine === this.#latest;
    try {
      const hits = await find(isLatest);
      if (!isLatest()) return null;
      this.#store.ui.fail("search", null);
      return hits;
    } catch (thrown) {
      if (!isLatest()) return null;
      this.#store.ui.fail("search", describe(thrown));
      return [];
    }
  }
}

/** The question for the scores that no card has; null where all have them. */
function scoringOf(hits: readonly Hit[]): ScoreOutput | null {
  const features = hits.flatMap(({ card: { index, output_score }, sae }) =>
    output_score === null ? [{ kind: "feature" as const, index, label: "", sae }] : [],
  );
  return features.length === 0 ? null : { type: "ScoreOutput", features };
}

/** What steers best comes first, once all scores are known; what has none last. */
export function ranked(hits: readonly Hit[], scores: readonly (number | null | undefined)[]): readonly Hit[] {
  if (scores.includes(undefined)) return hits;
  const score = new Map(hits.map((hit, i) => [hit, scores[i] ?? -1]));
  return hits.toSorted((one, other) => (score.get(other) ?? 0) - (score.get(one) ?? 0));
}

/** Each with the prompt around the token on which it fires most. */
export function firingHits({ features, cards, tokens }: FoundFiring, sae: string): Hit[] {
  const known = new Map(cards.map((card) => [card.index, card]));
  return features.flatMap(({ index, max_act, token }) => {
    const card = known.get(index);
    const text = (start: number, stop?: number) =>
      tokens
        .slice(start, stop)
        .map((one) => one.text)
        .join("");
    const fires = {
      act: max_act,
      left: text(0, token),
      token: text(token, token + 1),
      right: text(token + 1),
    };
    return card === undefined ? [] : [{ card, sae, fires }];
  });
}
