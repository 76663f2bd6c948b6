// The numbers of a run in sum, and how the page draws them. `tests/unit/test_plotting.py` reads the same numbers.
import { pathRound } from "d3-path";
import { h, render } from "preact";
import { afterEach, describe, expect, test, vi } from "vitest";
import shared from "../../tests/unit/data/summary.json";
import { endAbove, endBelow, endsOf, strengthAxis, tickWords, valueAxis } from "../src/axes";
import { baselineMean, kindsOf, linesOf, overSteered, pointsOf, symlogFrom } from "../src/curves";
import { heatOf } from "../src/heat";
import { interpolate, interpolateRound, piecewise } from "../src/interpolate";
import { openPage, type Page, ViewProvider } from "../src/page";
import { Path } from "../src/path";
import type { CellView, FeatureCard, Measures, RunView, SelectedEdit, Steering } from "../src/protocol.gen";
import { moved } from "../src/roving";
import {
  besideBaseline,
  besideWords,
  heatmapOf,
  SUMMARY,
  type SummaryMeasure,
  summaryInfo,
} from "../src/summary";
import { Summary } from "../src/views/Summary";
import { card, cell, delta, Host, NOTHING_MEASURED, runView, snapshot, steering } from "./host";
import { edit, find, get, READY, settle } from "./mount";

const { expected } = shared;
const IDS = SUMMARY.map(({ id }) => id);

const SHARED = runView("shared", 0, {
  prompts: shared.run.prompts,
  samples: shared.run.samples,
  steerings: shared.run.steerings as Steering[],
  cells: shared.run.cells.map((change, index) => cell(index, change as Partial<CellView>)),
});

/** Equal up to the rounding of sums. */
function expectNear(found: number | null, wanted: number | null): void {
  if (wanted === null) expect(found).toBeNull();
  else expect(found).toBeCloseTo(wanted, 10);
}

describe("numbers, as Python has them", () => {
  test("are there for every measure", () => {
    expect([...IDS].sort()).toEqual(Object.keys(expected.heatmap).sort());
  });

  test.each(IDS)("%s of a heatmap", (id) => {
    const rows = heatmapOf(SHARED, summaryInfo(id));
    for (const [prompt, row] of expected.heatmap[id].entries())
      for (const [column, { value, n }] of row.entries()) {
        expectNear(rows[prompt]?.[column]?.value ?? null, value);
        expect(rows[prompt]?.[column]?.n).toBe(n);
      }
  });

  test.each(IDS)("%s of lines and of the baseline", (id) => {
    const info = summaryInfo(id);
    const lines = linesOf(SHARED.steerings);
    expect(lines.map(({ stops }) => stops.map(({ strength }) => strength))).toEqual(
      expected.lines.map(({ strengths }) => strengths),
    );
    for (const [i, line] of lines.entries())
      for (const [at, point] of pointsOf(SHARED, line, info).entries()) {
        const wanted = expected.lines[i]?.points[id][at];
        expectNear(point.value, wanted?.value ?? null);
        expectNear(point.low, wanted?.low ?? null);
        expectNear(point.high, wanted?.high ?? null);
        expect(point.n).toBe(wanted?.n);
      }
    expectNear(baselineMean(SHARED, info).value, expected.baseline[id].value);
  });

  test("of the zone where strengths are too large", () => {
    expect(overSteered(SHARED, linesOf(SHARED.steerings))).toEqual(expected.over_steered);
  });
});

test("strengths that grow by factors get a logarithmic axis", () => {
  expect(symlogFrom([-8, -4, 0, 4, 8])).toBeNull();
  expect(symlogFrom([10, 20, 40, 80])).toBeNull();
  expect(symlogFrom([1, 2, 5, 10, 20, 50, 100])).toBe(1);
  const axis = strengthAxis([0, 1, 10, 100], [0, 300], 1);
  const [zero, one, ten, hundred] = [0, 1, 10, 100].map(axis.at) as [number, number, number, number];
  expect([zero, hundred]).toEqual([0, 300]);
  expect(ten - one).toBeGreaterThan(70);
});

