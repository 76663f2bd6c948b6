// A chart of a sweep in pixels: everything that is drawn of one measure.
import { type Axis, endsOf, strengthAxis, valueAxis } from "./axes";
import { baselineMean, type Line, type Point, pointsOf, symlogFrom, type Zone } from "./curves";
import type { RunView } from "./protocol.gen";
import type { SummaryInfo } from "./summary";

export const HEIGHT_PX = 206;
export const MARGIN = { top: 12, right: 14, bottom: 38, left: 46 } as const;
/** Up to so many texts at a point each is drawn; of more, how far they spread. */
const MAX_DOTS = 12;

export interface Plot {
  readonly info: SummaryInfo;
  readonly widthPx: number;
  readonly x: Axis;
  readonly y: Axis;
  /** A line's points, in the order of `lines`. */
  readonly points: readonly (readonly Point[])[];
  /** The unsteered mean; null where there is none. */
  readonly baseline: number | null;
  /** What stands for the single texts: nothing where each point is one. */
  readonly spread: "none" | "dots" | "band";
}

/** What the texts of a run are drawn as. */
export function spreadOf(run: RunView, lines: readonly Line[]): Plot["spread"] {
  const most = Math.max(...lines.flatMap(({ stops }) => stops.map(({ columns }) => columns.length)));
  const n = most * run.prompts.length * run.samples;
  return n === 1 ? "none" : n <= MAX_DOTS ? "dots" : "band";
}

export function plotOf(run: RunView, lines: readonly Line[], info: SummaryInfo, widthPx: number): Plot {
  const isLog = info.isLog === true;
  const spread = spreadOf(run, lines);
  const points = lines.map((line) => pointsOf(run, line, info));
  const baseline = baselineMean(run, info).value;
  const values = points
    .flat()
    .flatMap(({ value, texts, low, high }) => [
      ...(spread === "dots" ? texts.map((text) => text.value) : [value]),
      ...(spread === "band" ? [low, high] : []),
    ])
    .concat(baseline, info.axisReaches ?? null)
    .filter((value) => value !== null);
  const strengths = lines.flatMap(({ stops }) => stops.map(({ strength }) => strength));
  const right = Math.max(MARGIN.left + 40, widthPx - MARGIN.right);
  return {
    info,
    widthPx,
    x: strengthAxis(strengths, [MARGIN.left + 8, right - 8], symlogFrom(strengths)),
    y: valueAxis(endsOf(values, isLog), [HEIGHT_PX - MARGIN.bottom, MARGIN.top], isLog),
    points,
    baseline,
    spread,
  };
}

/** Where a strength stands, or the end of the chart that it lies beyond. */
export function pixelAt(strength: number, { x, widthPx }: Plot): number {
  const right = widthPx - MARGIN.right;
  return Number.isFinite(strength) ? Math.min(right, Math.max(MARGIN.left, x.at(strength))) : right;
}

/** The zones of a chart from left to right, in pixels; only those that are there. */
export function zonePixels({ low, high }: Zone, plot: Plot): readonly (readonly [number, number])[] {
  const [left, right] = [MARGIN.left, plot.widthPx - MARGIN.right];
  const found: [number, number][] = [];
  if (low !== null) found.push([left, pixelAt(low, plot)]);
  if (high !== null) found.push([pixelAt(high, plot), right]);
  return found;
}
