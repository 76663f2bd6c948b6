// What d3-scale needs of d3-interpolate. `build.mjs` puts this in its place: scales here go between numbers alone, and
// the package brings 17 kB for colours, texts and dates.

type Between = (a: number, b: number) => (t: number) => number;

export const interpolateNumber: Between = (a, b) => (t) => a * (1 - t) + b * t;

export const interpolateRound: Between = (a, b) => (t) => Math.round(a * (1 - t) + b * t);

export const interpolate = interpolateNumber;

/** Through all values in turn, each stretch as long as the others. */
export function piecewise(between: Between, values: readonly number[]): (t: number) => number {
  const stretches = values.slice(1).map((value, i) => between(values[i] ?? value, value));
  return (t) => {
    const at = Math.max(0, Math.min(stretches.length - 1, Math.floor(t * stretches.length)));
    return stretches[at]?.(t * stretches.length - at) ?? Number.NaN;
  };
}
