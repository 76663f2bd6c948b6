import { afterEach, describe, expect, test } from "vitest";
import type { CellView, Measures } from "../src/protocol.gen";
import { card, cell, delta, NOTHING_MEASURED, runView, snapshot, steering } from "./host";
import { chosen, edit, find, get, type Mounted, mount, press, sent, settle } from "./mount";

const SCORED: Measures = {
  ...NOTHING_MEASURED,
  dose: 0.412,
  flags: ["looping"],
  kl_mean: 0.29,
  kl_p95: 1.31,
  kl_max: 4.02,
  perplexity: 14.61,
  repetition: 0.12,
  distinct_1: 0.75,
  distinct_2: 0.97,
  activations: [{ index: 523, sae: "demo", mean: 5.44, max: 22.7 }],
  off_target: [{ index: 618, sae: "demo", shift: -2.1 }],
};

let page: Mounted | null = null;
afterEach(() => {
  page?.close();
  page = null;
});

/** A run of baseline and one column, whose second cell has ended but is not measured yet. */
async function ended(change: Partial<CellView> = {}): Promise<Mounted> {
  page = await mount(chosen(edit(523, 70, "war")));
  const cells = [
    cell(0),
    cell(1, {
      state: "done",
      finish: "length",
      text: " the war",
      n_tokens: 2,
      measures: { ...NOTHING_MEASURED, dose: 0.412 },
      ...change,
    }),
  ];
  page.host.say(
    snapshot(1, runView("r", 2, { steerings: [steering(), steering(edit(523, 70, "war"))], cells })),
  );
  await settle();
  return page;
}

/** The kernel's second word on a cell: the same text, now with its measures. */
async function measured({ host }: Mounted, measures: Measures): Promise<void> {
  const done = cell(1, { state: "done", finish: "length", text: " the war", n_tokens: 2, measures });
  host.say(delta(2, "r", { cells: [{ index: 1, append: "", n_tokens: 2, done }] }));
  await settle();
}

describe("measures that come after the text", () => {
  test("fill their places and leave the text the node it was", async () => {
    const opened = await ended();
    const { el } = opened;
    const places = () => get(el, "sw-cell-1").querySelectorAll(".sw-place").length;
    const text = get(el, "sw-cell-text-1").firstChild;
    const before = places();
    expect(get(el, "sw-dose").textContent).toBe("dose 0.41");
    for (const absent of ["kl", "perplexity", "activation", "similarity"])
      expect(find(el, `sw-${absent}`)).toBeNull();
    await measured(opened, SCORED);
    expect(get(el, "sw-kl").textContent).toBe("KL 0.29");
    expect(get(el, "sw-perplexity").textContent).toBe("ppl 14.6");
    expect(get(el, "sw-activation").textContent).toBe("fires 5.44");
    expect(get(el, "sw-cell-text-1").firstChild).toBe(text);
    expect(get(el, "sw-cell-text-1").textContent).toBe(" the war");
    expect(places()).toBe(before);
  });

  test("leave out the divergence of an unsteered text from itself", async () => {
    const opened = await ended();
    await measured(opened, { ...SCORED, kl_mean: 0, kl_p95: 0, kl_max: 0 });
    expect(find(opened.el, "sw-kl")).toBeNull();
    expect(get(opened.el, "sw-perplexity").textContent).toBe("ppl 14.6");
  });

  test("are places in every cell, the same for the baseline and for cells that wait", async () => {
    const { el } = await ended();
    const [waiting, done] = [0, 1].map((i) => get(el, `sw-cell-${i}`).querySelectorAll(".sw-place").length);
    expect(waiting).toBe(done);
  });
});

test("badges tell on pointing what they mean, with the numbers that have no badge", async () => {
  const opened = await ended();
  await measured(opened, SCORED);
  expect(get(opened.el, "sw-kl").title).toContain("mean 0.29, 95th percentile 1.31, maximum 4.02");
  expect(get(opened.el, "sw-kl").title).toContain("next-token probabilities");
  expect(get(opened.el, "sw-perplexity").title).toContain(
    "repeated 12 %, different tokens 75 %, different pairs 97 %",
  );
});

test("pressed, they stand below the row in full, with what else has moved, by its label", async () => {
  const opened = await ended();
  const { host, el } = opened;
  await measured(opened, SCORED);
  const button = get(el, "sw-measures-1");
  expect(button.getAttribute("aria-expanded")).toBe("false");
  await press(el, "sw-measures-1");
  expect(button.getAttribute("aria-expanded")).toBe("true");
  const panel = get(el, "sw-measure-details-1");
  expect(button.getAttribute("aria-controls")).toBe(panel.id);
  for (const words of ["war +70", "maximum 4.02", "mean 5.44, maximum 22.7", "repeated 12 %"])
    expect(panel.textContent).toContain(words);
  await sent(host, "Search", 2);
  expect(host.last("Search").command.text).toBe("618");
  host.answer("Search", { type: "Found", cards: [card(618, "World War")] });
  await settle();
  expect(get(el, "sw-off-target").textContent).toMatch(/−2\.10.*618.*World War/);
  await press(el, "sw-measures-1");
  expect(find(el, "sw-measure-details-1")).toBeNull();
});

test("a cell on which nothing was measured has nothing to press and no badge", async () => {
  const { el } = await ended({ measures: NOTHING_MEASURED });
  expect(find(el, "sw-measures-1")).toBeNull();
  expect(get(el, "sw-cell-1").querySelector(".sw-badge")).toBeNull();
  expect(get(el, "sw-cell-1").textContent).toContain("full length");
});

describe("flags", () => {
  test.each([
    ["empty", "empty", "There is no text"],
    ["looping", "looping", "The text repeats itself from some point on."],
    ["over_steered", "over-steered", "so large next to the hidden state"],
    ["diverged", "diverged", "no longer a finite number"],
  ] as const)("%s is a word with a meaning", async (flag, word, means) => {
    const { el } = await ended({ measures: { ...NOTHING_MEASURED, flags: [flag] } });
    const shown = get(el, `sw-flag-${flag}`);
    expect(shown.textContent).toMatch(new RegExp(`^${word}`));
    expect(shown.title).toContain(means);
    expect(shown.textContent).toContain(means); // for those who cannot point
    expect(shown.querySelector("svg")).not.toBeNull();
  });

  test("a cell that diverged says so once, whichever way it is told", async () => {
    const { el } = await ended({
      finish: "diverged",
      measures: { ...NOTHING_MEASURED, flags: ["over_steered"] },
    });
    expect(el.querySelectorAll('[data-testid="sw-flag-diverged"]')).toHaveLength(1);
    expect(find(el, "sw-flag-over_steered")).not.toBeNull();
  });
});