test("ends of axes move seldom and ticks are round", () => {
  expect([0.021, 1, 1.01, 5.4, 8.01, 99].map(endAbove)).toEqual([0.03, 1, 1.5, 6, 10, 100]);
  expect([0.021, 1, 1.9, 5.4, 99].map(endBelow)).toEqual([0.02, 1, 1.5, 5, 80]);
  expect(endsOf([], false)).toEqual([0, 1]);
  expect(endsOf([0, 0], false)).toEqual([0, 1]);
  expect(endsOf([6.2, 6.2], true)).toEqual([6, 8]);
  expect(endsOf([-0.3, 0.72], false)).toEqual([-0.3, 0.8]);
  expect(tickWords(valueAxis([0, 1.5], [100, 0], false).ticks)).toEqual(["0.0", "0.5", "1.0", "1.5"]);
  expect(valueAxis([5, 200], [100, 0], true).ticks).toEqual([5, 10, 20, 50, 100, 200]);
  expect(valueAxis([1, 1e9], [100, 0], true).ticks.length).toBeLessThanOrEqual(6);
});

test("what stands in for d3-path draws as it does", () => {
  const draw = (path: Path | ReturnType<typeof pathRound>) => {
    path.moveTo(1.23456, -2);
    path.lineTo(3, 4.00049);
    path.closePath();
    path.rect(-3.5, -3.5, 7, 7.12345);
    path.moveTo(4.5, 0);
    path.arc(0, 0, 4.5, 0, 2 * Math.PI);
    return path.toString();
  };
  expect(draw(new Path(3))).toBe(draw(pathRound(3)));
});

test("what stands in for d3-interpolate goes between numbers", () => {
  expect([0, 0.25, 1].map(interpolate(10, 30))).toEqual([10, 15, 30]);
  expect(interpolateRound(0, 3)(0.5)).toBe(2);
  expect([0, 0.25, 0.5, 0.75, 1].map(piecewise(interpolate, [0, 10, 100]))).toEqual([0, 5, 10, 55, 100]);
});

test("arrow keys stay within the grid", () => {
  expect(moved([0, 0], [2, 3], "ArrowUp")).toEqual([0, 0]);
  expect(moved([0, 0], [2, 3], "ArrowRight")).toEqual([0, 1]);
  expect(moved([1, 2], [2, 3], "ArrowDown")).toEqual([1, 2]);
  expect(moved([1, 0], [2, 3], "End")).toEqual([1, 2]);
  expect(moved([1, 2], [2, 3], "a")).toBeNull();
});

const STRENGTHS = [-60, 0, 60];
const SWEEP = [steering(), ...STRENGTHS.map((strength) => steering(edit(523, strength, "war")))];
const PAIR = [steering(), steering(edit(523, 70, "war"))];

test("the picture follows from the columns", () => {
  expect(kindsOf({ prompts: ["a"], steerings: SWEEP })).toEqual(["curves", "table"]);
  expect(kindsOf({ prompts: ["a", "b"], steerings: SWEEP })).toEqual(["curves", "heatmap", "table"]);
  expect(kindsOf({ prompts: ["a", "b"], steerings: PAIR })).toEqual(["heatmap", "table"]);
  expect(kindsOf({ prompts: ["a"], steerings: PAIR })).toEqual(["table"]);
  const combined = STRENGTHS.map((strength) => steering(edit(1, strength), edit(2, 5)));
  expect(kindsOf({ prompts: ["a"], steerings: combined })).toEqual(["table"]);
  const ablated = STRENGTHS.map((strength) => steering(edit(1, strength, "", { method: "ablate" })));
  expect(kindsOf({ prompts: ["a"], steerings: ablated })).toEqual(["table"]);
});

