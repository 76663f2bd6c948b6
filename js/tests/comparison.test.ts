// Two past runs side by side.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { align, differences, textPairs } from "../src/comparison";
import { DEFAULT_GENERATION } from "../src/defaults";
import type { PastRun, RunView } from "../src/protocol.gen";
import { ago, exactly } from "../src/when";
import { cell, invalid, runView, steering } from "./host";
import { edit, find, get, type Mounted, mount, press, settle } from "./mount";
import { openHistory, past } from "./past";

let page: Mounted;

const words = (testId: string): string => get(page.el, testId).textContent ?? "";
const shownRuns = (): (string | undefined)[] =>
  [...page.el.querySelectorAll<HTMLElement>(".sw-past")].map((row) => row.dataset["testid"]);

beforeEach(async () => {
  page = await mount();
});

afterEach(() => page.close());

const view = (id: string, texts: string[], change: Partial<RunView> = {}): RunView =>
  runView(id, texts.length, {
    state: "done",
    steerings: [steering(), ...texts.slice(1).map((_, i) => steering(edit(i, 70, `label ${i}`)))],
    cells: texts.map((text, i) => cell(i, { state: "done", text })),
    ...change,
  });

describe("comparing", () => {
  async function compareTwo(left: RunView, right: RunView): Promise<void> {
    await press(page.el, "sw-past-mark-new");
    await press(page.el, "sw-past-mark-old");
    await press(page.el, "sw-history-compare");
    for (const { id, command } of page.host.of("ReadRun"))
      page.host.say({
        type: "Reply",
        id,
        error: null,
        result: { type: "RunRead", run: command.run === "old" ? left : right },
      });
    await settle();
  }

  beforeEach(async () => {
    await openHistory(page, [
      past("third"),
      past("new", { created_at: "2026-02-01T00:00:00+00:00" }),
      past("old", { created_at: "2026-01-01T00:00:00+00:00" }),
    ]);
  });

  it("takes two, the last two that were marked", async () => {
    expect(get<HTMLButtonElement>(page.el, "sw-history-compare").disabled).toBe(true);
    await press(page.el, "sw-past-mark-third");
    expect(words("sw-history-marked")).toContain("one more");
    await press(page.el, "sw-past-mark-new");
    await press(page.el, "sw-past-mark-old");
    expect(get<HTMLInputElement>(page.el, "sw-past-mark-third").checked).toBe(false);
    await press(page.el, "sw-history-compare");
    expect(page.host.of("ReadRun").map(({ command }) => command.run)).toEqual(["old", "new"]);
  });

  it("lists only what differs, and marks words that do", async () => {
    await compareTwo(
      view("old", [" the same", " I saw a dog"], { generation: { ...DEFAULT_GENERATION, seed: 1 } }),
      view("new", [" the same", " I saw <b>two</b> dogs"], {
        generation: { ...DEFAULT_GENERATION, seed: 2 },
      }),
    );
    expect(words("sw-differences")).toBe("Settings that differDiffersOlderNewerSeed12");
    expect(words("sw-compared-0")).toContain("The same text.");
    const pair = get(page.el, "sw-compared-1");
    const [left, right] = [...pair.querySelectorAll(".sw-compared-text")];
    expect([left?.textContent, right?.textContent]).toEqual(["I saw a dog", "I saw <b>two</b> dogs"]);
    expect(left?.querySelector("del")?.textContent?.trim()).toBe("a dog");
    expect(right?.querySelector("ins")?.textContent?.trim()).toBe("<b>two</b> dogs");
    expect(left?.querySelector("ins")).toBeNull();
    await press(page.el, "sw-comparison-back");
    expect(shownRuns()).toHaveLength(3);
  });

  it("says so where all settings are the same", async () => {
    await compareTwo(view("old", [" x"]), view("new", [" y"]));
    expect(words("sw-differences")).toContain("same settings");
  });

  it("says what one run lacks", async () => {
    await compareTwo(view("old", [" x", " y"]), view("new", [" x"]));
    expect(words("sw-differences")).toContain("label 0 +70");
    expect(words("sw-compared-1")).toContain("Not in this run.");
  });

  it("shows what could not be read", async () => {
    await press(page.el, "sw-past-mark-new");
    await press(page.el, "sw-past-mark-old");
    await press(page.el, "sw-history-compare");
    for (const { id } of page.host.of("ReadRun"))
      page.host.say({ type: "Reply", id, error: invalid("run", "'new'", "the id of a run"), result: null });
    await settle();
    expect(words("sw-history-error")).toContain("the id of a run");
    expect(find(page.el, "sw-comparison")).toBeNull();
  });
});

describe("which texts belong together", () => {
  it("pairs equal ones first, wherever they stand, then those that are alike", () => {
    const pairs = align(
      [
        ["a", "x"],
        ["b", "y"],
        ["c", "z"],
      ],
      [
        ["c", "z"],
        ["b2", "y"],
        ["d", "w"],
      ],
    );
    expect(pairs).toEqual([
      { left: 0, right: null, isSame: false },
      { left: 1, right: 1, isSame: false },
      { left: 2, right: 0, isSame: true },
      { left: null, right: 2, isSame: false },
    ]);
  });

  it("takes a column that names the defaults for the one that leaves them out", () => {
    const [plain, full] = [
      edit(3, 5, "", { unit: null, method: null, positions: null }),
      edit(3, 5, "", { method: "add", skip_special: false }),
    ];
    const [a, b] = [view("a", [" x"]), view("b", [" x"])];
    const left = { ...a, steerings: [steering(plain)] };
    const right = { ...b, steerings: [{ edits: [full], preserve_norm: false }] };
    expect(differences({ runs: [past("a"), past("b")], views: [left, right] })).toEqual([]);
  });

  it("puts texts of prompts that differ beside each other, sample by sample", () => {
    const texts = ["00", "01", "10", "11"];
    const cells = texts.map((text, i) => cell(i, { text }));
    const two = { steerings: [steering()], samples: 2, cells };
    const left = runView("a", 4, { ...two, prompts: ["p", "q"] });
    const right = runView("b", 4, { ...two, prompts: ["q", "r"] });
    const pairs = textPairs(left, right).map((pair) => [pair.left, pair.right, pair.prompt.isSame]);
    expect(pairs).toEqual([
      ["00", "10", false],
      ["01", "11", false],
      ["10", "00", true],
      ["11", "01", true],
    ]);
  });

  it("names models, SAEs and samples that differ", () => {
    const runs: [PastRun, PastRun] = [past("a"), past("b", { saes: ["other"] })];
    const found = differences({ runs, views: [view("a", [" x"]), { ...view("b", [" x"]), samples: 2 }] });
    expect(found).toEqual([
      { name: "Model", left: "org/SmolLM2 + demo", right: "org/SmolLM2 + other" },
      { name: "Samples", left: "1", right: "2" },
    ]);
  });
});

describe("when", () => {
  const now = Date.parse("2026-01-10T12:00:00Z");
  it.each([
    ["2026-01-10T11:59:30Z", "just now"],
    ["2026-01-10T11:58:00Z", "2 minutes ago"],
    ["2026-01-10T09:00:00Z", "3 hours ago"],
    ["2026-01-09T11:00:00Z", "yesterday"],
    ["2026-01-01T00:00:00Z", ""],
    ["nonsense", ""],
  ])("%s is %s", (iso, text) => expect(ago(iso, now)).toBe(text));

  it("is told exactly, or as it stands", () => {
    expect(exactly("2026-01-10T12:00:00Z")).toContain("Jan 2026");
    expect(exactly("nonsense")).toBe("nonsense");
  });
});
