// The settings of a generation: what each does in plain words, and all of them in one line.
import { DEFAULT_GENERATION } from "./defaults";
import { count, type NumberRule } from "./numbers";
import type { Generation } from "./protocol.gen";

export type NumberField =
  | "max_new_tokens"
  | "temperature"
  | "top_p"
  | "top_k"
  | "repetition_penalty"
  | "seed";

export interface Setting extends NumberRule {
  readonly field: NumberField;
  readonly name: string;
  readonly hint: string;
  readonly step: number;
  /** Whether it only matters where tokens are drawn, which at temperature 0 they are not. */
  readonly draws: boolean;
}

export const SETTINGS: readonly Setting[] = [
  {
    field: "max_new_tokens",
    name: "New tokens",
    hint: "at most, per cell",
    whole: true,
    step: 10,
    draws: false,
    allowed: "a whole number from 1 up",
  },
  {
    field: "temperature",
    name: "Temperature",
    hint: "0: always the likeliest token; higher: more varied",
    whole: false,
    step: 0.1,
    draws: false,
    allowed: "0 (greedy) or above",
  },
  {
    field: "top_p",
    name: "Top-p",
    hint: "draws from the likeliest tokens that reach this share; 1 is off",
    whole: false,
    step: 0.05,
    draws: true,
    allowed: "above 0, at most 1 (1 is off)",
  },
  {
    field: "top_k",
    name: "Top-k",
    hint: "draws from so many likeliest tokens; 0 is off",
    whole: true,
    step: 10,
    draws: true,
    allowed: "a whole number from 0 up",
  },
  {
    field: "repetition_penalty",
    name: "Repetition penalty",
    hint: "above 1: fewer repeats; 1 is off",
    whole: false,
    step: 0.05,
    draws: false,
    allowed: "above 0 (1 is off)",
  },
  {
    field: "seed",
    name: "Seed",
    hint: "same seed, same texts",
    whole: true,
    step: 1,
    draws: true,
    allowed: "a whole number from 0 to 9007199254740991",
  },
];

export const IDLE_HINT = "no effect at temperature 0";

/** Whether what this setting says makes no difference as the others are. */
export const isIdle = (setting: Setting, { temperature }: Generation): boolean =>
  setting.draws && temperature === 0;

const SEED_RANGE = 100_000;

/** Another seed, short enough to be noted down. */
export function newSeed(old: number): number {
  const drawn = 1 + Math.floor(Math.random() * (SEED_RANGE - 1));
  return drawn === old ? drawn + 1 : drawn;
}

/** Everything that is not at its default, and always length and way of drawing. */
export function summary(g: Generation): string {
  const sampled = g.temperature > 0;
  return [
    count(g.max_new_tokens, "token"),
    sampled ? `temperature ${g.temperature}` : "greedy",
    ...(sampled && g.top_p < 1 ? [`top-p ${g.top_p}`] : []),
    ...(sampled && g.top_k > 0 ? [`top-k ${g.top_k}`] : []),
    ...(g.repetition_penalty !== 1 ? [`repetition ${g.repetition_penalty}`] : []),
    ...(sampled ? [`seed ${g.seed}`] : []),
    ...(g.stop.length > 0 ? [count(g.stop.length, "stop text")] : []),
    ...(g.chat ? ["chat template"] : []),
  ].join(" · ");
}

export const isDefault = (field: keyof Generation, generation: Generation): boolean =>
  JSON.stringify(generation[field]) === JSON.stringify(DEFAULT_GENERATION[field]);

const SHOWN: Readonly<Record<string, string>> = { "\n": "\\n", "\t": "\\t", "\\": "\\\\" };
const MEANT: Readonly<Record<string, string>> = { n: "\n", t: "\t", "\\": "\\" };

/** Stop texts as they are typed: one a line, a line break in one of them as \n. */
export const stopLines = (stop: readonly string[]): string =>
  stop.map((text) => text.replace(/[\n\t\\]/g, (char) => SHOWN[char] ?? char)).join("\n");

/** Empty lines are no stop texts. */
export const stopTexts = (typed: string): string[] =>
  typed
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.replace(/\\([nt\\])/g, (_, char: string) => MEANT[char] ?? char));
