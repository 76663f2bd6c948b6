/// <reference types="vite/client" />
// What styles must keep to: every element is freed from what hosts say of it, and a class means one thing.
import { expect, test } from "vitest";

const read = (files: Record<string, unknown>): [string, string][] =>
  Object.entries(files).map(([path, text]) => [path.split("/").at(-1) ?? "", text as string]);
const SHEETS = read(
  import.meta.glob("../src/styles/*.css", { query: "?raw", import: "default", eager: true }),
);
const VIEWS = read(import.meta.glob("../src/views/*.tsx", { query: "?raw", import: "default", eager: true }));

/** Boxes that no host styles by their names, and what is drawn in pictures. */
const PLAIN = "div span section header search bdi br svg path g rect circle text desc defs pattern".split(
  " ",
);

test("each element that a view draws is freed from what hosts say of it", () => {
  const [, tokens = ""] = SHEETS.find(([name]) => name === "tokens.css") ?? [];
  const lists = tokens.match(/\.sw-root\.sw-root\s+:where\([^)]*\)/g) ?? [];
  const freed = new Set(lists.flatMap((list) => list.replace(/^.*:where\(/s, "").split(/[\s,)]+/)));
  const drawn = new Set(
    VIEWS.flatMap(([, text]) => [...text.matchAll(/(?<!\w)<([a-z][a-z0-9]*)[\s>]/g)].map(([, tag]) => tag)),
  );
  expect(drawn.size).toBeGreaterThan(30);
  expect([...drawn].filter((tag) => !freed.has(tag ?? "") && !PLAIN.includes(tag ?? ""))).toEqual([]);
});

test("a class has its own rule in one file", () => {
  const homes = new Map<string, Set<string>>();
  for (const [name, text] of SHEETS) {
    // Only what stands outside of @container and @media: there a class is fitted to where it stands.
    const outside = text.replace(/\/\*.*?\*\//gs, "").replace(/@[^{]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}/g, "");
    for (const [, selectors = ""] of outside.matchAll(/([^{}]+)\{/g))
      for (const [, one = ""] of selectors.matchAll(/(?:^|,)\s*\.sw-root (\.sw-[\w-]+)\s*(?=,|$)/g))
        homes.set(one, (homes.get(one) ?? new Set()).add(name));
  }
  expect(homes.size).toBeGreaterThan(200);
  expect([...homes].filter(([, files]) => files.size > 1).map(([one, files]) => [one, ...files])).toEqual([]);
});
