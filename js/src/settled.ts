// A run as far as its summary tells it: the same object until a text has ended or was measured.
import { useRef } from "preact/hooks";
import type { CellView, RunView } from "./protocol.gen";

const isSameCell = (a: CellView, b: CellView | undefined): boolean =>
  a === b || (a.state !== "done" && a.state === b?.state);

const isSame = (a: RunView, b: RunView): boolean =>
  a.id === b.id &&
  a.cells.length === b.cells.length &&
  a.cells.every((cell, i) => isSameCell(cell, b.cells[i]));

/** Texts grow many times a second; what is summed up changes with the end of a cell. */
export function useSettled(run: RunView): RunView {
  const last = useRef(run);
  if (!isSame(last.current, run)) last.current = run;
  return last.current;
}
