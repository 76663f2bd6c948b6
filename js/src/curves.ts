// A sweep as lines: one direction at several strengths. The same rules as in `steer_widget/summary.py`.
import { dialOf, methodOf } from "./methods";
import type { CellView, Edit, RunView, Steering, Unit } from "./protocol.gen";
import { baselineOf } from "./sifting";
import { cellsUnder, type Mean, meanOf, NO_MEAN, readValue, type SummaryInfo } from "./summary";

/** From how many strengths on a line is worth drawing. */
const MIN_STRENGTHS = 3;

/** Columns that differ in the strength alone. */
export interface Line {
  /** What the columns do, at the first one's strength. */
  readonly edit: Edit;
  readonly keepsNorm: boolean;
  /** Ascending. */
  readonly stops: readonly Stop[];
}

/** One strength of a line, and the columns that have it. */
export interface Stop {
  readonly strength: number;
  readonly columns: readonly number[];
}

/** Lines in the order of their first columns; columns of several edits, or without a strength, are on none. */
export function linesOf(steerings: readonly Steering[]): Line[] {
  const lines = new Map<string, { edit: Edit; keepsNorm: boolean; columns: Map<number, number[]> }>();
  for (const [column, { edits, preserve_norm }] of steerings.entries()) {
    const [edit] = edits;
    if (edit === undefined || edits.length > 1 || dialOf(methodOf(edit)) === "none") continue;
    const key = JSON.stringify([{ ...edit, strength: 0 }, preserve_norm === true]);
    const line = lines.get(key) ?? { edit, keepsNorm: preserve_norm === true, columns: new Map() };
    line.columns.set(edit.strength, [...(line.columns.get(edit.strength) ?? []), column]);
    lines.set(key, line);
  }
  return [...lines.values()].map(({ edit, keepsNorm, columns }) => ({
    edit,
    keepsNorm,
    stops: [...columns]
      .map(([strength, at]) => ({ strength, columns: at }))
      .sort((a, b) => a.strength - b.strength),
  }));
}

export type SummaryKind = "curves" | "heatmap" | "table";

/** The pictures that fit the run, the best first; a table always does. */
export function kindsOf(run: Pick<RunView, "steerings" | "prompts">): SummaryKind[] {
  const isSweep = linesOf(run.steerings).some(({ stops }) => stops.length >= MIN_STRENGTHS);
  const isBatch = run.prompts.length > 1 && run.steerings.length > 1;
  return [...(isSweep ? (["curves"] as const) : []), ...(isBatch ? (["heatmap"] as const) : []), "table"];
}

/** What a line is at one strength: the mean over all its texts, and how far they spread. */
export interface Point extends Mean {
  readonly strength: number;
  /** Value and cell of each text that has one. */
  readonly texts: readonly { readonly value: number; readonly cell: number }[];
  /** 10th and 90th percentile over the texts (linear between neighbours); null where there are none. */
  readonly low: number | null;
  readonly high: number | null;
  /** A cell to go to: the first that has a value, else the first. */
  readonly cell: number;
}

export function pointsOf(run: RunView, line: Line, info: SummaryInfo): Point[] {
  return line.stops.map(({ strength, columns }) => {
    const cells = cellsUnder(run, columns);
    const texts = cells.flatMap((cell) => {
      const value = readValue(info, run.cells[cell]);
      return value === null ? [] : [{ value, cell }];
    });
    const values = texts.map(({ value }) => value);
    return {
      strength,
      ...meanOf(info, values),
      texts,
      low: quantile(values, 0.1),
      high: quantile(values, 0.9),
      cell: texts[0]?.cell ?? cells[0] ?? 0,
    };
  });
}

/** Linear between neighbours (Hyndman & Fan 1996, type 7). */
export function quantile(values: readonly number[], share: number): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const below = sorted[Math.floor(at)];
  const above = sorted[Math.ceil(at)];
  if (below === undefined || above === undefined) return null;
  return below + (above - below) * (at - Math.floor(at));
}

/** The baseline's mean over all prompts and samples. */
export function baselineMean(run: RunView, info: SummaryInfo): Mean {
  const column = baselineOf(run);
  if (column < 0) return NO_MEAN;
  const values = cellsUnder(run, [column]).flatMap((cell) => readValue(info, run.cells[cell]) ?? []);
  return meanOf(info, values);
}

/** Strengths below `low` and above `high` are too much; null where that side has no such end. */
export interface Zone {
  readonly low: number | null;
  readonly high: number | null;
}

const isOverSteered = (cell: CellView): boolean => cell.measures.flags.includes("over_steered");

/**
 * Where at least half of the texts are flagged as over-steered: from either end inwards, up to the middle between the
 * last such strength and the next. Strengths without a text are passed over.
 */
export function overSteered(run: RunView, lines: readonly Line[]): Zone {
  const byStrength = new Map<number, number[]>();
  for (const { stops } of lines)
    for (const { strength, columns } of stops)
      byStrength.set(strength, [...(byStrength.get(strength) ?? []), ...columns]);
  const known = [...byStrength]
    .sort(([a], [b]) => a - b)
    .flatMap(([strength, columns]) => {
      const done = cellsUnder(run, columns).flatMap((cell) => {
        const found = run.cells[cell];
        return found?.state === "done" ? [found] : [];
      });
      const tooMuch = 2 * done.filter(isOverSteered).length >= done.length;
      return done.length === 0 ? [] : [{ strength, tooMuch }];
    });
  const fromBelow = known.findIndex(({ tooMuch }) => !tooMuch);
  const fromAbove = known.findLastIndex(({ tooMuch }) => !tooMuch);
  const [first] = known;
  // All of it: no strength is outside, and the zone has no inner end.
  if (fromBelow < 0) return { low: first === undefined ? null : Number.POSITIVE_INFINITY, high: null };
  const between = (a: number, b: number) => ((known[a]?.strength ?? 0) + (known[b]?.strength ?? 0)) / 2;
  return {
    low: fromBelow > 0 ? between(fromBelow - 1, fromBelow) : null,
    high: fromAbove < known.length - 1 ? between(fromAbove, fromAbove + 1) : null,
  };
}

/** What the strengths are counted in; null where the lines differ in that. */
export function unitOf(lines: readonly Line[]): Unit | "factor" | null {
  const units = new Set(
    lines.map(({ edit }) => (dialOf(methodOf(edit)) === "factor" ? "factor" : (edit.unit ?? "raw"))),
  );
  const [unit] = units;
  return units.size === 1 && unit !== undefined ? unit : null;
}

const SYMLOG_RATIO = 8;

/** For a symmetric-logarithmic axis: where it stops being linear; null where the strengths are evenly spaced enough. */
export function symlogFrom(strengths: readonly number[]): number | null {
  const sorted = [...new Set(strengths)].sort((a, b) => a - b);
  const gaps = sorted.slice(1).map((strength, i) => strength - (sorted[i] ?? 0));
  const sizes = sorted.map(Math.abs).filter((size) => size > 0);
  const isUneven = gaps.length > 1 && Math.max(...gaps) > SYMLOG_RATIO * Math.min(...gaps);
  return isUneven ? Math.min(...sizes) : null;
}
