// For development only: what is told of features beside their cards, as the kernel would have it.
import { directionKey } from "../src/directions";
import type {
  Band,
  FeatureCard,
  FindAt,
  FoundFiring,
  PageCommand,
  Reply,
  RunView,
} from "../src/protocol.gen";
import { tokensOf } from "./measures";
import { readTokens } from "./model";

const KINDS = [
  "FindAt",
  "FindContrast",
  "FindNeighbours",
  "FindTogether",
  "ReadLens",
  "ScoreOutput",
  "FindBand",
  "ReadBand",
] as const;

type Exploring = Extract<PageCommand, { type: (typeof KINDS)[number] }>;

export const isExploring = (command: PageCommand): command is Exploring =>
  KINDS.some((kind) => kind === command.type);

const WORDS = [
  " war",
  " soldiers",
  " battle",
  "\n",
  " troops",
  " wartime",
  " peace",
  " the",
  " army",
  " front",
];

export class FakeExploring {
  readonly #bands = new Map<string, Band>();

  constructor(readonly cards: readonly FeatureCard[]) {}

  answer(command: Exploring, run: RunView | null): Reply["result"] {
    switch (command.type) {
      case "FindAt":
        return this.#firing(command, run);
      case "FindContrast":
        return this.#scored((i) => (i % 3 === 2 ? -1 : 1) * (3.2 / (1 + i / 2)));
      case "FindNeighbours":
        return this.#scored((i) => 0.71 / (1 + i / 6));
      case "FindTogether":
        return this.#scored((i) => 0.44 / (1 + i / 4));
      case "ReadLens": {
        const side = (sign: number) =>
          WORDS.map((text, i) => ({ token_id: i, text, logit: sign * (2.4 - i / 6) }));
        return { type: "LensRead", up: side(1), down: side(-1) };
      }
      case "ScoreOutput":
        return {
          type: "OutputScored",
          scores: command.features.map(({ index }) => ((index * 7919) % 101) / 150),
        };
      case "FindBand": {
        const scale = 40 + (directionKey(command.direction).length % 5) * 9;
        this.#bands.set(directionKey(command.direction), {
          onset: 0.42 * scale,
          iso_kl: scale,
          collapse: 2.1 * scale,
          points: [],
        });
        return { type: "BandFound", band: this.#bands.get(directionKey(command.direction)) ?? null };
      }
      case "ReadBand":
        return { type: "BandFound", band: this.#bands.get(directionKey(command.direction)) ?? null };
    }
  }

  #firing({ part }: FindAt, run: RunView | null): FoundFiring {
    const cell = part.type === "CellPart" ? run?.cells[part.cell] : undefined;
    const texts =
      part.type === "PromptPart"
        ? readTokens({ type: "ReadTokens", prompt: part.prompt, chat: part.chat, columns: [] }).tokens.map(
            ({ text }) => text,
          )
        : cell === undefined
          ? []
          : tokensOf(cell).texts;
    const at = part.tokens.length > 0 ? part.tokens : texts.map((_, i) => i);
    const cards = this.cards.slice(at[0] ?? 0, (at[0] ?? 0) + 9);
    return {
      type: "FoundFiring",
      cards,
      tokens: texts.map((text, token_id) => ({ text, token_id, is_special: false })),
      features: cards.map(({ index, max_act }, i) => ({
        index,
        max_act: (max_act ?? 10) / (1 + i / 2),
        mean_act: 1,
        token: at[i % at.length] ?? 0,
      })),
    };
  }

  #scored(score: (i: number) => number): Reply["result"] {
    const cards = this.cards.slice(20, 32);
    return {
      type: "FoundScored",
      cards,
      sae: "",
      features: cards.map(({ index }, i) => ({ index, score: score(i) })),
    };
  }
}
