// Stands in for d3-interpolate in the bundle: the scales here map numbers to numbers, and what d3-scale
// brings along to mix colours, dates and texts would be a fifteenth of the page.

export const interpolateNumber =
  (a: number, b: number) =>
  (t: number): number =>
    a * (1 - t) + b * t;

export const interpolate = interpolateNumber;

export const interpolateRound = (a: number, b: number) => {
  const between = interpolateNumber(a, b);
  return (t: number): number => Math.round(between(t));
};

/** Only d3-scale's diverging scales ask for it, which nothing here uses. */
export function piecewise(): never {
  throw new Error("the page's stand-in for d3-interpolate has no piecewise");
}
