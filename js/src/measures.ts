// What was measured on a cell, in words: what each number means and what it is good for.
import { percent, short } from "./numbers";
import type { FeatureActivation, Measures } from "./protocol.gen";

export interface MeasureInfo {
  readonly id: "dose" | "kl" | "perplexity" | "activation" | "similarity" | "repetition";
  readonly name: string;
  /** Name on a badge; "" for what has none. */
  readonly badge: string;
  /** What the first of its numbers is, where that does not go without saying. */
  readonly first?: string;
  /** What it is and what it tells, in plain words. */
  readonly means: string;
  /** Its numbers, the one for the badge first; empty where it was not measured. */
  numbers(measures: Measures): string[];
}

const MAX_ON_BADGE = 2;

/** Mean activations of the features that steer the cell, in their order. */
function means(activations: readonly FeatureActivation[]): string {
  const shown = activations.slice(0, MAX_ON_BADGE).map((activation) => short(activation.mean));
  return shown.join(" · ") + (activations.length > MAX_ON_BADGE ? " …" : "");
}

/** What came of it first, then how hard it was pushed. */
export const MEASURES: readonly MeasureInfo[] = [
  {
    id: "perplexity",
    name: "Perplexity",
    badge: "ppl",
    means:
      "How much the text surprises the unsteered model. Compare it with the baseline's: " +
      "far above, the text no longer reads like language; far below, it mostly repeats itself.",
    numbers: ({ perplexity }) => (perplexity === null ? [] : [short(perplexity)]),
  },
  {
    id: "activation",
    name: "Feature's activation",
    first: "mean",
    badge: "fires",
    means:
      "How strongly the steered feature fires when the unsteered model reads this text, on average over its tokens: " +
      "whether the text has become what the feature stands for.",
    numbers: ({ activations }) =>
      activations.length === 0
        ? []
        : [means(activations), `maximum ${activations.map(({ max }) => short(max)).join(" · ")}`],
  },
  {
    id: "dose",
    name: "Dose",
    badge: "dose",
    means:
      "How large the edit is next to the hidden state it is added to, on average over the steered tokens. " +
      "It compares strengths across features and models: 0 is no change, from about 0.6 texts often fall apart.",
    numbers: ({ dose }) => (dose === null ? [] : [short(dose)]),
  },
  {
    id: "kl",
    name: "KL divergence",
    first: "mean",
    badge: "KL",
    means:
      "How far steering moves the model's next-token probabilities on the same text, in nats. " +
      "0 is no change; it tells how strongly a column steers, whatever its method and unit.",
    // An unsteered text's divergence from itself is nothing to read.
    numbers: ({ kl_mean, kl_p95, kl_max }) =>
      kl_max === 0
        ? []
        : [
            ...(kl_mean === null ? [] : [`${short(kl_mean)}`]),
            ...(kl_p95 === null ? [] : [`95th percentile ${short(kl_p95)}`]),
            ...(kl_max === null ? [] : [`maximum ${short(kl_max)}`]),
          ],
  },
  {
    id: "similarity",
    name: "Similarity to the baseline",
    badge: "sim",
    means:
      "How close in meaning this text is to the baseline's, by sentence embedding: 1 is the same, near 0 unrelated.",
    numbers: ({ similarity }) => (similarity === null ? [] : [short(similarity)]),
  },
  {
    id: "repetition",
    name: "Repetition",
    badge: "",
    means:
      "Share of the text's 4-token sequences that came before in it, then how many of its tokens and of its pairs " +
      "of tokens are different ones. Much repetition means that the text goes in circles.",
    numbers: ({ repetition, distinct_1, distinct_2 }) => [
      ...(repetition === null ? [] : [`repeated ${percent(repetition)}`]),
      ...(distinct_1 === null ? [] : [`different tokens ${percent(distinct_1)}`]),
      ...(distinct_2 === null ? [] : [`different pairs ${percent(distinct_2)}`]),
    ],
  },
];

/** The place of a badge below every text of a run. */
export interface Place {
  readonly info: MeasureInfo;
  /** Twice the width, for several numbers. */
  readonly wide: boolean;
}

/** Places are the same for all texts of a run, whatever was measured so far, so that nothing moves later. */
export function placesOf(similarity: boolean, severalFeatures: boolean): readonly Place[] {
  return MEASURES.filter(({ id, badge }) => badge !== "" && (id !== "similarity" || similarity)).map(
    (info) => ({
      info,
      wide: info.id === "activation" && severalFeatures,
    }),
  );
}

export const isMeasured = (measures: Measures): boolean =>
  measures.off_target.length > 0 || MEASURES.some((info) => info.numbers(measures).length > 0);

/** All numbers of a measure, each with what it is; "" where there are none. */
export function inWords(info: MeasureInfo, measures: Measures): string {
  const numbers = info.numbers(measures).join(", ");
  return info.first === undefined || numbers === "" ? numbers : `${info.first} ${numbers}`;
}

/** What a pointer resting on a badge is told: all its numbers, then what they mean. */
export function badgeHint(info: MeasureInfo, measures: Measures): string {
  const beside = info.id === "perplexity" ? MEASURES.filter(({ id }) => id === "repetition") : [];
  const numbers = [info, ...beside].map((one) => {
    const all = inWords(one, measures);
    return all === "" ? "" : `${one.name}: ${all}.`;
  });
  return [...numbers, info.means].filter(Boolean).join(" ");
}
