// What a column does, in few words.
import { featureOf, labelOf } from "./directions";
import { dialOf, methodOf } from "./methods";
import { plainNumber, signed } from "./numbers";
import { positionsWords, scheduleWords } from "./positions";
import type { Edit, Feature } from "./protocol.gen";
import { UNITS } from "./strength";

/** Strength, unit and method: "+70", "clamp to 2 × max act", "scale × 0", "ablate". */
export function strengthWords(edit: Edit): string {
  const method = methodOf(edit);
  const unit =
    edit.unit === null || edit.unit === "raw" ? "" : ` ${UNITS.find((u) => u.value === edit.unit)?.name}`;
  if (dialOf(method) === "none") return method;
  if (dialOf(method) === "factor") return `${method} × ${plainNumber(edit.strength)}${unit}`;
  if (method === "clamp") return `clamp to ${plainNumber(edit.strength)}${unit}`;
  if (method === "cap") return `cap at ${plainNumber(edit.strength)}${unit}`;
  return `${signed(edit.strength)}${unit}${method === "add" ? "" : ` ${method}`}`;
}

export const SKIPS_SPECIAL = "not on special tokens";

/** Which tokens it acts on and from when; empty where it is all of them. */
export function whereWords(edit: Edit): string[] {
  return [
    positionsWords(edit.positions),
    scheduleWords(edit.schedule),
    edit.skip_special === true ? SKIPS_SPECIAL : "",
  ].filter(Boolean);
}

/** What a column is of, in one line: "war, in 'during the war' +70". */
export function columnName(
  edits: readonly Edit[],
  known: (feature: Feature | null) => string | undefined,
): string {
  const words = edits.map(
    (edit) => `${labelOf(edit.feature, known(featureOf(edit.feature))) || "no label"} ${strengthWords(edit)}`,
  );
  return words.join(" + ") || "the baseline";
}

/** What a text is of, in words; prompt and sample by number where there are several. */
export function cellName(
  edits: readonly Edit[],
  prompt: number | null,
  sample: number | null,
  known: (feature: Feature | null) => string | undefined,
): string {
  const place = [
    prompt === null ? "" : `, prompt ${prompt + 1}`,
    sample === null ? "" : `, sample ${sample + 1}`,
  ];
  return columnName(edits, known) + place.join("");
}
