// Axes of the charts: ends that move seldom while a run goes on, and ticks that a person would choose.
import { scaleLinear, scaleSymlog } from "d3-scale";

export interface Axis {
  /** Pixels of a value. */
  at(value: number): number;
  readonly ticks: readonly number[];
}

/** Of every power of ten: ends of an axis, so close that little of it stays empty. */
const ENDS = [1, 1.5, 2, 3, 4, 5, 6, 8, 10];
const LOG_TICKS = [1, 2, 5];
/** Measured numbers carry rounding of their own. */
const SLACK = 1e-9;

const powerOf = (value: number): number => 10 ** Math.floor(Math.log10(value) + SLACK);

/** Without the last bits of a product: 3 × 0.1 is 0.3. */
const exact = (value: number): number => Number(value.toPrecision(12));

/** The smallest end at or above a positive value. */
export function endAbove(value: number): number {
  const power = powerOf(value);
  return exact((ENDS.find((end) => end * power >= value * (1 - SLACK)) ?? 10) * power);
}

/** The largest end at or below a positive value. */
export function endBelow(value: number): number {
  const power = powerOf(value);
  return exact((ENDS.findLast((end) => end * power <= value * (1 + SLACK)) ?? 1) * power);
}

/** Both ends for the values; an even axis begins at 0 unless something lies below. */
export function endsOf(values: readonly number[], isLog: boolean): [number, number] {
  const fitting = values.filter((value) => Number.isFinite(value) && (!isLog || value > 0));
  if (fitting.length === 0) return isLog ? [1, 10] : [0, 1];
  const [low, high] = [Math.min(...fitting), Math.max(...fitting)];
  if (isLog) {
    const ends: [number, number] = [endBelow(low), endAbove(high)];
    return ends[0] === ends[1] ? [ends[0] / 2, ends[1] * 2] : ends;
  }
  const top = high > 0 ? endAbove(high) : low < 0 ? 0 : 1;
  return [low < 0 ? -endAbove(-low) : 0, top];
}

/** An axis of values from bottom to top. */
export function valueAxis(ends: readonly [number, number], pixels: [number, number], isLog: boolean): Axis {
  if (!isLog) {
    const scale = scaleLinear(ends, pixels);
    return { at: (value) => scale(value), ticks: scale.ticks(4) };
  }
  const scale = scaleLinear(ends.map(Math.log), pixels);
  return { at: (value) => scale(Math.log(value)), ticks: logTicks(ends) };
}

const MAX_LOG_TICKS = 6;

function logTicks([low, high]: readonly [number, number]): number[] {
  const powers: number[] = [];
  for (let power = powerOf(low); power <= high * (1 + SLACK); power *= 10) powers.push(power);
  const within = (value: number) => value >= low * (1 - SLACK) && value <= high * (1 + SLACK);
  const fine = powers.flatMap((power) => LOG_TICKS.map((step) => exact(step * power))).filter(within);
  if (fine.length < 3) return scaleLinear([low, high], [0, 1]).ticks(4);
  if (fine.length <= MAX_LOG_TICKS) return fine;
  const coarse = powers.filter(within);
  const every = Math.ceil(coarse.length / MAX_LOG_TICKS);
  return coarse.filter((_, i) => i % every === 0);
}

/** Ticks as numbers with the same decimals. */
export function tickWords(ticks: readonly number[]): string[] {
  const decimals = (tick: number) => String(Number(tick.toPrecision(6))).split(".")[1]?.length ?? 0;
  const most = Math.max(0, ...ticks.map(decimals));
  const isEven = ticks.every((tick) => Math.abs(tick) < 1e6);
  return ticks.map((tick) => (isEven ? tick.toFixed(most) : String(tick)).replace("-", "−"));
}

const TICK_PX = 44;
/** Up to so many strengths the axis shows those that were run, not round numbers between them. */
const MAX_OWN_TICKS = 12;

/** An axis of strengths; `symlog` as `symlogFrom` gives it. */
export function strengthAxis(
  strengths: readonly number[],
  pixels: [number, number],
  symlog: number | null,
): Axis {
  const ends: [number, number] = [Math.min(...strengths), Math.max(...strengths)];
  if (ends[0] === ends[1]) ends.splice(0, 2, ends[0] - 1, ends[1] + 1);
  const scale = symlog === null ? scaleLinear(ends, pixels) : scaleSymlog(ends, pixels).constant(symlog);
  const at = (strength: number) => scale(strength);
  const areFew = new Set(strengths).size <= MAX_OWN_TICKS;
  const ticks = symlog !== null || areFew ? apart(strengths, at) : scale.ticks((pixels[1] - pixels[0]) / 56);
  return { at, ticks };
}

/** Those strengths that have room for their numbers; the ends come first, then zero. */
function apart(strengths: readonly number[], at: (strength: number) => number): number[] {
  const sorted = [...new Set(strengths)].sort((a, b) => a - b);
  const first = [sorted[0], sorted.at(-1), 0].filter((one): one is number => sorted.includes(one as number));
  const chosen: number[] = [];
  for (const strength of [...first, ...sorted])
    if (chosen.every((other) => Math.abs(at(other) - at(strength)) >= TICK_PX)) chosen.push(strength);
  return chosen.sort((a, b) => a - b);
}
