// Draws a text in pieces: one element for each token, marks for what changed. Text only ever as text nodes.
import type { Piece } from "./pieces";

/** What is said of a token, and how far it is coloured. */
export interface TokenFace {
  readonly label: string;
  /** null: not coloured. */
  readonly value: number | null;
}

function added(text: string): HTMLElement {
  const mark = document.createElement("ins");
  mark.className = "sw-added";
  mark.textContent = text;
  return mark;
}

/** Not part of the text: it cannot be selected, so that what is copied is the text. */
function removed(text: string): HTMLElement {
  const gap = document.createElement("span");
  gap.className = "sw-removed";
  const mark = document.createElement("del");
  mark.textContent = text.trim() === "" ? "⏎" : text.trim();
  gap.append(" ", mark, text.startsWith(" ") ? "" : " ");
  return gap;
}

function tokenSpan(at: number, { label, value }: TokenFace): HTMLElement {
  const span = document.createElement("span");
  span.className = "sw-text-token";
  span.dataset["token"] = String(at);
  span.tabIndex = at === 0 ? 0 : -1;
  span.setAttribute("role", "button");
  span.setAttribute("aria-label", label);
  if (value !== null) span.style.setProperty("--sw-v", String(value));
  return span;
}

/** Puts the pieces in the place of what the box holds. */
export function paint(
  box: HTMLElement,
  pieces: readonly Piece[],
  faceOf: (token: number) => TokenFace,
): void {
  const all = document.createDocumentFragment();
  let [span, of]: [HTMLElement | null, number | null] = [null, null];
  for (const { kind, text, token } of pieces) {
    if (kind === "removed") {
      all.append(removed(text));
      continue;
    }
    if (token !== null && token !== of) {
      span = tokenSpan(token, faceOf(token));
      of = token;
      all.append(span);
    }
    // What was removed in the middle of a token stands behind it.
    const into = token === null ? all : (span ?? all);
    into.append(kind === "added" ? added(text) : text);
  }
  box.replaceChildren(all);
}
