// Arrow keys among things of which one is a stop of the tab key.

export const UP_DOWN = ["ArrowUp", "ArrowDown"] as const;
export const LEFT_RIGHT = ["ArrowLeft", "ArrowRight"] as const;

/** Where a key leads from `at` in a list of `n`, with the keys for back and on; null for keys that lead nowhere. */
export function along(
  at: number,
  n: number,
  key: string,
  [back, on]: readonly [string, string],
  isRound = false,
): number | null {
  const step = { [back]: -1, [on]: 1, Home: -at, End: n - 1 - at }[key];
  if (step === undefined) return null;
  return isRound ? (at + step + n) % n : Math.max(0, Math.min(n - 1, at + step));
}

/** Where a key leads from `at` in a grid of `size` rows and columns; null for keys that lead nowhere. */
export function moved(
  [row, column]: readonly [number, number],
  [nRows, nColumns]: readonly [number, number],
  key: string,
): readonly [number, number] | null {
  const within = (value: number, n: number) => Math.max(0, Math.min(n - 1, value));
  switch (key) {
    case "ArrowUp":
      return [within(row - 1, nRows), column];
    case "ArrowDown":
      return [within(row + 1, nRows), column];
    case "ArrowLeft":
      return [row, within(column - 1, nColumns)];
    case "ArrowRight":
      return [row, within(column + 1, nColumns)];
    case "Home":
      return [row, 0];
    case "End":
      return [row, nColumns - 1];
    default:
      return null;
  }
}
