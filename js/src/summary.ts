// The numbers of a run in sum. `steer_widget/summary.py` has the same rules; tests/unit/data/summary.json holds both
// to them:
//   - a text counts once it is done; what was stopped or failed, or has no such measure, is missing, never 0;
//   - every text that counts weighs the same: means are taken over prompts and samples together, or over the samples
//     of one prompt in a heatmap;
//   - perplexity is averaged in its logarithm (its mean is that of the surprise), everything else as it is;
//   - the activation of a cell is the mean activation of its first feature.
import { flagsOf } from "./flags";
import { percent, plainNumber, short, shortSigned, signed } from "./numbers";
import type { CellView, RunView } from "./protocol.gen";
import { cellIndex } from "./sifting";

export type SummaryMeasure =
  | "kl"
  | "perplexity"
  | "activation"
  | "dose"
  | "repetition"
  | "similarity"
  | "n_tokens"
  | "flags";

export interface SummaryInfo {
  readonly id: SummaryMeasure;
  readonly name: string;
  /** In what it is counted; "" for a plain number. */
  readonly unit: string;
  /** What it is, in one line. */
  readonly hint: string;
  /** Whether it is averaged, drawn and compared in its logarithm. */
  readonly isLog?: boolean;
  /** Whether the baseline's is a thing of its own that others can be compared with. */
  readonly isComparable?: boolean;
  /** What an axis of it reaches at least. */
  readonly axisReaches?: number;
  read(cell: CellView): number | null | undefined;
  words(value: number): string;
}

const plain = (value: number): string => (Number.isInteger(value) ? String(value) : short(value));

export const SUMMARY: readonly SummaryInfo[] = [
  {
    id: "kl",
    name: "KL divergence",
    unit: "nats per token",
    hint: "How far steering moves the next-token probabilities; 0 is no change.",
    read: ({ measures }) => measures.kl_mean,
    words: short,
  },
  {
    id: "perplexity",
    name: "Perplexity",
    unit: "",
    hint: "How much the text surprises the unsteered model.",
    isLog: true,
    isComparable: true,
    read: ({ measures }) => measures.perplexity,
    words: short,
  },
  {
    id: "activation",
    name: "Feature's activation",
    unit: "mean per token",
    hint: "How strongly the steered feature fires when the unsteered model reads the text.",
    read: ({ measures }) => measures.activations[0]?.mean,
    words: short,
  },
  {
    id: "repetition",
    name: "Repetition",
    unit: "share of 4-token sequences",
    hint: "Share of the text's 4-token sequences that came before in it.",
    isComparable: true,
    axisReaches: 0.1,
    read: ({ measures }) => measures.repetition,
    words: percent,
  },
  {
    id: "dose",
    name: "Dose",
    unit: "of the hidden state",
    hint: "How large the edit is next to the hidden state.",
    read: ({ measures }) => measures.dose,
    words: short,
  },
  {
    id: "similarity",
    name: "Similarity to the baseline",
    unit: "cosine",
    hint: "How close in meaning the text is to the baseline's; 1 is the same.",
    read: ({ measures }) => measures.similarity,
    words: short,
  },
  {
    id: "n_tokens",
    name: "Length",
    unit: "tokens",
    hint: "Tokens of the text.",
    isComparable: true,
    read: ({ n_tokens }) => n_tokens,
    words: plain,
  },
  {
    id: "flags",
    name: "Flags",
    unit: "per text",
    hint: "Reasons to distrust a text: empty, looping, over-steered, diverged.",
    isComparable: true,
    read: (cell) => flagsOf(cell).length,
    words: plain,
  },
];

const BY_ID = new Map(SUMMARY.map((info) => [info.id, info]));

export function summaryInfo(id: SummaryMeasure): SummaryInfo {
  return BY_ID.get(id) as SummaryInfo;
}

/** A measure of one text; null where it is missing. */
export function readValue(info: SummaryInfo, cell: CellView | undefined): number | null {
  if (cell?.state !== "done") return null;
  const value = info.read(cell);
  return value !== null && value !== undefined && Number.isFinite(value) ? value : null;
}

/** A mean over texts. `value` is null where no text has one; `n` of how many it is. */
export interface Mean {
  readonly value: number | null;
  readonly n: number;
}

export const NO_MEAN: Mean = { value: null, n: 0 };

export function meanOf(info: SummaryInfo, values: readonly number[]): Mean {
  if (values.length === 0) return NO_MEAN;
  const mean = (all: readonly number[]) => all.reduce((sum, value) => sum + value, 0) / all.length;
  const value = info.isLog === true ? Math.exp(mean(values.map(Math.log))) : mean(values);
  return { value, n: values.length };
}

const isNumber = (value: number | null): value is number => value !== null;

export function meanOfCells(info: SummaryInfo, cells: readonly (CellView | undefined)[]): Mean {
  return meanOf(info, cells.map((cell) => readValue(info, cell)).filter(isNumber));
}

/** Numbers of the cells of one prompt under one column, a cell for each sample. */
export function cellsAt(run: RunView, prompt: number, column: number): number[] {
  return Array.from({ length: run.samples }, (_, sample) => cellIndex(run, prompt, column, sample));
}

/** Numbers of all cells under these columns, prompt by prompt. */
export function cellsUnder(run: RunView, columns: readonly number[]): number[] {
  return run.prompts.flatMap((_, prompt) => columns.flatMap((column) => cellsAt(run, prompt, column)));
}

/** Means over the samples, for each prompt a row with the columns' means. */
export function heatmapOf(run: RunView, info: SummaryInfo): Mean[][] {
  return run.prompts.map((_, prompt) =>
    run.steerings.map((_steering, column) =>
      meanOfCells(
        info,
        cellsAt(run, prompt, column).map((cell) => run.cells[cell]),
      ),
    ),
  );
}

/** Each mean next to the baseline's of its prompt: how much more it is, or how many times as much. */
export function besideBaseline(rows: readonly Mean[][], info: SummaryInfo, baseline: number): Mean[][] {
  return rows.map((row) => {
    const from = row[baseline]?.value ?? null;
    return row.map(({ value, n }) =>
      value === null || from === null
        ? NO_MEAN
        : { value: info.isLog === true ? value / from : value - from, n },
    );
  });
}

/** A value next to the baseline's, in a few characters. */
export function besideWords(info: SummaryInfo, value: number): string {
  if (info.isLog === true) return `×${short(value)}`;
  if (info.id === "repetition") {
    const points = Math.round(100 * value);
    return `${points > 0 ? "+" : ""}${plainNumber(points)} pp`;
  }
  return Number.isInteger(value) ? signed(value) : shortSigned(value);
}
