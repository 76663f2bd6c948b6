import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { CellTokens, Edit } from "../src/protocol.gen";
import { aRun, choose, ended, rest, show, TEXTS } from "./a_run";
import { delta, invalid, NOTHING_MEASURED, snapshot, steering } from "./host";
import { edit, find, get, type Mounted, press, settle } from "./mount";
import { see } from "./sight";

let page: Mounted;

beforeEach(() => see());
afterEach(() => {
  page.close();
  vi.unstubAllGlobals();
});

async function tick(testId: string): Promise<void> {
  await press(page.el, testId);
  await rest();
}

const text = (index: number): HTMLElement => get(page.el, `sw-cell-text-${index}`);
const marked = (index: number, what: "ins" | "del"): (string | null)[] =>
  [...text(index).querySelectorAll(what)].map((mark) => mark.textContent);
const tokensIn = (index: number): HTMLElement[] => [
  ...text(index).querySelectorAll<HTMLElement>("[data-token]"),
];

describe("differences from the baseline", () => {
  it("are marked in steered texts, and only the text can be copied", async () => {
    page = await show(aRun());
    expect(marked(1, "ins")).toEqual([]);
    await tick("sw-changes");
    expect(marked(1, "ins")).toEqual(["the soldiers"]);
    expect(marked(3, "ins")).toEqual(["to war"]);
    expect([marked(0, "ins"), marked(2, "ins")]).toEqual([[], []]);
    expect(text(1).textContent).toBe(TEXTS[1]);
    await tick("sw-removed");
    expect(marked(1, "del")).toEqual(["a man"]);
    await tick("sw-changes");
    expect(text(1).innerHTML).toBe(TEXTS[1]);
  });

  it("are not marked while a text or its baseline is being written", async () => {
    const writing = ended(1, { state: "running", finish: null });
    page = await show(
      aRun({ state: "running", cells: [ended(0), writing, { ...ended(2), state: "running" }, ended(3)] }),
    );
    await tick("sw-changes");
    expect(text(1).innerHTML).toBe(TEXTS[1]);
    expect(text(3).innerHTML).toBe(TEXTS[3]);
    page.host.say(delta(2, "r1", { cells: [{ index: 1, append: " More.", n_tokens: 5, done: null }] }));
    await rest();
    expect(text(1).innerHTML).toBe(`${TEXTS[1]} More.`);
    page.host.say(delta(3, "r1", { cells: [{ index: 1, append: "", n_tokens: 4, done: ended(1) }] }));
    await rest();
    expect(marked(1, "ins")).toEqual(["the soldiers"]);
  });

  it("cannot be marked without a baseline, and the reason is said", async () => {
    page = await show(aRun({ steerings: [steering(edit(7) as Edit), steering(edit(8) as Edit)] }));
    const box = get<HTMLInputElement>(page.el, "sw-changes");
    expect(box.disabled).toBe(true);
    const reason = document.getElementById(box.getAttribute("aria-describedby") ?? "");
    expect(reason?.textContent).toContain("no baseline");
  });

  it("are marked only where they are in sight", async () => {
    see((element) => element.getAttribute("data-testid") !== "sw-cell-text-3");
    page = await show(aRun());
    await tick("sw-changes");
    expect(marked(1, "ins")).toEqual(["the soldiers"]);
    expect(marked(3, "ins")).toEqual([]);
  });
});

const tokensOf = (index: number): CellTokens => {
  const texts = (TEXTS[index % TEXTS.length] ?? "").split(/(?= )/);
  return {
    index,
    tokens: {
      texts,
      kl: texts.map((_, i) => i / 2),
      surprise: texts.map((_, i) => 2 + i),
      activations: index % 2 === 0 ? [] : [texts.map((_, i) => 10 * i)],
      alternatives: texts.map((one) => [
        { token_id: 1, text: one, steered: 0.5, unsteered: 0.25 },
        { token_id: 2, text: " else", steered: 0.125, unsteered: 0.0001 },
      ]),
    },
  };
};

