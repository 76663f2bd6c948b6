// Numbers as people type and read them.
import { invalidInput } from "./errors";
import type { ErrorInfo } from "./protocol.gen";

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

export interface NumberRule {
  /** Name of the field, as errors name it. */
  readonly field: string;
  readonly whole: boolean;
  readonly allowed: string;
}

/** Reads what was typed; ranges are Python's to check, so that there is one truth about them. */
export function parseNumber(text: string, rule: NumberRule): number | ErrorInfo {
  const plain = text.trim().replace("−", "-");
  const value = NUMBER.test(plain) ? Number(plain) : Number.NaN;
  const fits = rule.whole ? Number.isSafeInteger(value) : Number.isFinite(value);
  return fits ? value : invalidInput(rule.field, text, rule.allowed);
}

/** Keeps `digits` significant digits. */
export function rounded(value: number, digits: number): number {
  return value === 0 ? 0 : Number(value.toPrecision(digits));
}

export function plainNumber(value: number): string {
  return String(value).replace("-", "−");
}

export function signed(value: number): string {
  if (value === 0) return "0";
  return `${value > 0 ? "+" : "−"}${Math.abs(value)}`;
}

/** A whole number with its thousands apart. */
export const whole = (n: number): string => n.toLocaleString("en");

export function count(n: number, noun: string): string {
  return `${whole(n)} ${noun}${n === 1 ? "" : "s"}`;
}

export const FIGURE_SPACE = "\u2007";

/** The number in the room that its largest value takes, so that nothing beside it moves. */
export const padded = (n: number, largest: number): string =>
  whole(n).padStart(whole(largest).length, FIGURE_SPACE);

export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** A size in memory, in the unit that people compare. */
export const bytes = (n: number): string =>
  n >= 1e9 ? `${(n / 1e9).toFixed(1)} GB` : `${Math.round(n / 1e6)} MB`;

/** A measured number in a few characters: two decimals where it is small, none where it is large. */
export function short(value: number): string {
  const size = Math.abs(value);
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (size >= 100_000) return plainNumber(Number(value.toPrecision(2))).replace("e+", "e");
  if (size >= 99.95) return plainNumber(Math.round(value));
  if (size > 0 && size < 0.005) return plainNumber(rounded(value, 1));
  return value.toFixed(size >= 9.995 ? 1 : 2).replace("-", "−");
}

export const shortSigned = (value: number): string => (value > 0 ? `+${short(value)}` : short(value));

export const percent = (share: number): string => `${Math.round(100 * share)} %`;
