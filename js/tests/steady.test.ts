import { describe, expect, test } from "vitest";
import { UNKNOWN_STATUS } from "../src/defaults";
import { LoadingClock } from "../src/loading";
import type { LoadStage, Status } from "../src/protocol.gen";
import { SteadySpeed, SteadyTime, timeLeft } from "../src/steady";
import { random } from "./random";

test.each([
  [0.2, "1 s"],
  [7.1, "8 s"],
  [19.2, "20 s"],
  [43, "45 s"],
  [88, "2 min"],
  [85, "85 s"],
  [121, "3 min"],
  [89 * 60, "89 min"],
  [91 * 60, "1 h 40 min"],
  [7201, "2 h 10 min"],
  [7200, "2 h 0 min"],
])("%d seconds left read %s", (seconds, words) => expect(timeLeft(seconds)).toBe(words));

/** What stands on the page, change by change, while a run of `totalS` seconds tells noisy estimates. */
function shownDuring(totalS: number, noise: number, seed: number): number[] {
  const next = random(seed);
  const time = new SteadyTime();
  const shown: number[] = [];
  for (let nowS = 0; nowS < totalS; nowS += 0.05) {
    const estimateS = Math.max(0, (totalS - nowS) * (1 + noise * (next() - 0.5)));
    const now = time.show(estimateS, nowS);
    if (now !== null && now !== shown.at(-1)) shown.push(now);
  }
  return shown;
}

describe("the time left", () => {
  test.each([12, 60, 400])("of a run of %d s with noisy estimates only ever goes down", (totalS) => {
    for (let seed = 1; seed <= 20; seed++) {
      const shown = shownDuring(totalS, 0.15, seed);
      expect(shown).toEqual([...shown].sort((a, b) => b - a));
      expect(shown.at(-1)).toBeLessThanOrEqual(2);
      expect(shown.length).toBeLessThanOrEqual(totalS + 1);
    }
  });

  test("goes up where the estimate says so in earnest", () => {
    const time = new SteadyTime();
    expect(time.show(30, 0)).toBe(30);
    expect(time.show(31, 2)).toBe(30);
    expect(time.show(60, 4)).toBe(60);
  });

  test("counts down by itself while nothing new comes", () => {
    const time = new SteadyTime();
    expect([0, 5, 12, 13].map((nowS) => time.show(15, nowS))).toEqual([15, 10, 3, 2]);
  });

  test("is gone with its estimate and comes anew", () => {
    const time = new SteadyTime();
    time.show(15, 0);
    expect(time.show(null, 1)).toBeNull();
    expect(time.show(80, 2)).toBe(80);
  });
});

test("a speed is told anew only where it is another one", () => {
  const speed = new SteadySpeed();
  expect(speed.show(100, 0)).toBe(100);
  expect([101, 97, 104, 99].map((value, i) => speed.show(value, 2 + 2 * i))).toEqual([100, 100, 100, 100]);
  expect(speed.show(140, 12)).toBe(140);
  expect(speed.show(70, 12.5)).toBe(140);
  expect(speed.show(null, 13)).toBeNull();
});

describe("loading", () => {
  const loading = (fraction: number | null, stage: LoadStage = "model"): Status => ({
    ...UNKNOWN_STATUS,
    worker: "loading",
    loading: { type: "Loading", stage, fraction, message: "" },
  });
  const ready = (load_s: number): Status => ({ ...UNKNOWN_STATUS, worker: "ready", load_s });

  test("says how long it has taken where the page saw it begin", () => {
    const clock = new LoadingClock();
    clock.observe(loading(null, "start"), 10);
    expect([clock.passedS(13), clock.leftS(13)]).toEqual([3, null]);
    clock.observe(ready(6), 16);
    expect(clock.passedS(17)).toBeNull();
  });

  test("says nothing of it where the page came later", () => {
    const clock = new LoadingClock();
    clock.observe(loading(0.5), 10);
    expect(clock.passedS(13)).toBeNull();
  });

  test("knows the second time how long it takes", () => {
    const clock = new LoadingClock();
    clock.observe(ready(6), 0);
    clock.observe(loading(0), 10);
    expect([clock.passedS(12), clock.leftS(12), clock.leftS(17)]).toEqual([2, 4, null]);
  });

  test("tells the time left of a long stage from how fast it moves", () => {
    const clock = new LoadingClock();
    for (let i = 0; i <= 10; i++) clock.observe(loading(i / 100, "download"), i);
    expect(clock.leftS(10)).toBeCloseTo(90);
    clock.observe(loading(0.6, "import"), 11);
    expect(clock.leftS(11)).toBeNull();
  });
});
