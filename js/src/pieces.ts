// A text in pieces that are drawn alike: cut where a token or a change begins.
import type { DiffPart } from "./diff";

export interface Piece {
  readonly kind: DiffPart["kind"];
  readonly text: string;
  /** Number of the token that it belongs to; null where tokens are not told apart, and of what was removed. */
  readonly token: number | null;
}

/** Space before a changed word is none of the change. */
function withoutSpace(part: DiffPart): DiffPart[] {
  const bare = part.text.trimStart();
  const space = part.text.slice(0, part.text.length - bare.length);
  return part.kind !== "added" || space === ""
    ? [part]
    : [
        { kind: "same", text: space },
        { ...part, text: bare },
      ];
}

/**
 * Pieces of a text whose differences are `parts` and whose tokens are `tokens`, in order. `tokens` and the same and
 * added parts spell the same text.
 */
export function piecesOf(
  parts: readonly DiffPart[],
  tokens: readonly string[] | null,
  withRemoved: boolean,
): Piece[] {
  const pieces: Piece[] = [];
  let [token, left] = [0, tokens?.[0]?.length ?? 0];
  for (const part of parts.flatMap(withoutSpace)) {
    if (part.kind === "removed") {
      if (withRemoved) pieces.push({ kind: "removed", text: part.text.replace(/\s+/g, " "), token: null });
      continue;
    }
    if (tokens === null) {
      if (part.text !== "") pieces.push({ ...part, token: null });
      continue;
    }
    for (let at = 0; at < part.text.length; ) {
      while (left === 0 && token < tokens.length - 1) {
        token += 1;
        left = tokens[token]?.length ?? 0;
      }
      const length = left === 0 ? part.text.length - at : Math.min(left, part.text.length - at);
      pieces.push({ kind: part.kind, text: part.text.slice(at, at + length), token });
      at += length;
      left = Math.max(0, left - length);
    }
  }
  return pieces;
}