async function colour(by: string): Promise<void> {
  await choose(page.el, "sw-colour-by", by);
  await vi.waitFor(() => expect(page.host.of("ReadCells").length).toBeGreaterThan(0));
  const { run, cells } = page.host.last("ReadCells").command;
  page.host.answer("ReadCells", { type: "CellsRead", run, cells: cells.map(tokensOf) });
  await rest();
}

describe("colours of tokens", () => {
  it("are asked for once, and each token says its value", async () => {
    page = await show(aRun());
    expect(page.host.of("ReadCells")).toEqual([]);
    await colour("kl");
    expect(page.host.of("ReadCells").map(({ command }) => command)).toEqual([
      { type: "ReadCells", run: "r1", cells: [0, 1, 2, 3] },
    ]);
    expect(tokensIn(1).map((token) => token.getAttribute("aria-label"))).toEqual([
      "I, KL 0.00 nats",
      "saw, KL 0.50 nats",
      "the, KL 1.00 nats",
      "soldiers., KL 1.50 nats",
    ]);
    expect(text(1).textContent).toBe(TEXTS[1]);
    expect(get(page.el, "sw-legend").textContent).toContain("2 nats");
    await choose(page.el, "sw-colour-by", "surprise");
    expect(tokensIn(1)[0]?.getAttribute("aria-label")).toBe("I, surprise 2.00 nats");
    await choose(page.el, "sw-colour-by", "nothing");
    expect(text(1).innerHTML).toBe(TEXTS[1]);
    expect(find(page.el, "sw-legend")).toBeNull();
    expect(page.host.of("ReadCells")).toHaveLength(1);
  });

  it("go together with marks of differences", async () => {
    page = await show(aRun());
    await colour("kl");
    await tick("sw-changes");
    expect(marked(1, "ins")).toEqual(["the", "soldiers"].map((word, i) => (i === 0 ? word : ` ${word}`)));
    expect(tokensIn(1)).toHaveLength(4);
    expect(text(1).textContent).toBe(TEXTS[1]);
  });

  it("are asked for only where a text has ended and is in sight", async () => {
    see((element) => element.getAttribute("data-testid") !== "sw-cell-text-0");
    const cells = [ended(0), ended(1), ended(2, { state: "running" }), ended(3)];
    page = await show(aRun({ state: "running", cells }));
    await colour("kl");
    expect(page.host.last("ReadCells").command.cells).toEqual([1, 3]);
  });

  it("come in batches, one after the other", async () => {
    const n = 10;
    const cells = Array.from({ length: 2 * n }, (_, i) => ended(i));
    page = await show(aRun({ prompts: Array.from({ length: n }, (_, i) => `prompt ${i}`), cells }));
    await rest();
    await choose(page.el, "sw-colour-by", "kl");
    await vi.waitFor(() => expect(page.host.of("ReadCells")).toHaveLength(1));
    await rest();
    expect(page.host.of("ReadCells")).toHaveLength(1);
    expect(page.host.last("ReadCells").command.cells).toHaveLength(6);
    const first = page.host.last("ReadCells").command.cells;
    page.host.answer("ReadCells", { type: "CellsRead", run: "r1", cells: first.map(tokensOf) });
    await vi.waitFor(() => expect(page.host.of("ReadCells")).toHaveLength(2));
    expect(first).not.toEqual(expect.arrayContaining(page.host.last("ReadCells").command.cells));
  });

  it("that a text has not are said to be missing, whatever the reason", async () => {
    page = await show(aRun());
    await choose(page.el, "sw-colour-by", "activation");
    await vi.waitFor(() => expect(page.host.of("ReadCells")).toHaveLength(1));
    const nothing = { texts: [], kl: [], surprise: [], activations: [], alternatives: [] };
    const cells = [tokensOf(0), tokensOf(1), { index: 2, tokens: nothing }, tokensOf(3)];
    page.host.answer("ReadCells", { type: "CellsRead", run: "r1", cells });
    await rest();
    expect(get(page.el, "sw-token-note-0").textContent).toBe("no activation here");
    expect(get(page.el, "sw-token-note-1").textContent).toBe("full length");
    expect(get(page.el, "sw-token-note-2").textContent).toBe("no token measures");
    expect(tokensIn(1)[1]?.getAttribute("aria-label")).toBe("saw, activation 10.0");
  });

  it("that were refused can be asked for again", async () => {
    page = await show(aRun());
    await choose(page.el, "sw-colour-by", "kl");
    await vi.waitFor(() => expect(page.host.of("ReadCells")).toHaveLength(1));
    page.host.refuse("ReadCells", invalid("run", "r1", "a run that is kept"));
    await rest();
    expect(get(page.el, "sw-tokens-error").textContent).toContain("a run that is kept");
    expect(get(page.el, "sw-token-note-1").textContent).toBe("tokens not read");
    await press(page.el, "sw-tokens-again");
    await vi.waitFor(() => expect(page.host.of("ReadCells")).toHaveLength(2));
    page.host.answer("ReadCells", { type: "CellsRead", run: "r1", cells: [0, 1, 2, 3].map(tokensOf) });
    await rest();
    expect(tokensIn(1)).toHaveLength(4);
    expect(find(page.el, "sw-tokens-error")).toBeNull();
  });

  it("of a text that was written anew are its own", async () => {
    page = await show(aRun());
    await colour("kl");
    const again = ended(1, { text: " Another text." });
    page.host.say(snapshot(2, aRun({ cells: [ended(0), again, ended(2), ended(3)] })));
    await rest();
    expect(text(1).textContent).toBe(" Another text.");
    expect(tokensIn(1)).toEqual([]);
    await vi.waitFor(() => expect(page.host.of("ReadCells")).toHaveLength(2));
    expect(page.host.last("ReadCells").command.cells).toEqual([1]);
  });

  it("with several features are of the one that was chosen", async () => {
    const both = [edit(7, 70, "war") as Edit, edit(8, 20, "peace") as Edit];
    const activations = [7, 8].map((index) => ({ index, sae: "demo", mean: 1, max: 3 }));
    const cells = TEXTS.map((_, i) =>
      ended(i, { measures: { ...NOTHING_MEASURED, perplexity: 3, activations } }),
    );
    page = await show(aRun({ steerings: [steering(), steering(...both)], cells }));
    await choose(page.el, "sw-colour-by", "activation");
    await vi.waitFor(() => expect(page.host.of("ReadCells")).toHaveLength(1));
    const read = [0, 1, 2, 3].map((i) => {
      const { index, tokens } = tokensOf(i);
      return { index, tokens: { ...tokens, activations: [tokens.kl, tokens.surprise] } };
    });
    page.host.answer("ReadCells", { type: "CellsRead", run: "r1", cells: read });
    await rest();
    expect(tokensIn(1)[1]?.getAttribute("aria-label")).toBe("saw, activation 0.50");
    await choose(page.el, "sw-colour-feature", "demo:8");
    expect(tokensIn(1)[1]?.getAttribute("aria-label")).toBe("saw, activation 3.00");
    // A run without that feature is coloured by its own.
    page.host.say(snapshot(2, { ...aRun(), id: "r2" }));
    await rest();
    await vi.waitFor(() => expect(page.host.last("ReadCells").command.run).toBe("r2"));
    const { run, cells: asked } = page.host.last("ReadCells").command;
    page.host.answer("ReadCells", { type: "CellsRead", run, cells: asked.map(tokensOf) });
    await rest();
    expect(tokensIn(1)[1]?.getAttribute("aria-label")).toBe("saw, activation 10.0");
  });
});

