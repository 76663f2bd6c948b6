// For development only: named sets, and what fires on a prompt, as the kernel would have them.
import type { FeatureCard, FoundFiring, Prompt, SelectedEdit, SetInfo, Sets } from "../src/protocol.gen";

/** Tokens of a text: words with the space before them. */
const tokensOf = (text: string): string[] => text.match(/\s*\S+/g) ?? [];

export function firingOn(prompt: Prompt, cards: readonly FeatureCard[]): FoundFiring {
  const text = typeof prompt === "string" ? prompt : prompt.map((turn) => turn.content).join("\n");
  const tokens = tokensOf(text);
  const found = cards.slice(0, 12);
  return {
    type: "FoundFiring",
    cards: found,
    tokens: tokens.map((token, i) => ({ text: token, token_id: i, is_special: false })),
    features: found.map((card, i) => ({
      index: card.index,
      max_act: (card.max_act ?? 10) / (1 + i / 3),
      mean_act: 1,
      token: (i * 5) % tokens.length,
    })),
  };
}

export class FakeSets {
  readonly #kept = new Map<string, { info: SetInfo; edits: SelectedEdit[] }>();

  save(name: string, edits: SelectedEdit[]): void {
    const words = edits.map(
      (e) => `${e.feature.kind === "feature" ? e.feature.label : e.feature.kind} ${e.strength}`,
    );
    this.#kept.set(name, {
      info: { name, n_items: edits.length, saved_at: new Date().toISOString(), preview: words.join(", ") },
      edits,
    });
  }

  edits(name: string): SelectedEdit[] {
    return this.#kept.get(name)?.edits ?? [];
  }

  remove(name: string): void {
    this.#kept.delete(name);
  }

  list(): Sets {
    return {
      type: "Sets",
      kind: "features",
      sets: [...this.#kept.values()].map(({ info }) => info),
      note: "",
    };
  }
}
