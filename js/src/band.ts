// The band of strengths within which a direction steers and texts still hold together, in the unit of a dial.
import { saeOf } from "./directions";
import { methodOf } from "./methods";
import { plainNumber, rounded } from "./numbers";
import type { Band, Edit, SaeInfo } from "./protocol.gen";
import { type Known, rawPerEdit, type Scale } from "./strength";

/** Of what is measured, a band is good for so many digits. */
const N_DIGITS = 3;

/** The strengths of a band, without what was measured on the way. */
export type BandEnds = Omit<Band, "points">;

/** Calibration adds the direction: other methods have other strengths. */
export const isCalibrated = (edit: Edit): boolean => methodOf(edit) === "add";

/**
 * A row's band in strengths of its dial; null where it is not known, or its unit is not. `master`: the factor on all
 * strengths.
 */
export function bandIn(
  edit: Edit,
  saes: readonly SaeInfo[],
  known: Known | undefined,
  master = 1,
): BandEnds | null {
  const raw = rawPerEdit(edit, saeOf(edit.feature, saes), known);
  const band = known?.band;
  if (band == null || !isCalibrated(edit) || raw === null || master === 0) return null;
  const change = (strength: number | null) =>
    strength === null ? null : rounded(strength / (raw * Math.abs(master)), N_DIGITS);
  return { onset: change(band.onset), iso_kl: change(band.iso_kl), collapse: change(band.collapse) };
}

export interface Coherent {
  readonly from: number;
  readonly to: number;
}

/** From where it steers to where texts fall apart; what was not reached lies beyond the dial. Null where it never steers. */
export function coherent({ onset, iso_kl, collapse }: BandEnds, scale: Pick<Scale, "max">): Coherent | null {
  const from = onset ?? iso_kl;
  const to = Math.min(scale.max, collapse ?? Number.POSITIVE_INFINITY);
  return from === null || from >= to ? null : { from, to };
}

/** Where all of these hold together; null where one is not known, or they have no strength in common. */
export function commonBand(bands: readonly (BandEnds | null)[]): Coherent | null {
  const zones = bands.map((band) => band && coherent(band, { max: Number.POSITIVE_INFINITY }));
  if (zones.length === 0 || zones.includes(null)) return null;
  const from = Math.max(...zones.map((zone) => zone?.from ?? 0));
  const to = Math.min(...zones.map((zone) => zone?.to ?? 0));
  return from < to ? { from, to } : null;
}

/** Over the bands of all of these; null where none is known. */
export function bandOf(bands: readonly (Coherent | null)[]): Coherent | null {
  const zones = bands.filter((zone) => zone !== null);
  return zones.length === 0
    ? null
    : {
        from: Math.min(...zones.map(({ from }) => from)),
        to: Math.max(...zones.map(({ to }) => to)),
      };
}

/** "Steers from 24, iso-KL at 55, texts fall apart at 96." */
export function bandWords({ onset, iso_kl, collapse }: BandEnds): string {
  const words = [
    onset === null ? "No effect was reached" : `Steers from ${plainNumber(onset)}`,
    iso_kl === null ? "iso-KL was not reached" : `iso-KL at ${plainNumber(iso_kl)}`,
    collapse === null ? "texts held together throughout" : `texts fall apart at ${plainNumber(collapse)}`,
  ];
  return `${words.join(", ")}.`;
}

const N_GRID = 5;

/** Strengths from one end to the other, each as much larger than the one before. */
export const gridOver = ({ from, to }: Coherent): number[] =>
  Array.from({ length: N_GRID }, (_, i) => rounded(from * (to / from) ** (i / (N_GRID - 1)), 2));
