// For development only: measures of the size that real runs have, so that their places can be judged.
import { featureOf } from "../src/directions";
import type { CellView, Flag, Measures, Steering, TokenMeasures } from "../src/protocol.gen";

export const NOTHING_MEASURED: Measures = {
  dose: null,
  flags: [],
  kl_mean: null,
  kl_p95: null,
  kl_max: null,
  perplexity: null,
  repetition: null,
  distinct_1: null,
  distinct_2: null,
  activations: [],
  off_target: [],
  similarity: null,
};

const MANY_REPEATED = 0.3;
const TOO_LARGE = 0.9;

/** Share of 4-grams that came before, and of different words and pairs, from the text itself. */
function repetitionOf(text: string): Pick<Measures, "repetition" | "distinct_1" | "distinct_2"> {
  const words = text.split(/\s+/).filter(Boolean);
  const different = (n: number): number | null => {
    const all = words.slice(n - 1).map((_, i) => words.slice(i, i + n).join(" "));
    return all.length === 0 ? null : new Set(all).size / all.length;
  };
  const fours = different(4);
  return {
    repetition: fours === null ? null : 1 - fours,
    distinct_1: different(1),
    distinct_2: different(2),
  };
}

function doseOf({ edits }: Steering): number | null {
  const push = edits.reduce(
    (sum, edit) => sum + Math.abs(edit.strength) * (edit.unit === "norm" ? 170 : 1),
    0,
  );
  return edits.length === 0 ? null : Math.max(0.04, push / 180);
}

/** What is known when a cell ends. */
export function atEnd(cell: CellView, steering: Steering): Measures {
  const dose = doseOf(steering);
  const { repetition } = repetitionOf(cell.text);
  const flags: Flag[] = [
    ...(cell.text.trim() === "" ? (["empty"] as const) : []),
    ...((repetition ?? 0) > MANY_REPEATED ? (["looping"] as const) : []),
    ...((dose ?? 0) > TOO_LARGE ? (["over_steered"] as const) : []),
    ...(cell.finish === "diverged" ? (["diverged"] as const) : []),
  ];
  return { ...NOTHING_MEASURED, dose, flags };
}

/** No two texts measure the same: a factor near 1, the same each time. */
function wave({ index }: CellView, { edits }: Steering, n: number): number {
  const feature = edits[0] === undefined ? null : featureOf(edits[0].feature);
  return 1 + 0.22 * Math.sin(index * 1.7 + n) + 0.3 * Math.sin((feature?.index ?? 0) * n);
}

/** What the scoring pass adds, some time after the text. */
export function scored(cell: CellView, steering: Steering): Measures {
  const { measures } = cell;
  if (cell.text.trim() === "") return measures;
  const dose = measures.dose ?? 0;
  const baseline = steering.edits.length === 0;
  const kl = 1.9 * dose * dose * wave(cell, steering, 1);
  return {
    ...measures,
    ...repetitionOf(cell.text),
    ...(dose > TOO_LARGE ? { repetition: 0.2 * dose * wave(cell, steering, 4) } : {}),
    ...(baseline ? {} : { kl_mean: kl, kl_p95: 3.1 * kl, kl_max: 6.4 * kl }),
    perplexity: 6.2 * Math.exp(2.2 * dose) * wave(cell, steering, 2),
    activations: steering.edits.flatMap((edit) => {
      const feature = featureOf(edit.feature);
      const push = 14 * dose * (edit.strength < 0 ? 0.1 : 1);
      return feature === null
        ? []
        : [
            {
              index: feature.index,
              sae: "steer-widget-demo",
              mean: push * wave(cell, steering, 3),
              max: 4.2 * push,
            },
          ];
    }),
    off_target: baseline
      ? []
      : [618, 48, 2210, 32, 1747].map((index, i) => ({
          index,
          sae: "steer-widget-demo",
          shift: (i % 2 === 0 ? 1 : -1) * (4.2 / (i + 1)),
        })),
  };
}

const N_ALTERNATIVES = 6;
const LIKELY = [" the", " a", ",", " it", " was", " and", "\n"];

/** A number from 0 to 1 that looks like chance and is always the same. */
const chance = (seed: number): number => (Math.sin(seed * 12.9898) * 43_758.5453) % 1;

/** Measures of each token, of the size that real ones have. */
export function tokensOf(cell: CellView): TokenMeasures {
  const texts = cell.text.split(/(?<=\S)(?=\s)|(?<=\w)(?=[.,])/);
  const { dose } = cell.measures;
  const draw = (at: number, n: number) => Math.abs(chance(cell.index * 977 + at * 13 + n));
  const alternatives = texts.map((text, at) =>
    [text, ...LIKELY].slice(0, N_ALTERNATIVES).map((other, i) => ({
      token_id: i,
      text: other,
      steered: 0.6 * draw(at, 3) * 0.5 ** i,
      unsteered: 0.5 * draw(at, 7 + i) * 0.5 ** Math.abs(i - 1),
    })),
  );
  return {
    texts,
    kl: texts.map((_, at) => (dose === null ? 0 : 4 * dose * draw(at, 1) ** 3)),
    surprise: texts.map((_, at) => 9 * draw(at, 2) ** 2),
    activations: cell.measures.activations.map((one, i) =>
      texts.map((_, at) => one.max * draw(at, 4 + i) ** 4),
    ),
    alternatives,
  };
}
