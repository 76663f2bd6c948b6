import { afterEach, describe, expect, test } from "vitest";
import { EMPTY_SELECTION } from "../src/defaults";
import { expectedS, expectedWords } from "../src/estimate";
import { combinationWords, countColumns, layoutProblem } from "../src/layout";
import { gridProposal, sweepProposal } from "../src/proposals";
import type { SelectedEdit, Selection, Speed } from "../src/protocol.gen";
import { invalid } from "./host";
import {
  chosen,
  edit,
  find,
  get,
  key,
  type Mounted,
  mount,
  press,
  READY,
  SAE,
  sent,
  settle,
  type,
} from "./mount";

const SPEED: Speed = { first_s: 0.5, step_s: 0.1, row_s: 0.01, max_rows: null };

let page: Mounted | null = null;
async function open(selection: Partial<Selection>, ...edits: SelectedEdit[]): Promise<Mounted> {
  const made = chosen(...edits);
  page = await mount({
    ...made,
    selection: { ...made.selection, ...selection },
    status: { ...READY, speed: SPEED },
  });
  return page;
}
afterEach(() => {
  page?.close();
  page = null;
});

const selection = (change: Partial<Selection>, ...edits: SelectedEdit[]): Selection => ({
  ...EMPTY_SELECTION,
  edits,
  ...change,
});
const unknown = () => undefined;

describe("a grid", () => {
  test("gets strengths that fit the first row's dial when it is first chosen, and keeps them", async () => {
    const { host, el } = await open({}, edit(1, 70), edit(2));
    await press(el, "sw-layout-grid");
    await sent(host, "SetSelection");
    expect(host.last("SetSelection").command.selection).toMatchObject({
      layout: "grid",
      grid_strengths: [20, 40, 70, 100],
    });
    expect(get(el, "sw-count").textContent).toContain("9 columns");
    expect(get(el, "sw-strengths-unused").textContent).toContain("grid below");
    await press(el, "sw-grid-remove-0");
    await press(el, "sw-layout-separate");
    await press(el, "sw-layout-grid");
    expect(get(el, "sw-count").textContent).toContain("7 columns");
  });

  test("takes several strengths at once, and sorts them in", async () => {
    const { el } = await open({ layout: "grid", grid_strengths: [10] }, edit(1));
    await type(el, "sw-grid-add", "40, -5 10;20");
    await key(el, "sw-grid-add", "Enter");
    const chips = [...get(el, "sw-grid").querySelectorAll(".sw-chip-value")].map((chip) => chip.textContent);
    expect(chips).toEqual(["−5", "10", "20", "40"]);
    expect(get<HTMLInputElement>(el, "sw-grid-add").value).toBe("");
  });

  test("refuses what is no number and keeps it", async () => {
    const { host, el } = await open({ layout: "grid", grid_strengths: [10] }, edit(1));
    await type(el, "sw-grid-add", "20 x");
    await key(el, "sw-grid-add", "Enter");
    expect(get(el, "sw-field-error-grid_strengths").textContent).toContain("'x'");
    expect(get<HTMLInputElement>(el, "sw-grid-add").value).toBe("20 x");
    expect(host.of("SetSelection")).toEqual([]);
    await type(el, "sw-grid-add", "20");
    expect(find(el, "sw-field-error-grid_strengths")).toBeNull();
  });

  test("without strengths cannot run, and says why", async () => {
    const { el } = await open({ layout: "grid", grid_strengths: [10] }, edit(1));
    await press(el, "sw-grid-remove-0");
    expect(get<HTMLButtonElement>(el, "sw-run").disabled).toBe(true);
    expect(get(el, "sw-why").textContent).toBe("Add a strength to the grid.");
  });

  test("shows what Python refuses of it at its strengths", async () => {
    const { host, el } = await open({ layout: "grid", grid_strengths: [10] }, edit(1));
    await press(el, "sw-run");
    await sent(host, "Run");
    host.refuse("Run", invalid("grid_strengths", "()", "at least one finite number"));
    await settle();
    expect(get(el, "sw-field-error-grid_strengths").textContent).toContain("at least one finite number");
  });
});

describe("a sweep", () => {
  test("gets a range of both signs in the first row's unit, and is counted", async () => {
    const { host, el } = await open({}, edit(1, 0.2, "x", { unit: "norm" }));
    await press(el, "sw-layout-sweep");
    await sent(host, "SetSelection");
    expect(host.last("SetSelection").command.selection).toMatchObject({
      layout: "sweep",
      sweep_start: -0.6,
      sweep_stop: 0.6,
      n_sweep_steps: 9,
    });
    expect(get(el, "sw-count").textContent).toContain("10 columns");
    await type(el, "sw-n_sweep_steps", "3");
    await type(el, "sw-sweep_start", "0");
    expect(get(el, "sw-count").textContent).toContain("4 columns");
    await type(el, "sw-sweep_stop", "far");
    expect(get(el, "sw-field-error-sweep_stop").textContent).toContain("a finite number");
    await press(el, "sw-layout-separate"); // what is refused goes with its box
    expect(get<HTMLButtonElement>(el, "sw-run").disabled).toBe(false);
  });
});

