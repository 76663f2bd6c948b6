// A cell with all that is needed to read it away from its table.
import type { CellView, Edit, Prompt, RunView } from "./protocol.gen";
import { baselineOf, cellIndex, placeOf } from "./sifting";
import { isEnded } from "./states";

export interface CellContext {
  readonly run: string;
  readonly cell: CellView;
  readonly prompt: Prompt;
  /** Number of the prompt; null where there is one only. */
  readonly at: number | null;
  /** Number of the sample; null where there is one only. */
  readonly sample: number | null;
  readonly edits: readonly Edit[];
  /** The baseline's text for the same prompt and sample; null where there is none, or none yet, or this is it. */
  readonly baseline: string | null;
}

/** The ended text that a cell is compared with. */
export function baselineText(run: RunView, index: number): string | null {
  const { at, column, sample } = placeOf(run, index);
  const baseline = baselineOf(run);
  if (baseline < 0 || baseline === column) return null;
  const cell = run.cells[cellIndex(run, at, baseline, sample)];
  return cell !== undefined && isEnded(cell) ? cell.text : null;
}

export function contextOf(run: RunView, index: number): CellContext | null {
  const cell = run.cells[index];
  const { at, column, sample } = placeOf(run, index);
  const prompt = run.prompts[at];
  if (cell === undefined || prompt === undefined) return null;
  return {
    run: run.id,
    cell,
    prompt,
    at: run.prompts.length > 1 ? at : null,
    sample: run.samples > 1 ? sample : null,
    edits: run.steerings[column]?.edits ?? [],
    baseline: baselineText(run, index),
  };
}

/** The same cell as it is now, where its run is still shown. */
export function renewed(context: CellContext, run: RunView | null): CellContext {
  if (run === null || run.id !== context.run) return context;
  const { cell, baseline } = context;
  const isSame = run.cells[cell.index] === cell && baselineText(run, cell.index) === baseline;
  return isSame ? context : (contextOf(run, cell.index) ?? context);
}
