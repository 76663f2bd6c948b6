// How strongly a heatmap's cell is coloured: 0 is the page's own ground, 1 the full colour.
import { endAbove, endsOf } from "./axes";
import type { Mean, SummaryInfo } from "./summary";

export interface Heat {
  /** Values at the ends of the legend, and in its middle where both sides have a colour. */
  readonly marks: readonly number[];
  /** 0 to 1; below the middle of two colours negative, to -1. */
  level(value: number): number;
}

/** For values as they are: one colour, from 0 (or from the least, in logarithms) up. */
function upwards(values: readonly number[], info: SummaryInfo): Heat {
  const ends: [number, number] =
    info.id === "similarity"
      ? [Math.min(0, ...values), 1]
      : endsOf([...values, info.axisReaches ?? 0], info.isLog === true);
  const scaled = info.isLog === true ? Math.log : (value: number) => value;
  const [low, high] = [scaled(ends[0]), scaled(ends[1])];
  return {
    marks: ends,
    level: (value) => Math.min(1, Math.max(0, (scaled(value) - low) / (high - low))),
  };
}

/** For values next to the baseline's: a colour for more, another for less. */
function bothWays(values: readonly number[], info: SummaryInfo): Heat {
  if (info.isLog === true) {
    const most = Math.max(...values.map((value) => Math.abs(Math.log(value))), Math.log(1.1));
    const factor = endAbove(Math.exp(most));
    return { marks: [1 / factor, 1, factor], level: (value) => Math.log(value) / Math.log(factor) };
  }
  const most = Math.max(...values.map(Math.abs), info.axisReaches ?? 0);
  const end = most > 0 ? endAbove(most) : 1;
  return { marks: [-end, 0, end], level: (value) => value / end };
}

export function heatOf(rows: readonly Mean[][], info: SummaryInfo, isRelative: boolean): Heat {
  const values = rows.flatMap((row) => row.flatMap(({ value }) => value ?? []));
  return isRelative ? bothWays(values, info) : upwards(values, info);
}