describe("next to the baseline", () => {
  const rows = [
    [
      { value: 10, n: 1 },
      { value: 20, n: 1 },
      { value: null, n: 0 },
    ],
    [
      { value: null, n: 0 },
      { value: 20, n: 1 },
      { value: 5, n: 1 },
    ],
  ];

  test("perplexities are factors, others differences, and nothing comes of nothing", () => {
    const factors = besideBaseline(rows, summaryInfo("perplexity"), 0);
    expect(factors.map((row) => row.map(({ value }) => value))).toEqual([
      [1, 2, null],
      [null, null, null],
    ]);
    const lengths = besideBaseline(rows, summaryInfo("n_tokens"), 0);
    expect(lengths[0]?.map(({ value }) => value)).toEqual([0, 10, null]);
    expect(besideWords(summaryInfo("perplexity"), 2)).toBe("×2.00");
    expect(besideWords(summaryInfo("n_tokens"), -3)).toBe("−3");
    expect(besideWords(summaryInfo("repetition"), 0.05)).toBe("+5 pp");
  });

  test("more and less have sides of their own, and the baseline none", () => {
    const heat = heatOf(
      [
        [
          { value: 1, n: 1 },
          { value: 3, n: 1 },
          { value: 0.5, n: 1 },
        ],
      ],
      summaryInfo("perplexity"),
      true,
    );
    expect(heat.level(1)).toBe(0);
    expect(heat.level(3)).toBeCloseTo(1);
    expect(heat.level(1 / 3)).toBeCloseTo(-1);
    expect(heat.marks).toEqual([1 / 3, 1, 3]);
  });
});

// ---- drawn

let close: (() => void) | null = null;
afterEach(() => {
  close?.();
  close = null;
});

const scored = (change: Partial<Measures>): Partial<CellView> => ({
  state: "done",
  finish: "length",
  text: " text",
  n_tokens: 12,
  measures: { ...NOTHING_MEASURED, ...change },
});

interface Drawn {
  page: Page;
  host: Host;
  el: HTMLElement;
}

async function draw(run: RunView, ...cards: FeatureCard[]): Promise<Drawn> {
  const host = new Host({ status: READY });
  const page = openPage(host);
  host.answer("Sync");
  host.say(snapshot(1, run));
  page.store.ui.learn(cards, "");
  await settle();
  const el = document.createElement("div");
  document.body.append(el);
  const view = { ...page, id: (name: string) => `test-${name}` };
  render(h(ViewProvider, { value: view, children: h(Summary, {}) }), el);
  await settle();
  close = () => {
    render(null, el);
    page.close();
    document.body.replaceChildren();
  };
  return { page, host, el };
}

/** Two prompts, baseline and one column, two samples; the perplexity of a cell is its number plus ten. */
const batch = (change: (index: number) => Partial<CellView> = () => ({})): RunView =>
  runView("r", 0, {
    prompts: ["First prompt", "Second prompt"],
    steerings: PAIR,
    samples: 2,
    cells: Array.from({ length: 8 }, (_, i) => cell(i, { ...scored({ perplexity: 10 + i }), ...change(i) })),
  });

async function choose(el: HTMLElement, measure: SummaryMeasure): Promise<void> {
  const select = get<HTMLSelectElement>(el, "sw-summary-measure");
  select.value = measure;
  select.dispatchEvent(new Event("change", { bubbles: true }));
  await settle();
}