describe("a token", () => {
  const focused = (): string | undefined => (document.activeElement as HTMLElement | null)?.dataset["token"];
  const pressKey = async (name: string) => {
    document.activeElement?.dispatchEvent(
      new KeyboardEvent("keydown", { key: name, bubbles: true, cancelable: true }),
    );
    await settle();
  };

  it("is reached by arrows, with one stop of the tab key for all of a text", async () => {
    page = await show(aRun());
    await colour("kl");
    const stops = () => tokensIn(1).map(({ tabIndex }) => tabIndex);
    expect(stops()).toEqual([0, -1, -1, -1]);
    tokensIn(1)[0]?.focus();
    await pressKey("ArrowRight");
    expect(focused()).toBe("1");
    await pressKey("End");
    expect(focused()).toBe("3");
    await pressKey("ArrowRight");
    expect(focused()).toBe("3");
    await pressKey("ArrowLeft");
    expect(focused()).toBe("2");
    expect(stops()).toEqual([-1, -1, 0, -1]);
    await pressKey("Home");
    expect(focused()).toBe("0");
  });

  it("tells its values and what could have come instead, and is described by that", async () => {
    page = await show(aRun());
    await colour("kl");
    tokensIn(1)[1]?.focus();
    await settle();
    const tip = get(page.el, "sw-token-tip");
    expect(document.activeElement?.getAttribute("aria-describedby")).toBe(tip.id);
    const words = tip.textContent ?? "";
    expect(words).toContain("·saw");
    expect(words).toContain("KL0.50 nats");
    expect(words).toContain("surprise3.00 nats");
    expect(words).toContain("war10.0");
    const rows = [...tip.querySelectorAll("tbody tr")].map((row) =>
      [...row.children].map((one) => one.textContent),
    );
    expect(rows).toEqual([
      ["·saw came", "50.0 %", "25.0 %"],
      ["·else", "12.5 %", "<0.1 %"],
    ]);
    await pressKey("Escape");
    expect(find(page.el, "sw-token-tip")).toBeNull();
  });

  it("tells features of one index apart by their SAE", async () => {
    const feature = { kind: "feature", index: 7, label: "peace", sae: "other" } as const;
    const edits = [edit(7, 70, "war"), { ...edit(7), feature }] as Edit[];
    const activations = ["demo", "other"].map((sae) => ({ index: 7, sae, mean: 1, max: 3 }));
    const cells = TEXTS.map((_, i) =>
      ended(i, { measures: { ...NOTHING_MEASURED, perplexity: 3, activations } }),
    );
    page = await show(aRun({ steerings: [steering(), steering(...edits)], cells }));
    await choose(page.el, "sw-colour-by", "kl");
    await vi.waitFor(() => expect(page.host.of("ReadCells")).toHaveLength(1));
    const read = [0, 1, 2, 3].map((i) => {
      const { index, tokens } = tokensOf(i);
      return { index, tokens: { ...tokens, activations: [tokens.kl, tokens.surprise] } };
    });
    page.host.answer("ReadCells", { type: "CellsRead", run: "r1", cells: read });
    await rest();
    tokensIn(1)[1]?.focus();
    await settle();
    const rows = [...get(page.el, "sw-token-tip").querySelectorAll("dl > div")].map((row) => row.textContent);
    expect(rows).toEqual(["KL0.50 nats", "surprise3.00 nats", "war0.50", "peace3.00"]);
    await press(page.el, "sw-measures-1");
    const told = get(page.el, "sw-measure-details-1").textContent;
    expect(told).toContain("war 7");
    expect(told).toContain("peace 7");
  });

  it("tells it to a pointer too", async () => {
    page = await show(aRun());
    await colour("kl");
    tokensIn(3)[2]?.dispatchEvent(new Event("pointerover", { bubbles: true }));
    await settle();
    expect(get(page.el, "sw-token-tip").textContent).toContain("·to");
  });
});
