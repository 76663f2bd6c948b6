// Strengths that a grid or a sweep begins with, from the first row that is not hidden.
import { bandIn, bandOf, type Coherent, coherent } from "./band";
import { normOf, saeOf } from "./directions";
import { dialOf, methodOf } from "./methods";
import { rounded } from "./numbers";
import type { SaeInfo, Selection, Steerable } from "./protocol.gen";
import { dialRange, type Known, startInUnit } from "./strength";
import { sortedOnce } from "./strengths";

/** Of the strength that a newly chosen direction starts with. */
const GRID_SHARES = [0.25, 0.5, 1, 1.5];
const SWEEP_SHARE = 1.5;
const GRID_FACTORS = [0, 0.5, 2, 3];
const SWEEP_FACTORS = { sweep_start: 0, sweep_stop: 3, n_sweep_steps: 7 };
const N_SWEEP_STEPS = 9;

type Knowing = (direction: Steerable) => Known | undefined;

/** Start and range of the first row's dial; null where it is dialled as a factor. */
function pushOf(selection: Selection, saes: readonly SaeInfo[], known: Knowing) {
  const row = selection.edits.find((edit) => !edit.is_hidden && dialOf(methodOf(edit)) !== "none");
  if (row === undefined)
    return { start: startInUnit(ANY, "raw", saes[0] ?? null, undefined), range: Infinity };
  if (dialOf(methodOf(row)) === "factor") return null;
  const unit = row.unit ?? "raw";
  const sae = saeOf(row.feature, saes);
  const start = startInUnit(row.feature, unit, sae, known(row.feature));
  return { start, range: dialRange(unit, sae) };
}

const ANY = { kind: "feature", index: 0, label: "", sae: "" } as const;

/** Strengths for a grid. */
export function gridProposal(selection: Selection, saes: readonly SaeInfo[], known: Knowing): number[] {
  const push = pushOf(selection, saes, known);
  if (push === null) return GRID_FACTORS;
  return sortedOnce(GRID_SHARES.map((share) => Math.min(push.range, rounded(push.start * share, 1))));
}

/** From, to and steps of a sweep; both signs, so that 0 is in the middle. */
export function sweepProposal(
  selection: Selection,
  saes: readonly SaeInfo[],
  known: Knowing,
): Pick<Selection, "sweep_start" | "sweep_stop" | "n_sweep_steps"> {
  const push = pushOf(selection, saes, known);
  if (push === null) return SWEEP_FACTORS;
  const end = Math.min(push.range, rounded(push.start * SWEEP_SHARE, 1));
  return { sweep_start: -end, sweep_stop: end, n_sweep_steps: N_SWEEP_STEPS };
}

/** Over the bands of all rows, each in its own unit; null where none is known. */
export function bandProposal(
  selection: Selection,
  saes: readonly SaeInfo[],
  known: Knowing,
): Coherent | null {
  return bandOf(
    selection.edits
      .filter((edit) => !edit.is_hidden)
      .map((edit) => {
        const band = bandIn(edit, saes, known(edit.feature), selection.master);
        const range = dialRange(edit.unit ?? "raw", saeOf(edit.feature, saes), normOf(edit.feature));
        return band && coherent(band, { max: range });
      }),
  );
}