describe("a heatmap", () => {
  test("prints the mean over samples and says of how many it is", async () => {
    const { el } = await draw(batch());
    await choose(el, "perplexity");
    const button = get(el, "sw-heat-0-1");
    expect(button.textContent).toBe(Math.sqrt(12 * 13).toFixed(1));
    expect(button.getAttribute("aria-label")).toBe(
      "Prompt 1, war +70: Perplexity 12.5, mean of 2 of 2 samples. Show the text.",
    );
  });

  test("shows what is missing as missing", async () => {
    const { el } = await draw(
      batch((i) => (i === 2 || i === 3 ? { state: "failed" } : i === 4 ? { state: "stopped" } : {})),
    );
    await choose(el, "perplexity");
    const missing = get(el, "sw-heat-0-1");
    expect(missing.textContent).toBe("–");
    expect(missing.dataset["side"]).toBe("missing");
    expect(missing.getAttribute("aria-label")).toContain("missing, failed");
    expect(get(el, "sw-heat-1-0").getAttribute("aria-label")).toContain("mean of 1 of 2 samples");
    await choose(el, "kl");
    expect(get(el, "sw-heat-0-0").textContent).toBe("–");
  });

  test("leads to the text of a cell that is done", async () => {
    const { el, page } = await draw(batch((i) => (i === 6 ? { state: "failed" } : {})));
    const show = vi.spyOn(page.results, "showCell");
    get(el, "sw-heat-1-1").click();
    expect(show).toHaveBeenCalledWith(7);
    get(el, "sw-heat-0-0").click();
    expect(show).toHaveBeenLastCalledWith(0);
  });

  test("is one stop of the tab key and is walked with arrows", async () => {
    const { el } = await draw(batch());
    const stops = () =>
      [...get(el, "sw-heatmap").querySelectorAll("button")].filter(({ tabIndex }) => tabIndex === 0);
    expect(stops().map(({ dataset }) => dataset["at"])).toEqual(["0-0"]);
    get(el, "sw-heat-0-0").focus();
    for (const name of ["ArrowDown", "ArrowRight"]) {
      document.activeElement?.dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true }));
      await settle();
    }
    expect((document.activeElement as HTMLElement).dataset["at"]).toBe("1-1");
    expect(stops().map(({ dataset }) => dataset["at"])).toEqual(["1-1"]);
  });

  test("compares with the baseline where that says something", async () => {
    const { el } = await draw(batch());
    const compare = () => get<HTMLInputElement>(el, "sw-summary-relative");
    expect(compare().disabled).toBe(true);
    await choose(el, "n_tokens");
    expect(compare().disabled).toBe(false);
    expect(get(el, "sw-heat-0-1").textContent).toBe("12");
    compare().click();
    await settle();
    expect(get(el, "sw-heat-0-1").textContent).toBe("0");
    await choose(el, "perplexity");
    expect(get(el, "sw-heat-0-0").textContent).toBe("×1.00");
    expect(get(el, "sw-heat-0-1").textContent).toBe(`×${Math.sqrt((12 * 13) / (10 * 11)).toFixed(2)}`);
  });

  test("fills as cells end, and keeps its cells the same nodes", async () => {
    const { el, host } = await draw(
      batch((i) => (i < 2 ? {} : { state: "running", measures: NOTHING_MEASURED })),
    );
    await choose(el, "perplexity");
    const button = get(el, "sw-heat-0-1");
    expect(button.textContent).toBe("–");
    const done = cell(2, scored({ perplexity: 20 }));
    host.say(delta(2, "r", { cells: [{ index: 2, append: "", n_tokens: 12, done }] }));
    await settle();
    expect(get(el, "sw-heat-0-1")).toBe(button);
    expect(button.textContent).toBe("20.0");
    expect(button.getAttribute("aria-label")).toContain("mean of 1 of 2 samples");
  });

  test("has its numbers in a table behind a disclosure", async () => {
    const { el } = await draw(batch((i) => (i < 2 ? { state: "failed" } : {})));
    await choose(el, "perplexity");
    expect(get(el, "sw-heatmap-data").querySelector("table")).toBeNull();
    const details = get<HTMLDetailsElement>(el, "sw-heatmap-data");
    details.open = true;
    details.dispatchEvent(new Event("toggle"));
    await settle();
    const rows = [...details.querySelectorAll("tr")].map((row) =>
      [...row.children].map((one) => one.textContent),
    );
    expect(rows).toEqual([
      ["Prompt", "the baseline", "war +70"],
      ["First prompt", "–missing", "12.5"],
      ["Second prompt", "14.5", "16.5"],
    ]);
  });
});

