// Errors as the page makes and places them; their texts follow steer_widget/errors.py.
import { DEFAULT_GENERATION } from "./defaults";
import { featureOf } from "./directions";
import type { ErrorInfo, Prompt, Selection } from "./protocol.gen";
import { rowKeys } from "./rows";

/** What a request fails with: the kernel's error, or one of the page's own about the way there. */
export class RequestError extends Error {
  constructor(readonly info: ErrorInfo) {
    super(info.message);
    this.name = "RequestError";
  }
}

export function errorInfo(kind: string, message: string, details = ""): ErrorInfo {
  return { kind, message, details, field: "", value: "", allowed: "" };
}

export function invalidInput(field: string, value: string, allowed: string): ErrorInfo {
  const message = `${field}: got '${value}'; allowed: ${allowed}.`;
  return { kind: "InvalidInput", message, details: "", field, value: `'${value}'`, allowed };
}

/** Whatever was thrown, as an ErrorInfo with its stack in the details. */
export function describe(thrown: unknown): ErrorInfo {
  if (thrown instanceof RequestError) return thrown.info;
  if (thrown instanceof Error)
    return errorInfo("PageError", `The page failed: ${thrown.message}. Reload the page.`, thrown.stack ?? "");
  return errorInfo("PageError", `The page failed: ${String(thrown)}. Reload the page.`);
}

/** Fields of an error that belong to one row of the selected features. */
const ROW_FIELDS = ["strength", "unit", "method", "positions"] as const;
/** Fields of an error that belong to the layout of the run. */
export const LAYOUT_FIELDS: readonly string[] = [
  "samples",
  "grid_strengths",
  "sweep_start",
  "sweep_stop",
  "n_sweep_steps",
  "master",
];

const sameValue = (info: ErrorInfo, value: unknown): boolean =>
  info.value === String(value) || info.value === `'${String(value)}'` || Number(info.value) === value;

function placeInRow(info: ErrorInfo, selection: Selection): string {
  const keys = rowKeys(selection.edits);
  const field = info.field === "feature" ? "feature" : ROW_FIELDS.find((name) => name === info.field);
  if (field === undefined) return "";
  const row = selection.edits.findIndex((edit) =>
    sameValue(info, field === "feature" ? featureOf(edit.feature)?.index : edit[field]),
  );
  if (row >= 0) return `${field}/${keys[row]}`;
  if (field === "feature") return "search";
  return keys.length > 0 ? `${field}/${keys[0]}` : "";
}

function placeInPrompt(info: ErrorInfo, prompts: readonly Prompt[]): string {
  const start = info.value.replace(/^['"]/, "").replace(/(…|['"])$/, "");
  const at = prompts.findIndex((prompt) => {
    if (typeof prompt !== "string") return false;
    return start === "" ? prompt.trim() === "" : prompt.startsWith(start);
  });
  return `prompt/${Math.max(at, 0)}`;
}

/** The field of the page that an error belongs to; "" means the general box. */
export function place(info: ErrorInfo, selection: Selection, prompts: readonly Prompt[]): string {
  if (info.field === "") return "";
  if (info.field === "prompt" || info.field === "prompts" || info.field === "message content")
    return placeInPrompt(info, prompts);
  if (LAYOUT_FIELDS.includes(info.field)) return info.field;
  if (info.field in DEFAULT_GENERATION) return `generation/${info.field}`;
  return placeInRow(info, selection);
}
