// How many columns a selection comes to; which they are, Python says (`steer_widget/layout.py`).
import { whole } from "./numbers";
import type { SelectedEdit, Selection } from "./protocol.gen";

const countOnce = (values: readonly number[]): number => new Set(values).size;

const strengthsOf = (row: SelectedEdit): number => countOnce([row.strength, ...row.more_strengths]);

function countOfRow(row: SelectedEdit, selection: Selection): number {
  switch (selection.layout) {
    case "grid":
      return countOnce(selection.grid_strengths);
    case "sweep":
      return selection.sweep_start === selection.sweep_stop ? 1 : selection.n_sweep_steps;
    default:
      return strengthsOf(row);
  }
}

const hasControl = (rows: readonly SelectedEdit[]): boolean =>
  rows.some(({ feature }) => feature.kind === "control");

/** Columns of the next run, the baseline included. */
export function countColumns(selection: Selection): number {
  const rows = selection.edits.filter((row) => !row.is_hidden);
  const baseline = selection.baseline ? 1 : 0;
  if (rows.length === 0) return baseline;
  if (selection.layout === "combined") {
    const n = rows.reduce((product, row) => product * countOfRow(row, selection), 1);
    return baseline + n * (selection.control && !hasControl(rows) ? 2 : 1);
  }
  const counts = rows.map(
    (row) => countOfRow(row, selection) * (selection.control && !hasControl([row]) ? 2 : 1),
  );
  return baseline + counts.reduce((sum, n) => sum + n, 0);
}

/** As `MAX_COLUMNS` of `steer_widget/layout.py`. */
const MAX_COLUMNS = 1_000;

/** Why no columns can be made of it; "" where they can. */
export function layoutProblem(selection: Selection): string {
  const hasRows = selection.edits.some((row) => !row.is_hidden);
  if (hasRows && selection.layout === "grid" && selection.grid_strengths.length === 0)
    return "Add a strength to the grid.";
  const nColumns = countColumns({ ...selection, baseline: false, control: false });
  return nColumns > MAX_COLUMNS
    ? `${whole(nColumns)} columns are too many; at most ${whole(MAX_COLUMNS)}.`
    : "";
}

/** "2 × 3 strengths = 6 combinations", where strengths of several rows multiply. */
export function combinationWords(selection: Selection): string {
  if (selection.layout !== "combined") return "";
  const counts = selection.edits
    .filter((row) => !row.is_hidden)
    .map(strengthsOf)
    .filter((n) => n > 1);
  if (counts.length < 2) return "";
  const n = counts.reduce((product, one) => product * one, 1);
  return `${counts.join(" × ")} strengths = ${whole(n)} combinations`;
}
