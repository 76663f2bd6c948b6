// The rows of the selection that the next run takes, as plain edits.
import { dialOf, methodOf } from "./methods";
import type { Edit, SelectedEdit, Selection } from "./protocol.gen";
import { rowKeys } from "./rows";
import { FACTOR_SCALE } from "./strength";

export interface VisibleRow {
  /** Names the row, as in `rowKeys`. */
  readonly key: string;
  readonly edit: Edit;
}

const plain = ({ more_strengths: _more, is_hidden: _hidden, ...edit }: SelectedEdit): Edit => edit;

export function visibleRows({ edits }: Selection): VisibleRow[] {
  const keys = rowKeys(edits);
  return edits.flatMap((row, i) => (row.is_hidden ? [] : [{ key: keys[i] ?? "", edit: plain(row) }]));
}

const N_DIGITS = 6;

/** The edit as the master dial leaves it (as `steer_widget/layout.py` has it): only what changes something grows. */
export function scaled(edit: Edit, master: number): Edit {
  const dial = dialOf(methodOf(edit));
  if (master === 1 || dial === "none") return edit;
  const rest = dial === "factor" ? FACTOR_SCALE.rest : 0;
  const strength = Number((rest + (edit.strength - rest) * master).toPrecision(N_DIGITS));
  return { ...edit, strength };
}
