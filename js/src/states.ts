// What the states of a run and of a cell mean for the page. The kernel alone moves them.
import type { CellState, CellView, RunState, RunView } from "./protocol.gen";

const IS_ACTIVE: Readonly<Record<RunState, boolean>> = {
  queued: true,
  loading: true,
  running: true,
  stopping: true,
  done: false,
  stopped: false,
  failed: false,
};

const CAN_BE_RETRIED: Readonly<Record<CellState, boolean>> = {
  queued: false,
  running: false,
  done: false,
  stopped: true,
  failed: true,
};

/** Whether it has not ended. */
export function isActive(run: RunView | null): run is RunView {
  return run !== null && IS_ACTIVE[run.state];
}

/** Whether it waits for its first token: for other runs, or for the model. */
export const isWaiting = (state: RunState): boolean => state === "queued" || state === "loading";

/** Whether the cell may run again, once its run has ended. */
export const isUnfinished = (cell: CellView): boolean => CAN_BE_RETRIED[cell.state];

/** Whether nothing more is written to it. */
export const isEnded = ({ state }: CellView): boolean => state !== "queued" && state !== "running";

/** How many cells of an ended run may run again. */
export const countUnfinished = (run: RunView | null): number =>
  run === null || IS_ACTIVE[run.state] ? 0 : run.cells.filter(isUnfinished).length;
