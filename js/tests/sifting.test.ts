import { describe, expect, it } from "vitest";
import type { CellView, Edit, Measures, RunView } from "../src/protocol.gen";
import { NOTHING_SIFTED, Sifter, type Sifting, sift } from "../src/sifting";
import { cell, NOTHING_MEASURED, runView, steering } from "./host";
import { edit } from "./mount";

const measured = (index: number, measures: Partial<Measures>, change: Partial<CellView> = {}): CellView =>
  cell(index, {
    state: "done",
    text: `text ${index}`,
    n_tokens: 3,
    ...change,
    measures: { ...NOTHING_MEASURED, ...measures },
  });

/** Three prompts, the baseline and one steered column. */
function run(change: Partial<RunView> = {}): RunView {
  const perplexities = [5, 9, 8, 8, 2, 30];
  return runView("r", 6, {
    state: "done",
    prompts: ["The first", "A second", [{ role: "user", content: "Third, in a chat" }]],
    steerings: [steering(), steering(edit(1) as Edit)],
    cells: perplexities.map((perplexity, i) => measured(i, { perplexity })),
    ...change,
  });
}

const asked = (change: Partial<Sifting>): Sifting => ({ ...NOTHING_SIFTED, ...change });
const order = (of: RunView, change: Partial<Sifting>): number[] =>
  sift(of, asked(change)).rows.map(({ at }) => at);

describe("sorting prompts", () => {
  it("leaves them in their order where nothing is chosen", () => {
    expect(order(run(), {})).toEqual([0, 1, 2]);
  });

  it("goes by a measure of the steered column, either way", () => {
    expect(order(run(), { by: "perplexity" })).toEqual([2, 0, 1]);
    expect(order(run(), { by: "perplexity", isDescending: false })).toEqual([1, 0, 2]);
  });

  it("goes by the column that was chosen", () => {
    expect(order(run(), { by: "perplexity", column: 0 })).toEqual([1, 0, 2]);
  });

  it("goes by the difference from the baseline of the same sample", () => {
    // 9 − 5, 8 − 8, 30 − 2
    expect(order(run(), { by: "perplexity", isDifference: true })).toEqual([2, 0, 1]);
    expect(order(run(), { by: "perplexity", isDifference: true, isDescending: false })).toEqual([1, 0, 2]);
  });

  it("puts prompts without a value last, whichever way", () => {
    const cells = run().cells.map((one, i) => (i === 1 ? measured(i, {}) : one));
    expect(order(run({ cells }), { by: "perplexity" })).toEqual([2, 1, 0]);
    expect(order(run({ cells }), { by: "perplexity", isDescending: false })).toEqual([1, 2, 0]);
    expect(order(run({ cells }), { by: "kl" })).toEqual([0, 1, 2]);
  });

  it("takes the mean of samples", () => {
    const cells = [1, 1, 9, 2, 1, 1, 4, 4].map((perplexity, i) => measured(i, { perplexity }));
    const samples = run({ prompts: ["a", "b"], samples: 2, cells });
    expect(order(samples, { by: "perplexity" })).toEqual([0, 1]);
    expect(order(samples, { by: "perplexity", isDescending: false })).toEqual([1, 0]);
  });

  it("works without a baseline and with nothing but one", () => {
    const steered = run({
      steerings: [steering(edit(1) as Edit)],
      prompts: ["a", "b"],
      cells: run().cells.slice(0, 2),
    });
    expect(order(steered, { by: "perplexity" })).toEqual([1, 0]);
    expect(order(steered, { by: "perplexity", isDifference: true })).toEqual([0, 1]);
    const unsteered = { ...steered, steerings: [steering()] };
    expect(order(unsteered, { by: "perplexity" })).toEqual([1, 0]);
  });
});

describe("filtering", () => {
  it("keeps prompts that have the words, or one of whose texts has them, whatever their case", () => {
    expect(order(run(), { text: "SECOND" })).toEqual([1]);
    expect(order(run(), { text: " in a chat " })).toEqual([2]);
    const { rows, matches } = sift(run(), asked({ text: "Text 5" }));
    expect(rows.map(({ at }) => at)).toEqual([2]);
    expect([...(matches ?? [])]).toEqual([5]);
  });

  it("finds nothing where nothing fits", () => {
    expect(order(run(), { text: "nowhere" })).toEqual([]);
  });

  it("goes by state and by flag, and by both together", () => {
    const cells = run().cells.map((one, i) =>
      i === 1
        ? { ...one, measures: { ...one.measures, flags: ["looping" as const] } }
        : i === 4
          ? { ...one, state: "failed" as const }
          : i === 5
            ? { ...one, finish: "diverged" as const }
            : one,
    );
    const flagged = run({ cells });
    expect(order(flagged, { state: "failed" })).toEqual([2]);
    expect(order(flagged, { flag: "looping" })).toEqual([0]);
    expect(order(flagged, { flag: "some" })).toEqual([0, 2]);
    expect(order(flagged, { flag: "diverged" })).toEqual([2]);
    expect(order(flagged, { flag: "none" })).toEqual([0, 1, 2]);
    expect(order(flagged, { state: "failed", flag: "looping" })).toEqual([]);
  });

  it("drops the samples of a prompt that do not fit, and keeps the others", () => {
    const samples = run({
      prompts: ["a", "b"],
      samples: 2,
      cells: Array.from({ length: 8 }, (_, i) => measured(i, {})),
    });
    expect(sift(samples, asked({ text: "text 3" })).rows).toEqual([{ at: 0, samples: [1] }]);
  });
});

describe("while a run is on", () => {
  const looping = (of: RunView): RunView => ({
    ...of,
    cells: of.cells.map((one) => ({ ...one, measures: { ...one.measures, flags: ["looping"] } })),
  });

  it("rows stay where they are until it has ended", () => {
    const sifter = new Sifter();
    const [on, choice] = [run({ state: "running" }), asked({ by: "perplexity", flag: "looping" })];
    expect(sifter.show(on, choice).rows).toHaveLength(3);
    expect(sifter.show(looping(on), choice).rows.map(({ at }) => at)).toEqual([0, 1, 2]);
    expect(sifter.show({ ...looping(on), state: "done" }, choice).rows.map(({ at }) => at)).toEqual([
      2, 0, 1,
    ]);
  });

  it("what is chosen meanwhile goes by the texts as they are then", () => {
    const sifter = new Sifter();
    const on = run({ state: "running" });
    sifter.show(on, NOTHING_SIFTED);
    const choice = asked({ text: "text 3" });
    expect(sifter.show(on, choice).rows.map(({ at }) => at)).toEqual([1]);
    const grown = { ...on, cells: on.cells.map((one) => ({ ...one, text: `${one.text} text 3` })) };
    expect(sifter.show(grown, choice).rows.map(({ at }) => at)).toEqual([1]);
  });

  it("a new run of the same prompts keeps the order of the one before", () => {
    const sifter = new Sifter();
    const choice = asked({ by: "perplexity" });
    sifter.show(run(), choice);
    const again = run({ id: "r2", state: "running", cells: run().cells.map(({ index }) => cell(index)) });
    expect(sifter.show(again, choice).rows.map(({ at }) => at)).toEqual([2, 0, 1]);
    const others = run({ id: "r3", state: "running", prompts: ["x", "y", "z"] });
    expect(sifter.show(others, choice).rows.map(({ at }) => at)).toEqual([0, 1, 2]);
  });
});
