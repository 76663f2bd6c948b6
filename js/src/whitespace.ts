// Characters that are not seen, made visible: tokens differ by them.

export interface Piece {
  readonly text: string;
  /** Whether the text stands for something that is not seen. */
  readonly isMark: boolean;
}

const UNSEEN = /([\s\p{Cc}\p{Cf}])/u;

const MARKS: Readonly<Record<string, string>> = { " ": "·", "\n": "⏎", "\t": "⇥", "\r": "␍" };

const codeOf = (char: string): string =>
  `U+${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;

/** The text in pieces, each to be drawn as it is or as a mark. */
export function pieces(text: string): Piece[] {
  return text
    .split(UNSEEN)
    .filter((part) => part !== "")
    .map((part) =>
      UNSEEN.test(part) ? { text: MARKS[part] ?? codeOf(part), isMark: true } : { text: part, isMark: false },
    );
}

const NAMES: Readonly<Record<string, string>> = {
  " ": "space",
  "\n": "line break",
  "\t": "tab",
  "\r": "carriage return",
};

/** A token as it is said aloud: "space the". */
export const spoken = (text: string): string =>
  text === ""
    ? "nothing"
    : text
        .split(UNSEEN)
        .filter((part) => part !== "")
        .map((part) => (UNSEEN.test(part) ? (NAMES[part] ?? codeOf(part)) : part))
        .join(" ");
