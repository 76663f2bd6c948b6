// Which way a text that is typed runs.

const FIRST_LETTER = /\p{L}/u;
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/;
const MAX_SEARCHED_CHARS = 1_000;

/** A longer text is not looked through by the browser at each key, which takes seconds for a megabyte. */
export const MAX_MEASURED_CHARS = 20_000;

/** What `dir` is to be: the browser's own finding, or of a long text the way of its first letter. */
export function directionOfText(text: string): "auto" | "rtl" | "ltr" {
  if (text.length <= MAX_MEASURED_CHARS) return "auto";
  const [letter = ""] = FIRST_LETTER.exec(text.slice(0, MAX_SEARCHED_CHARS)) ?? [];
  return RIGHT_TO_LEFT.test(letter) ? "rtl" : "ltr";
}
