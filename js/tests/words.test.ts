import { describe, expect, test } from "vitest";
import { short, shortSigned } from "../src/numbers";
import { positionsWords, scheduleWords } from "../src/positions";
import type { Edit } from "../src/protocol.gen";
import { strengthWords } from "../src/steering";
import { FACTOR_SCALE } from "../src/strength";
import { directionOfText } from "../src/writing";
import { edit } from "./mount";

const span = (start: number, stop: number | null, step = 1) => ({ kind: "span" as const, start, stop, step });

test.each<[Edit["positions"], string]>([
  [null, ""],
  ["all", ""],
  ["prompt", "prompt only"],
  [span(3, 10), "tokens 3–9"],
  [span(3, 4), "token 3"],
  [span(0, null), "tokens from 0 on"],
  [span(-4, null, 2), "tokens from −4 on, every 2nd"],
  [span(0, 20, 5), "tokens 0–19, every 5th"],
  [span(1, -1), "tokens 1 to −2"],
  [span(-5, -2), "tokens −5 to −3"],
  [span(5, 5), "no tokens"],
  [span(-2, 0), "no tokens"],
  [{ kind: "tokens" as const, at: [-1, 2, 5] }, "tokens −1, 2, 5"],
  [{ kind: "tokens" as const, at: [7] }, "token 7"],
  [{ kind: "tokens" as const, at: [1, 2, 3, 4, 5, 6] }, "tokens 1, 2, 3, 4, 5, … (6)"],
])("positions %j read %j", (positions, words) => {
  expect(positionsWords(positions)).toBe(words);
});

test("a schedule that changes nothing has no words", () => {
  expect(scheduleWords(null)).toBe("");
  expect(scheduleWords({ start: 0, half_life: null })).toBe("");
  expect(scheduleWords({ start: 4, half_life: null })).toBe("from new token 4");
  expect(scheduleWords({ start: 0, half_life: 12.5 })).toBe("halving every 12.5");
});

test.each([
  [edit(1, 70), "+70"],
  [edit(1, -2, "", { unit: "norm" }), "−2 × norm"],
  [edit(1, 2, "", { method: "scale" }), "scale × 2"],
  [edit(1, 0, "", { method: "orthogonal" }), "orthogonal × 0"],
  [edit(1, 2, "", { method: "clamp", unit: "max_act" }), "clamp to 2 × max act"],
  [edit(1, -3, "", { method: "cap" }), "cap at −3"],
  [edit(1, 70, "", { method: "ablate" }), "ablate"],
  [edit(1, 70, "", { method: "warp" }), "+70 warp"],
])("an edit's strength reads as its method has it: %#", (one, words) => {
  expect(strengthWords(one)).toBe(words);
});

test.each([
  [0, "0.00"],
  [0.412, "0.41"],
  [0.003, "0.003"],
  [14.61, "14.6"],
  [99.99, "100"],
  [1466.3, "1466"],
  [2.21e27, "2.2e27"],
  [Number.POSITIVE_INFINITY, "∞"],
])("a measured %d is short: %s", (value, words) => expect(short(value)).toBe(words));

test.each([
  ["short \u05d0", 1, "auto"],
  ["\u202e 12 long ", 10_000, "ltr"],
  ["12 \u05d0\u05d1 long", 10_000, "rtl"],
  ["\ud83d\ude00 ", 10_000, "ltr"],
])("the way of %j, %d times, is %s", (text, n, way) => expect(directionOfText(text.repeat(n))).toBe(way));

test("a shift has its sign", () => {
  expect([4.2, -1.05, 0].map(shortSigned)).toEqual(["+4.20", "−1.05", "0.00"]);
});

describe("the dial of a factor", () => {
  test("reaches from -2 to 5, and every step of it is a step of the factor", () => {
    const n = Math.round(2 / FACTOR_SCALE.step);
    const at = Array.from({ length: n + 1 }, (_, i) => FACTOR_SCALE.fromPosition(-1 + i * FACTOR_SCALE.step));
    expect([at[0], at[n]]).toEqual([-2, 5]);
    for (let i = 1; i <= n; i++) expect((at[i] ?? 0) - (at[i - 1] ?? 0)).toBeCloseTo(0.05, 10);
    expect(at).toContain(1);
    expect(at).toContain(0);
  });

  test("comes back to the same factor, and stays at its end beyond", () => {
    for (const factor of [-2, 0, 0.5, 1, 2, 5])
      expect(FACTOR_SCALE.fromPosition(FACTOR_SCALE.toPosition(factor))).toBe(factor);
    expect(FACTOR_SCALE.toPosition(40)).toBe(1);
  });
});
