// How strong a push is against what is there: |edit| / |h|.
import { normOf, saeOf, sourceOf } from "./directions";
import { methodOf } from "./methods";
import type { Edit, SaeInfo, Steerable } from "./protocol.gen";
import { type Known, rawPerEdit, type Scale } from "./strength";

/** Half of all texts have collapsed at this dose: the bound of the flag `over_steered` (`benchmarks/collapse_dose.py`). */
export const COLLAPSE_DOSE = 0.57;
/** Doses that are named on a dial, where they have room. */
const DOSE_TICKS: readonly number[] = [0.1, 0.2, 0.5, 1, 2, 5, 10];
/** Between two named doses, and around zero: of the dial's -1 to 1. */
const TICK_ROOM = 0.2;

/** Whether this SAE stands where the direction acts, not just for want of another. */
function isWhereItActs(direction: Steerable, sae: SaeInfo): boolean {
  const source = sourceOf(direction);
  return source.kind === "feature"
    ? source.sae === "" || source.sae === sae.name
    : source.hook_name === "" || source.hook_name === sae.hook_name;
}

/**
 * Dose of strength 1: |edit| is known beforehand for `add` alone, and |h| where the SAE's usual one is.
 * Features count as directions of length 1, which most decoders have. `master`: the factor on all strengths.
 */
export function dosePerUnit(
  edit: Edit,
  saes: readonly SaeInfo[],
  known: Known | undefined,
  master = 1,
): number | null {
  const sae = saeOf(edit.feature, saes);
  if (methodOf(edit) !== "add" || sae === null || !(sae.residual_norm > 0)) return null;
  if (!isWhereItActs(edit.feature, sae)) return null;
  const norm = normOf(edit.feature);
  const raw = rawPerEdit(edit, sae, known);
  const dose = raw === null ? 0 : (raw * norm * Math.abs(master)) / sae.residual_norm;
  return dose > 0 ? dose : null;
}

export interface DoseScale {
  /** Doses and where they stand on the dial, from -1 to 1. */
  readonly ticks: readonly { readonly dose: number; readonly at: number }[];
  /** Where texts have mostly collapsed. */
  readonly zones: readonly { readonly from: number; readonly to: number }[];
}

/**
 * The doses that a dial reaches, the large ones first where there is no room for all. `bound`: the strength from which
 * texts have collapsed, where that was measured.
 */
export function doseScale(scale: Scale, perUnit: number, bound = COLLAPSE_DOSE / perUnit): DoseScale {
  const reaches = (strength: number) => strength >= scale.min && strength <= scale.max;
  const ticks: { dose: number; at: number }[] = [];
  let next = Number.POSITIVE_INFINITY;
  for (const dose of DOSE_TICKS.toReversed()) {
    const at = scale.toPosition(dose / perUnit);
    if (!reaches(dose / perUnit) || at < TICK_ROOM || next - at < TICK_ROOM) continue;
    ticks.push({ dose, at }, { dose, at: -at });
    next = at;
  }
  return {
    ticks,
    zones: [
      ...(reaches(-bound) ? [{ from: -1, to: scale.toPosition(-bound) }] : []),
      ...(reaches(bound) ? [{ from: scale.toPosition(bound), to: 1 }] : []),
    ],
  };
}

/** "0.41": two digits are what the usual |h| is good for. */
export const doseWords = (dose: number): string =>
  dose >= 10 ? String(Math.round(dose)) : dose >= 1 ? dose.toFixed(1) : dose.toFixed(2);
