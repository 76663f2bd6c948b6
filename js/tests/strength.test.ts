import { describe, expect, test } from "vitest";
import { parseNumber } from "../src/numbers";
import { DIAL_STEP, dialRange, fromPosition, inUnit, startStrength, toPosition } from "../src/strength";
import { card } from "./host";
import { edit, SAE } from "./mount";

describe("the dial's scale", () => {
  test("goes through zero and reaches both ends", () => {
    expect(toPosition(0, 200)).toBe(0);
    expect(toPosition(200, 200)).toBe(1);
    expect(toPosition(-200, 200)).toBe(-1);
    expect(toPosition(5000, 200)).toBe(1);
    expect([-1, 0, 1].map((p) => fromPosition(p, 200))).toEqual([-200, 0, 200]);
  });

  test("is symmetric, monotonic and finer near zero", () => {
    const at = Array.from({ length: 101 }, (_, i) => fromPosition(i / 100, 200));
    for (let i = 1; i < at.length; i++) expect(at[i]).toBeGreaterThanOrEqual(at[i - 1] ?? 0);
    expect((at[5] ?? 0) - (at[0] ?? 0)).toBeLessThan((at[100] ?? 0) - (at[95] ?? 0));
    expect(fromPosition(-0.4, 200)).toBe(-fromPosition(0.4, 200));
  });

  test.each([200, 8, 2])("moves with every press of an arrow key, up to %d", (range) => {
    for (const turn of [1, -1]) {
      let strength = -turn * range;
      for (let presses = 0; strength !== turn * range; presses++) {
        const snapped = Math.round(toPosition(strength, range) / DIAL_STEP) * DIAL_STEP; // as browsers do
        const next = fromPosition(snapped + turn * DIAL_STEP, range);
        expect((next - strength) * turn).toBeGreaterThan(0);
        expect(presses).toBeLessThan(300);
        strength = next;
      }
    }
  });

  test("comes back to the same strength, to the digits it shows", () => {
    for (const strength of [1, 7, 15, 70, 130, -45]) {
      expect(fromPosition(toPosition(strength, 200), 200)).toBeCloseTo(strength, 0);
    }
  });
});

test("range and start follow the residual norm", () => {
  expect(dialRange("raw", SAE)).toBe(200);
  expect(startStrength(SAE)).toBe(70);
  expect(dialRange("raw", null)).toBe(200);
  expect([dialRange("max_act", null), dialRange("norm", null)]).toEqual([8, 2]);
});

test("changing the unit keeps the push where both units are known", () => {
  const known = card(5, "x", { max_act: 50 });
  expect(inUnit(edit(5, 85), "norm", SAE, known)).toMatchObject({ strength: 0.5, unit: "norm" });
  expect(inUnit(edit(5, 100), "max_act", SAE, known)).toMatchObject({ strength: 2, unit: "max_act" });
  expect(inUnit(edit(5, 100), "max_act", SAE, undefined)).toMatchObject({ strength: 100 });
});

describe("typed numbers", () => {
  const strength = { field: "strength", whole: false, allowed: "a finite number" };
  test.each([
    ["70", 70],
    [" -4.5 ", -4.5],
    ["−3", -3],
    ["1e3", 1000],
    [".5", 0.5],
  ])("%j is %d", (text, value) => expect(parseNumber(text, strength)).toBe(value));

  test.each(["abc", "", "1e999", "NaN", "Infinity", "0x10", "1,5", "1 2"])("%j is refused", (text) => {
    expect(parseNumber(text, strength)).toMatchObject({
      message: `strength: got '${text}'; allowed: a finite number.`,
      field: "strength",
    });
  });

  test("whole numbers are whole", () => {
    const rule = { field: "top_k", whole: true, allowed: "a whole number from 0 up" };
    expect(parseNumber("40", rule)).toBe(40);
    expect(parseNumber("1.5", rule)).toMatchObject({ field: "top_k" });
    expect(parseNumber("1e300", rule)).toMatchObject({ field: "top_k" });
  });
});
