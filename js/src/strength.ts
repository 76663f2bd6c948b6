// The scales of strength dials: signed and symmetric-logarithmic for pushes, even for factors.
import { normOf } from "./directions";
import { rounded } from "./numbers";
import type { Edit, FeatureCard, SaeInfo, SelectedEdit, Steerable, Unit } from "./protocol.gen";
import { niceTop } from "./scales";
import { sortedOnce } from "./strengths";

/** What a direction's units may stand on. */
export type Known = Pick<FeatureCard, "max_act" | "band">;

export const UNITS: readonly { value: Unit; name: string; hint: string }[] = [
  { value: "raw", name: "raw", hint: "The coefficient itself: strength × the feature's unit direction." },
  { value: "max_act", name: "× max act", hint: "Multiples of the feature's maximum activation." },
  { value: "norm", name: "× norm", hint: "Fractions of the usual length of the hidden state at the hook." },
  {
    value: "auto",
    name: "× iso-KL",
    hint: "Multiples of the direction's own strength at which the 95th percentile of KL is 1 nat; calibrating finds it.",
  },
];

const FALLBACK_RAW_RANGE = 200;
/** Share of the range around zero in which the dial is nearly linear. */
const LINEAR_SHARE = 0.05;
/** One press of an arrow key, of the dial's -1 to 1. */
export const DIAL_STEP = 0.01;
/** Of the residual norm: where effects are usually seen and texts still hold together. */
const START_SHARE = 0.4;

/** What a dial shows of the strengths there are. Positions go from -1 to 1. */
export interface Scale {
  readonly min: number;
  readonly max: number;
  /** The strength that changes nothing. */
  readonly rest: number;
  /** Of the positions: one press of an arrow key. */
  readonly step: number;
  toPosition(strength: number): number;
  fromPosition(position: number): number;
}

/** How far the dial reaches to each side; the number box takes any finite number. */
export function dialRange(unit: Unit, sae: SaeInfo | null, norm = 1): number {
  if (unit === "max_act") return 8;
  if (unit === "norm") return 2;
  if (unit === "auto") return 4;
  const known = sae !== null && sae.residual_norm > 0 ? sae.residual_norm : FALLBACK_RAW_RANGE;
  return niceTop(known / norm);
}

/** Where a newly chosen direction of this length starts, raw. */
export function startStrength(sae: SaeInfo | null, norm = 1): number {
  const known = sae !== null && sae.residual_norm > 0 ? sae.residual_norm : FALLBACK_RAW_RANGE / 2;
  return rounded((START_SHARE * known) / norm, 1);
}

/** Position of a strength on the dial, -1 to 1; beyond the range it stays at the end. */
export function toPosition(strength: number, range: number): number {
  const linear = range * LINEAR_SHARE;
  const position = Math.log1p(Math.abs(strength) / linear) / Math.log1p(range / linear);
  return Math.sign(strength) * Math.min(1, position);
}

/** Strength at a position, rounded to what one step of the dial can tell apart, so that each step moves. */
export function fromPosition(position: number, range: number): number {
  const linear = range * LINEAR_SHARE;
  const stretch = Math.log1p(range / linear);
  const size = linear * Math.expm1(Math.abs(position) * stretch);
  const perStep = (size + linear) * stretch * DIAL_STEP;
  const digits = Math.ceil(-Math.log10(perStep * 0.8));
  const quantum = 10 ** -digits;
  const nice = Number((Math.round(size / quantum) * quantum).toFixed(Math.max(0, digits)));
  return position === 0 ? 0 : Math.sign(position) * Math.min(range, nice);
}

/** Fine near zero, far at the ends. */
export const pushScale = (range: number): Scale => ({
  min: -range,
  max: range,
  rest: 0,
  step: DIAL_STEP,
  toPosition: (strength) => toPosition(strength, range),
  fromPosition: (position) => fromPosition(position, range),
});

const MASTER_MAX = 2;
const MASTER_QUANTUM = 0.02;

/** For the factor on all strengths: 1 leaves them, 0 takes them away. */
export const MASTER_SCALE: Scale = {
  min: 0,
  max: MASTER_MAX,
  rest: 1,
  step: MASTER_QUANTUM,
  toPosition: (factor) => Math.max(-1, Math.min(1, factor - 1)),
  fromPosition: (position) => Number((1 + position).toFixed(2)),
};

const FACTOR_MIN = -2;
const FACTOR_MAX = 5;
const FACTOR_QUANTUM = 0.05;
const FACTOR_HALF = (FACTOR_MAX - FACTOR_MIN) / 2;
const FACTOR_MIDDLE = (FACTOR_MAX + FACTOR_MIN) / 2;

/** For multiples of what is there: 1 leaves it. */
export const FACTOR_SCALE: Scale = {
  min: FACTOR_MIN,
  max: FACTOR_MAX,
  rest: 1,
  step: FACTOR_QUANTUM / FACTOR_HALF,
  toPosition: (factor) => Math.max(-1, Math.min(1, (factor - FACTOR_MIDDLE) / FACTOR_HALF)),
  fromPosition: (position) => {
    const factor = FACTOR_MIDDLE + position * FACTOR_HALF;
    return Number((Math.round(factor / FACTOR_QUANTUM) * FACTOR_QUANTUM).toFixed(2));
  },
};

/** Raw strength of one `unit`; null where it is not known. */
export function rawPerUnit(
  unit: Unit,
  sae: SaeInfo | null,
  known: Known | undefined,
  norm: number,
): number | null {
  if (unit === "raw") return 1;
  const value =
    unit === "norm"
      ? (sae?.residual_norm ?? 0) / norm
      : unit === "auto"
        ? known?.band?.iso_kl
        : known?.max_act;
  return value !== undefined && value !== null && value > 0 ? value : null;
}

/** The same, of an edit's own unit. */
export const rawPerEdit = (
  { feature, unit }: Pick<Edit, "feature" | "unit">,
  sae: SaeInfo | null,
  known: Known | undefined,
): number | null => rawPerUnit(unit ?? "raw", sae, known, normOf(feature));

/**
 * The same edit in another unit: the same pushes where both units are known. Where the iso-KL strength is to be found
 * yet, it is that strength; else the numbers stay as they are.
 */
export function inUnit(
  edit: SelectedEdit,
  unit: Unit,
  sae: SaeInfo | null,
  known: Known | undefined,
): SelectedEdit {
  const from = rawPerEdit(edit, sae, known);
  const to = rawPerEdit({ ...edit, unit }, sae, known);
  const isToBeFound = unit === "auto" && to === null;
  const factor = isToBeFound
    ? 1 / Math.abs(edit.strength || 1)
    : from !== null && to !== null
      ? from / to
      : null;
  const change = (strength: number) => (factor === null ? strength : rounded(strength * factor, 3));
  return {
    ...edit,
    unit,
    strength: change(edit.strength),
    more_strengths: sortedOnce(edit.more_strengths.map(change)),
  };
}

/** Where a direction starts in this unit. */
export function startInUnit(
  feature: Steerable,
  unit: Unit,
  sae: SaeInfo | null,
  known: Known | undefined,
): number {
  if (unit === "norm") return START_SHARE;
  if (unit === "auto") return 1;
  const norm = normOf(feature);
  const raw = rawPerUnit(unit, sae, known, norm);
  // Of a maximum that nobody measured, once is what is usual.
  return raw === null
    ? 1
    : unit === "raw"
      ? startStrength(sae, norm)
      : rounded(startStrength(sae, norm) / raw, 2);
}
