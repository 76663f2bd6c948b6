// Ends of scales.

/** The value below which this share of the values lies; 0 of none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}

const STEPS = [1, 2, 5, 10];

/** The next 1, 2 or 5 × 10ⁿ from a value on, which reads well at the end of a scale; 0 of nothing. */
export function niceTop(value: number): number {
  if (!(value > 0)) return 0;
  const size = 10 ** Math.floor(Math.log10(value));
  const step = STEPS.find((one) => one * size >= value * 0.999) ?? 10;
  return Number((step * size).toPrecision(1));
}
