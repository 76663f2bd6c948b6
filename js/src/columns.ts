// What columns, lines and prompts are called where there is little room.

import type { Line } from "./curves";
import { featureOf, labelOf } from "./directions";
import { dialOf, methodOf } from "./methods";
import type { Edit, Feature, Steering } from "./protocol.gen";
import { columnName, strengthWords, whereWords } from "./steering";

export type Known = (feature: Feature | null) => string | undefined;

export interface ColumnWords {
  /** Labels of its directions; "Baseline" for none. */
  readonly label: string;
  /** Their strengths; "" for the baseline. */
  readonly strength: string;
  /** All of it in one line. */
  readonly whole: string;
}

const labelWords = (edit: Edit, known: Known): string =>
  labelOf(edit.feature, known(featureOf(edit.feature))) || "no label";

export function columnWords({ edits, preserve_norm }: Steering, known: Known): ColumnWords {
  if (edits.length === 0) return { label: "Baseline", strength: "", whole: "the baseline" };
  const kept = preserve_norm === true ? ", norm kept" : "";
  return {
    label: edits.map((edit) => labelWords(edit, known)).join(" + "),
    strength: edits.map(strengthWords).join(" "),
    whole: columnName(edits, known) + kept,
  };
}

/** What a line is of, without its strengths. */
export function lineName({ edit, keepsNorm }: Line, known: Known): string {
  const method = methodOf(edit);
  const special = [
    ...(method === "add" ? [] : [method]),
    ...whereWords(edit),
    ...(keepsNorm ? ["norm kept"] : []),
  ];
  return labelWords(edit, known) + (special.length > 0 ? ` (${special.join(", ")})` : "");
}

/** What the strengths of a chart are counted in. */
export function strengthUnit(unit: string | null): string {
  if (unit === null) return "strength, each line in its own unit";
  if (unit === "factor") return "factor";
  if (unit === "auto") return "strength, × iso-KL";
  if (unit === "max_act") return "strength, × maximum activation";
  return unit === "norm" ? "strength, × residual norm" : "strength, raw";
}

/** A line's strength as its column says it. */
export const stopWords = ({ edit }: Line, strength: number): string =>
  dialOf(methodOf(edit)) === "none" ? "" : strengthWords({ ...edit, strength });
