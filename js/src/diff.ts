// What one text has that another has not, word by word.
import { stepsBetween } from "./steps";

export interface DiffPart {
  readonly kind: "same" | "added" | "removed";
  readonly text: string;
}

export interface Diff {
  readonly parts: readonly DiffPart[];
  /** True where the texts differ too much to be compared by word: what lies between is one change. */
  readonly isCoarse: boolean;
}

/** Words put in and taken out, at most: the time of a comparison grows with its square. */
const MAX_CHANGES = 400;
/** Longer texts are not split into words, which would take longer than a frame. */
const MAX_CHARS = 40_000;

/** Scripts that put no spaces between words: each of their letters stands for itself. */
const LONE =
  "[\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Thai}\\p{Script=Lao}\\p{Script=Khmer}\\p{Script=Myanmar}]\\p{M}*";
const WORD = `(?:(?!${LONE})[\\p{L}\\p{M}\\p{N}_])+(?:['’]\\p{L}+)*`;
/** Any other character, with the marks and joined pictures that belong to it. */
const OTHER = "\\S(?:[\\p{M}\\u200d\\ufe0f\\p{Emoji_Modifier}]|(?<=\\u200d)\\S)*";
/** A word keeps the space before it, as models write them. */
const WORDS = new RegExp(`\\s*(?:${LONE}|${WORD}|${OTHER})|\\s+`, "gu");

const wordsOf = (text: string): string[] => text.match(WORDS) ?? [];

/** Spaces and line breaks make no difference: the same word has the same number. */
class Vocabulary {
  readonly #numbers = new Map<string, number>();

  number(words: readonly string[]): number[] {
    return words.map((word) => {
      const bare = word.trim();
      const known = this.#numbers.get(bare);
      if (known !== undefined) return known;
      this.#numbers.set(bare, this.#numbers.size);
      return this.#numbers.size - 1;
    });
  }
}

function commonStart(a: readonly number[], b: readonly number[]): number {
  let n = 0;
  while (n < a.length && n < b.length && a[n] === b[n]) n += 1;
  return n;
}

function commonEnd(a: readonly number[], b: readonly number[], start: number): number {
  const most = Math.min(a.length, b.length) - start;
  let n = 0;
  while (n < most && a[a.length - 1 - n] === b[b.length - 1 - n]) n += 1;
  return n;
}

/** As `wordDiff`, and whether it had to give up. */
export function compare(a: string, b: string): Diff {
  if (a === b) return { parts: joined([same(b)]), isCoarse: false };
  if (Math.max(a.length, b.length) > MAX_CHARS) return { parts: changed([a], [b]), isCoarse: true };
  const [removed, added] = [wordsOf(a), wordsOf(b)];
  const vocabulary = new Vocabulary();
  const [before, after] = [vocabulary.number(removed), vocabulary.number(added)];
  const start = commonStart(before, after);
  const end = commonEnd(before, after, start);
  const [stopBefore, stopAfter] = [before.length - end, after.length - end];
  const steps = stepsBetween(before.slice(start, stopBefore), after.slice(start, stopAfter), MAX_CHANGES);
  const parts: DiffPart[] = [same(added.slice(0, start).join(""))];
  let [inA, inB] = [start, start];
  for (const { kind, n } of steps ?? []) {
    const words = kind === "removed" ? removed.slice(inA, inA + n) : added.slice(inB, inB + n);
    parts.push({ kind, text: words.join("") });
    if (kind !== "added") inA += n;
    if (kind !== "removed") inB += n;
  }
  if (steps === null) parts.push(...changed(removed.slice(start, stopBefore), added.slice(start, stopAfter)));
  parts.push(same(added.slice(stopAfter).join("")));
  return { parts: joined(parts), isCoarse: steps === null };
}

const same = (text: string): DiffPart => ({ kind: "same", text });

const changed = (removed: readonly string[], added: readonly string[]): DiffPart[] =>
  joined([
    { kind: "removed", text: removed.join("") },
    { kind: "added", text: added.join("") },
  ]);

/** Parts that have text, neighbours of one kind together. */
function joined(parts: readonly DiffPart[]): DiffPart[] {
  const all: DiffPart[] = [];
  for (const next of parts) {
    if (next.text === "") continue;
    const last = all.at(-1);
    if (last?.kind === next.kind) all[all.length - 1] = { kind: next.kind, text: last.text + next.text };
    else all.push(next);
  }
  return all;
}

/**
 * What `b` has that `a` has not, and the other way round. Same and added parts together are `b`; same and removed
 * parts are `a`, but for spaces and line breaks, which make no difference. Where the texts are too long and too
 * different to be compared by word, all between their common start and end is one change.
 */
export function wordDiff(a: string, b: string): readonly DiffPart[] {
  return compare(a, b).parts;
}