describe("proposals", () => {
  test.each([
    ["raw", edit(1), [20, 40, 70, 100], 100],
    ["norm", edit(1, 1, "", { unit: "norm" }), [0.1, 0.2, 0.4, 0.6], 0.6],
    ["of a factor", edit(1, 2, "", { method: "scale" }), [0, 0.5, 2, 3], 3],
    ["behind a hidden row", edit(1), [20, 40, 70, 100], 100],
  ])("%s", (what, row, grid, stop) => {
    const hidden = edit(2, 1, "", { unit: "norm", is_hidden: true });
    const made = selection({}, ...(what.startsWith("behind") ? [hidden, row] : [row]));
    expect(gridProposal(made, [SAE], unknown)).toEqual(grid);
    expect(sweepProposal(made, [SAE], unknown).sweep_stop).toBe(stop);
  });

  test("there are some without a row, and without an SAE", () => {
    expect(gridProposal(selection({}), [], unknown)).toEqual([10, 20, 40, 60]);
  });
});

describe("columns", () => {
  const rows = [
    edit(1, 1, "", { more_strengths: [2, 3] }),
    edit(2, 1, "", { more_strengths: [1, 5] }),
    edit(3, 1, "", { is_hidden: true, more_strengths: [8, 9] }),
  ];

  test.each([
    [{ layout: "separate" }, 6],
    [{ layout: "combined" }, 7],
    [{ layout: "grid", grid_strengths: [1, 2, 2, 3] }, 7],
    [{ layout: "sweep", sweep_start: 0, sweep_stop: 1, n_sweep_steps: 5 }, 11],
    [{ layout: "separate", control: true, baseline: false }, 10],
    [{ layout: "combined", control: true }, 13],
  ] as const)("of %j are %d", (change, n) => {
    expect(countColumns(selection(change as Partial<Selection>, ...rows))).toBe(n);
  });

  test("say where strengths multiply", () => {
    expect(combinationWords(selection({ layout: "combined" }, ...rows))).toBe(
      "3 × 2 strengths = 6 combinations",
    );
    expect(combinationWords(selection({ layout: "separate" }, ...rows))).toBe("");
    expect(combinationWords(selection({ layout: "combined" }, edit(1), ...rows.slice(0, 1)))).toBe("");
  });

  test("are not more than Python takes", () => {
    const many = selection({ layout: "sweep", sweep_stop: 1, n_sweep_steps: 200 }, ...Array(6).fill(edit(1)));
    expect(layoutProblem(many)).toBe("1,200 columns are too many; at most 1,000.");
  });

  test("of random controls are asked for by a checkbox that says what they are for", async () => {
    const { host, el } = await open({}, edit(1));
    expect(get(el, "sw-control").closest("label")?.title).toContain("random direction");
    await press(el, "sw-control");
    await sent(host, "SetSelection");
    expect(host.last("SetSelection").command.selection.control).toBe(true);
    expect(get(el, "sw-count").textContent).toContain("3 columns");
  });
});

describe("the expected time", () => {
  test("is that of one batch: the first token, then a step for each, longer with each row", () => {
    expect(expectedS(SPEED, 10, 60)).toBeCloseTo(0.5 + 60 * (0.1 + 10 * 0.01), 10);
    expect(expectedS({ ...SPEED, max_rows: 10 }, 10, 60)).toBeCloseTo(12.5, 10);
    expect(expectedS(SPEED, 0, 60)).toBe(0);
  });

  test("of more rows than fit is that of batches in turn", () => {
    const full = 0.5 + 60 * (0.1 + 4 * 0.01);
    const rest = 0.5 + 60 * (0.1 + 2 * 0.01);
    expect(expectedS({ ...SPEED, max_rows: 4 }, 10, 60)).toBeCloseTo(2 * full + rest, 10);
    expect(expectedS({ ...SPEED, max_rows: 4 }, 8, 60)).toBeCloseTo(2 * full, 10);
  });

  test("is in words, and none where nothing was measured", () => {
    expect(expectedWords(SPEED, 10, 60)).toBe("about 13 s");
    expect(expectedWords({ ...SPEED, first_s: 0.01, step_s: 0.001, row_s: 0 }, 10, 60)).toBe("under 1 s");
    expect(expectedWords(null, 10, 60)).toBe("");
    expect(expectedWords(SPEED, 0, 60)).toBe("");
  });

  test("stands in the run bar and follows what is chosen", async () => {
    const { host, el } = await open({}, edit(1), edit(2), edit(3), edit(4));
    await type(el, "sw-prompt-0", "one");
    host.set("prompts", ["one", "two"]);
    await settle();
    expect(get(el, "sw-count").textContent).toBe("5 columns × 2 prompts × 1 sample = 10 cells, about 13 s");
    await type(el, "sw-gen-max_new_tokens", "10");
    expect(get(el, "sw-expected").textContent).toBe(", about 3 s");
    host.set("status", READY);
    await settle();
    expect(find(el, "sw-expected")).toBeNull();
  });

  test("and the number of combinations stand beside each other", async () => {
    const { el } = await open(
      { layout: "combined" },
      edit(1, 1, "", { more_strengths: [2] }),
      edit(2, 1, "", { more_strengths: [2, 3] }),
    );
    expect(get(el, "sw-combinations").textContent).toBe("2 × 3 strengths = 6 combinations");
    expect(get(el, "sw-count").textContent).toContain("7 columns");
  });
});