/** One prompt, baseline and a sweep of one feature, with another one that has no text yet. */
function sweep(change: (index: number) => Partial<CellView> = () => ({})): RunView {
  const steerings = [...SWEEP, ...STRENGTHS.map((strength) => steering(edit(180, strength, "love")))];
  return runView("r", 0, {
    steerings,
    cells: steerings.map((_, i) =>
      cell(i, {
        ...(i > 3
          ? {}
          : scored({
              kl_mean: i === 0 ? null : 0.5 * i,
              perplexity: 10 * (i + 1),
              flags: i === 3 ? ["over_steered"] : [],
            })),
        ...change(i),
      }),
    ),
  });
}

const points = (el: HTMLElement, chart: string): Element[] => [
  ...get(el, chart).querySelectorAll('[role="button"]'),
];

describe("curves", () => {
  test("are four, each with a point for what is there, said in words", async () => {
    const { el } = await draw(sweep());
    for (const id of ["kl", "perplexity", "activation", "repetition"]) get(el, `sw-curve-${id}`);
    expect(points(el, "sw-curve-kl").map((point) => point.getAttribute("aria-label"))).toEqual([
      "war −60: KL divergence 0.50. Show the text.",
      "war 0: KL divergence 1.00. Show the text.",
      "war +60: KL divergence 1.50. Show the text.",
    ]);
    expect(points(el, "sw-curve-activation")).toHaveLength(0);
  });

  test("have a gap where a text was not measured", async () => {
    const { el } = await draw(sweep((i) => (i === 2 ? { measures: NOTHING_MEASURED } : {})));
    expect(points(el, "sw-curve-kl")).toHaveLength(2);
    const line = get(el, "sw-line-kl-0").querySelector(".sw-curve")?.getAttribute("d") ?? "";
    expect(line.match(/M/g)).toHaveLength(2);
  });

  test("lead to their texts by pointer and keyboard", async () => {
    const { el, page } = await draw(sweep());
    const show = vi.spyOn(page.results, "showCell");
    const point = get(el, "sw-point-kl-0-1");
    point.dispatchEvent(new MouseEvent("click", { bubbles: true }));
    expect(show).toHaveBeenLastCalledWith(2);
    point.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
    expect(show).toHaveBeenCalledTimes(2);
  });

  test("tell lines apart by shape as well as colour", async () => {
    const { el } = await draw(sweep((i) => (i > 3 ? scored({ kl_mean: 1 }) : {})));
    const shapes = [0, 1].map((line) =>
      get(el, `sw-point-kl-${line}-0`).querySelector(".sw-point")?.getAttribute("d"),
    );
    expect(shapes[0]).not.toBe(shapes[1]);
    const legend = [...get(el, "sw-curves-legend").querySelectorAll("li")];
    expect(legend.map((item) => item.textContent)).toEqual(["war", "love", "Baseline", "Over-steered"]);
    expect(
      legend.slice(0, 2).map((item) => item.querySelector(".sw-point")?.getAttribute("d")),
    ).not.toContain(null);
  });

  test("draw the baseline where it was measured, the zone of too large strengths, and where all hold together", async () => {
    const { el, page } = await draw(
      sweep(),
      card(523, "war", { band: { onset: 5, iso_kl: 12, collapse: 60, points: [] } }),
      card(180, "love", { band: { onset: 10, iso_kl: 20, collapse: null, points: [] } }),
    );
    expect(find(get(el, "sw-curve-perplexity"), "sw-curve-baseline")).not.toBeNull();
    expect(find(get(el, "sw-curve-kl"), "sw-curve-baseline")).toBeNull();
    expect(find(get(el, "sw-curve-kl"), "sw-curve-zone")).not.toBeNull();
    const x = strengthAxis(STRENGTHS, [0, 1], null);
    const band = get(el, "sw-curve-kl").querySelector<SVGRectElement>('[data-testid="sw-curve-band"]');
    const lowest = Math.min(...STRENGTHS);
    expect(Number(band?.getAttribute("width"))).toBeGreaterThan(0);
    expect(x.at(10)).toBeGreaterThan(x.at(lowest));
    expect(get(el, "sw-curves-legend").textContent).toContain("Coherent");
    page.store.ui.learn(
      [card(180, "love", { band: { onset: 70, iso_kl: 80, collapse: null, points: [] } })],
      "",
    );
    await settle();
    expect(find(get(el, "sw-curve-kl"), "sw-curve-band")).toBeNull();
  });

  test("show a point's numbers beside it while it has the focus", async () => {
    const { el } = await draw(sweep());
    expect(find(el, "sw-tip")).toBeNull();
    get(el, "sw-point-perplexity-0-2").dispatchEvent(new FocusEvent("focus"));
    await settle();
    expect(get(el, "sw-tip").textContent).toBe("war+60Perplexity 40.0");
    get(el, "sw-point-perplexity-0-2").dispatchEvent(
      new KeyboardEvent("keydown", { key: "Escape", bubbles: true }),
    );
    await settle();
    expect(find(el, "sw-tip")).toBeNull();
  });

  test("say of how many texts a mean is", async () => {
    const run = sweep();
    const twice = {
      ...run,
      samples: 2,
      cells: run.steerings.flatMap((_, i) => [0, 1].map((s) => cell(2 * i + s, scored({ kl_mean: i + s })))),
    };
    const { el } = await draw(twice);
    expect(get(el, "sw-point-kl-0-0").getAttribute("aria-label")).toBe(
      "war −60: KL divergence 1.50, mean of 2 texts. Show the text.",
    );
    expect(get(el, "sw-line-kl-0").querySelectorAll(".sw-curve-dot")).toHaveLength(6);
    expect(el.textContent).toContain("mean over 2 texts (1 prompt × 2 samples)");
  });
});

