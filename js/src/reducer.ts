// The shown run as a pure function of what the kernel sent.
import { NOTHING_LEFT } from "./defaults";
import type { Backlog, CellView, RunDelta, RunSnapshot, RunView } from "./protocol.gen";

export interface Shown {
  /** Number of the last message that went in. */
  readonly seq: number;
  readonly run: RunView | null;
  /** What all runs together have left. */
  readonly backlog: Backlog;
  /** How many texts, the last ones, are not there, as too many to be saved. */
  readonly nLeftOut?: number;
}

export type RunEvent = RunSnapshot | RunDelta;

/** applied: drawn from now on; ignored: already in, or older; gap: something is missing, ask for all. */
export type Outcome = "applied" | "ignored" | "gap";

export const NOTHING_SHOWN: Shown = { seq: -1, run: null, backlog: NOTHING_LEFT };

/** Cells that did not change stay the same objects, so that only changed ones are drawn again. */
function patchCells(cells: readonly CellView[], delta: RunDelta): CellView[] {
  const next = [...cells];
  for (const patch of delta.cells) {
    const cell = next[patch.index];
    if (cell === undefined) continue;
    next[patch.index] = patch.done ?? {
      ...cell,
      state: cell.state === "queued" ? "running" : cell.state,
      text: cell.text + patch.append,
      n_tokens: patch.n_tokens,
    };
  }
  return next;
}

function applyDelta(shown: Shown, delta: RunDelta): [Shown, Outcome] {
  if (delta.seq <= shown.seq) return [shown, "ignored"];
  const { run } = shown;
  if (run === null || run.id !== delta.run || delta.seq !== shown.seq + 1) return [shown, "gap"];
  const next: RunView = {
    ...run,
    state: delta.state,
    cells: delta.cells.length > 0 ? patchCells(run.cells, delta) : run.cells,
    progress: delta.progress,
    error: delta.error,
  };
  return [{ seq: delta.seq, run: next, backlog: delta.backlog }, "applied"];
}

function applySnapshot(shown: Shown, snapshot: RunSnapshot): [Shown, Outcome] {
  if (snapshot.seq < shown.seq) return [shown, "ignored"];
  const { seq, run, backlog } = snapshot;
  return [{ seq, run, backlog }, "applied"];
}

export function reduce(shown: Shown, event: RunEvent): [Shown, Outcome] {
  return event.type === "RunSnapshot" ? applySnapshot(shown, event) : applyDelta(shown, event);
}

/**
 * The run as the trait holds it, where it was saved: without the details of its errors, and without the backlog.
 * It is all there is where no kernel answers; where one does, it only tells that a message was lost.
 */
export function reduceSaved(shown: Shown, { seq, run, n_left_out: nLeftOut }: RunSnapshot): [Shown, Outcome] {
  if (seq <= shown.seq) return [shown, "ignored"];
  if (shown.seq >= 0) return [shown, "gap"];
  return [{ seq, run, backlog: NOTHING_LEFT, nLeftOut }, "applied"];
}
