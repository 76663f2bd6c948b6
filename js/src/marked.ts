// A text with its marks: what differs from another text, and tokens coloured by a value each.

import { compare } from "./diff";
import { focusOn } from "./focus";
import { paint, type TokenFace } from "./paint";
import { piecesOf } from "./pieces";
import type { TokenMeasures } from "./protocol.gen";
import { valueWords } from "./token_words";
import type { ColourBy } from "./tokens";
import { spoken } from "./whitespace";

export interface Marks {
  /** The text it is compared with; null: with none. */
  readonly against: string | null;
  readonly withRemoved: boolean;
  /** Its tokens; null: not told apart. */
  readonly tokens: TokenMeasures | null;
  readonly by: ColourBy;
  /** A value for each token; null: not coloured. */
  readonly values: readonly number[] | null;
}

/** Draws a text with its marks in the place of what the box holds; a focused token stays focused. */
export function drawMarked(box: HTMLElement, text: string, marks: Marks): void {
  const { against, withRemoved, tokens, by, values } = marks;
  const spelt = tokens?.texts.join("") ?? text;
  // Tokens can go beyond the text, by one that ends it or by a stop text; what they spell otherwise is the truth.
  const whole = spelt.startsWith(text) ? text : spelt;
  const parts = against === null ? [{ kind: "same" as const, text: whole }] : compare(against, whole).parts;
  const faceOf = (at: number): TokenFace => {
    const value = values?.[at] ?? null;
    const token = tokens?.texts[at] ?? "";
    const said = token.trim() || spoken(token); // in a text, that words begin with a space goes without saying
    return { label: value === null ? said : `${said}, ${valueWords(by, value)}`, value };
  };
  const focused = box.querySelector<HTMLElement>(".sw-text-token:focus")?.dataset["token"];
  paint(box, piecesOf(parts, tokens?.texts ?? null, withRemoved), faceOf);
  if (focused !== undefined) focusOn(box.querySelector<HTMLElement>(`[data-token="${focused}"]`));
}

/** Marks the tokens that are asked about: "a3-5 b7-7", "a" for all of them. */
export function drawParts(box: HTMLElement, marks: string): void {
  const ranges = marks.split(" ").map((mark) => {
    const [from = 0, to = Number.POSITIVE_INFINITY] =
      mark.length > 1 ? mark.slice(1).split("-").map(Number) : [];
    return { side: mark[0], from, to };
  });
  for (const token of box.querySelectorAll<HTMLElement>("[data-token]")) {
    const at = Number(token.dataset["token"]);
    const side = ranges.find(({ from, to }) => at >= from && at <= to)?.side;
    if (side === undefined) delete token.dataset["part"];
    else token.dataset["part"] = side;
  }
}