describe("a table", () => {
  test("is what a run of two columns gets, with dashes for what is missing", async () => {
    const steerings = PAIR;
    const cells = [
      cell(0, scored({ perplexity: 6 })),
      cell(1, scored({ perplexity: 14, kl_mean: 0.3, flags: ["looping"] })),
    ];
    const { el, page } = await draw(runView("r", 0, { steerings, cells }));
    const rows = [...get(el, "sw-summary-table").querySelectorAll("tbody tr")].map((row) =>
      [...row.children].map((one) => one.textContent),
    );
    expect(rows).toEqual([
      ["Baseline", "–missing", "6.00", "–missing", "–missing", "–missing", "12", "none"],
      ["war+70", "0.30", "14.0", "–missing", "–missing", "–missing", "12", "looping"],
    ]);
    const show = vi.spyOn(page.results, "showCell");
    get(el, "sw-summary-column-1").click();
    expect(show).toHaveBeenCalledWith(1);
  });

  test("can be chosen instead of a picture, and the choice is kept", async () => {
    const { el, page } = await draw(batch());
    get(el, "sw-summary-kind-table").click();
    await settle();
    expect(get(el, "sw-summary").dataset["kind"]).toBe("table");
    expect(page.summary.kind.value).toBe("table");
    expect(get(el, "sw-summary-table").textContent).toContain("Means over 4 texts");
  });
});

test("labels and prompts are text, whatever stands in them", async () => {
  const nasty = "<img src=x onerror=alert(1)>";
  const edits: SelectedEdit[] = STRENGTHS.map((strength) => edit(5, strength, nasty));
  const steerings = edits.map((one) => steering(one));
  const cells = Array.from({ length: 6 }, (_, i) => cell(i, scored({ kl_mean: 1, perplexity: 2 })));
  const { el } = await draw(runView("r", 0, { prompts: [nasty, "b"], steerings, cells }));
  expect(get(el, "sw-curves-legend").textContent).toContain(nasty);
  get(el, "sw-summary-kind-heatmap").click();
  await settle();
  expect(get(el, "sw-heatmap").textContent).toContain(nasty);
  expect(el.querySelector("img")).toBeNull();
});
