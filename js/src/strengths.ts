// Several strengths of one row, or of a grid: sorted, each once.

/** As lists of strengths are kept. */
export const sortedOnce = (strengths: readonly number[]): number[] =>
  [...new Set(strengths)].sort((a, b) => a - b);

export const withStrength = (strengths: readonly number[], added: number): number[] =>
  sortedOnce([...strengths, added]);

export const withoutStrength = (strengths: readonly number[], gone: number): number[] =>
  strengths.filter((one) => one !== gone);

export const withReplaced = (strengths: readonly number[], gone: number, instead: number): number[] =>
  withStrength(withoutStrength(strengths, gone), instead);

/** The other sign; 0 has none. */
export const negated = (strength: number): number => (strength === 0 ? 0 : -strength);
