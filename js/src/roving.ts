// Arrow keys in a grid of which one place is a stop of the tab key.

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
