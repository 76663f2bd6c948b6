import { diffArrays } from "diff";
import { expect, test } from "vitest";
import { type Step, stepsBetween } from "../src/steps";
import { random } from "./random";

const changes = (steps: readonly Step[] | null): number =>
  (steps ?? []).reduce((sum, { kind, n }) => sum + (kind === "same" ? 0 : n), 0);

test("lists become each other with as few changes as another implementation needs", () => {
  const next = random(3);
  for (let i = 0; i < 500; i += 1) {
    const list = () => Array.from({ length: Math.floor(next() * 40) }, () => Math.floor(next() * 6));
    const [a, b] = [list(), list()];
    const steps = stepsBetween(a, b, 100) ?? [];
    let [inA, inB] = [0, 0];
    const made: number[] = [];
    for (const { kind, n } of steps) {
      if (kind === "added") made.push(...b.slice(inB, inB + n));
      if (kind === "same") {
        expect(a.slice(inA, inA + n)).toEqual(b.slice(inB, inB + n));
        made.push(...a.slice(inA, inA + n));
      }
      if (kind !== "added") inA += n;
      if (kind !== "removed") inB += n;
    }
    expect([made, inA, inB]).toEqual([b, a.length, b.length]);
    const known = diffArrays(a, b).reduce((sum, one) => sum + (one.added || one.removed ? one.count : 0), 0);
    expect(changes(steps)).toBe(known);
    expect(stepsBetween(a, b, known)).toEqual(steps);
    if (known > 0) expect(stepsBetween(a, b, known - 1)).toBeNull();
  }
});

test("what is removed comes before what is added in its place", () => {
  expect(stepsBetween([1, 2, 3, 9], [1, 4, 5, 9], 10)).toEqual([
    { kind: "same", n: 1 },
    { kind: "removed", n: 2 },
    { kind: "added", n: 2 },
    { kind: "same", n: 1 },
  ]);
});
