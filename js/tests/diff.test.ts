import { describe, expect, it } from "vitest";
import { compare, wordDiff } from "../src/diff";
import { random } from "./random";

const kept = (a: string, b: string, without: "added" | "removed"): string =>
  wordDiff(a, b)
    .filter(({ kind }) => kind !== without)
    .map(({ text }) => text)
    .join("");

const bare = (text: string): string => text.replace(/\s+/g, "");

const words = (n: number, of: (i: number) => string): string =>
  Array.from({ length: n }, (_, i) => of(i)).join(" ");

describe("differences between two texts", () => {
  it("are found word by word, whole words at a time", () => {
    expect(wordDiff("I saw a man who's old.", "I saw the man who's young.")).toEqual([
      { kind: "same", text: "I saw" },
      { kind: "removed", text: " a" },
      { kind: "added", text: " the" },
      { kind: "same", text: " man who's" },
      { kind: "removed", text: " old" },
      { kind: "added", text: " young" },
      { kind: "same", text: "." },
    ]);
  });

  it("are not made of spaces and line breaks", () => {
    expect(wordDiff("one two", " one\n two")).toEqual([{ kind: "same", text: " one\n two" }]);
  });

  it("are none between a text and itself, and everything between a text and nothing", () => {
    expect(wordDiff("a b", "a b")).toEqual([{ kind: "same", text: "a b" }]);
    expect(wordDiff("", "")).toEqual([]);
    expect(wordDiff("", "a b")).toEqual([{ kind: "added", text: "a b" }]);
    expect(wordDiff("a b", "")).toEqual([{ kind: "removed", text: "a b" }]);
  });

  it("are letters where a script puts no spaces between words", () => {
    expect(wordDiff("我爱你", "我恨你").map(({ text }) => text)).toEqual(["我", "爱", "恨", "你"]);
  });

  it("never cut a picture that is joined of several", () => {
    const [, removed, added] = wordDiff("x 👩‍👩‍👧 y", "x 👩‍👩‍👦 y");
    expect([removed?.text, added?.text]).toEqual([" 👩‍👩‍👧", " 👩‍👩‍👦"]);
  });

  it("give both texts back, whatever they are", () => {
    const next = random(7);
    const text = () =>
      words(
        Math.floor(next() * 30),
        () => ["so", "it", "goes", ".", "\n", "né", "日本", " "][Math.floor(next() * 8)] ?? "",
      );
    for (let i = 0; i < 300; i += 1) {
      const [a, b] = [text(), text()];
      expect(kept(a, b, "removed")).toBe(b);
      expect(bare(kept(a, b, "added"))).toBe(bare(a));
    }
  });

  it("of long texts with few changes are found", () => {
    const a = words(6_000, (i) => `w${i}`);
    const { parts, isCoarse } = compare(a, a.replace("w3000", "other"));
    expect(isCoarse).toBe(false);
    expect(parts.filter(({ kind }) => kind !== "same").map(({ text }) => text)).toEqual([" w3000", " other"]);
  });

  it("of texts that share nothing are one change, and said to be", () => {
    const [a, b] = [words(2_000, (i) => `a${i}`), words(2_000, (i) => `b${i}`)];
    const { parts, isCoarse } = compare(`same ${a} end`, `same ${b} end`);
    expect(isCoarse).toBe(true);
    expect(parts.map(({ kind }) => kind)).toEqual(["same", "removed", "added", "same"]);
    const huge = "x".repeat(50_000);
    expect(compare(huge, huge).isCoarse).toBe(false);
    expect(compare(huge, `${huge}!`).isCoarse).toBe(true);
  });
});
