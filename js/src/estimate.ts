// How long a run will take, from the speed that was last measured.
import type { Speed } from "./protocol.gen";
import { timeLeft } from "./steady";

/** Seconds that so many cells take; rows beyond the largest batch take turns. */
export function expectedS(speed: Speed, nCells: number, nTokens: number): number {
  const { first_s, step_s, row_s, max_rows } = speed;
  const batchS = (nRows: number) => first_s + nTokens * (step_s + nRows * row_s);
  if (max_rows === null || max_rows < 1 || nCells <= max_rows) return nCells === 0 ? 0 : batchS(nCells);
  const nFull = Math.floor(nCells / max_rows);
  const nRest = nCells % max_rows;
  return nFull * batchS(max_rows) + (nRest === 0 ? 0 : batchS(nRest));
}

/** "about 12 s"; "" where the speed is not known. */
export function expectedWords(speed: Speed | null, nCells: number, nTokens: number): string {
  if (speed === null || nCells === 0) return "";
  const seconds = expectedS(speed, nCells, nTokens);
  return seconds < 1 ? "under 1 s" : `about ${timeLeft(seconds)}`;
}
