import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { CellView, FoundFiring, FoundScored, RunView, TokenMeasures } from "../src/protocol.gen";
import { card, cell, invalid, NOTHING_MEASURED, runView, snapshot, steering } from "./host";
import { chosen, edit, find, get, key, type Mounted, mount, press, sent, settle } from "./mount";
import { see } from "./sight";

const TEXTS = [" I", " saw", " a", " soldier", "."];
const MEASURED = { ...NOTHING_MEASURED, perplexity: 3 };
const TOKENS: TokenMeasures = {
  texts: TEXTS,
  kl: [],
  surprise: [1, 2, 3, 4, 5],
  activations: [],
  alternatives: [],
};
const FIRING: FoundFiring = {
  type: "FoundFiring",
  features: [
    { index: 7, max_act: 12, mean_act: 3, token: 3 },
    { index: 5, max_act: 24, mean_act: 1, token: 3 },
  ],
  cards: [card(5, "people", { density: 0.25 }), card(7, "<b>armies</b>", { density: 0.01 })],
  tokens: TEXTS.map((text, token_id) => ({ text, token_id, is_special: false })),
};
const APART: FoundScored = {
  type: "FoundScored",
  sae: "",
  features: [
    { index: 7, score: 2.5 },
    { index: 5, score: -1.25 },
  ],
  cards: FIRING.cards,
};

let page: Mounted | null = null;
beforeEach(() => see());
afterEach(() => {
  page?.close();
  page = null;
});

const done = (index: number): CellView =>
  cell(index, { state: "done", text: TEXTS.join(""), n_tokens: 5, measures: MEASURED });

async function opened(change: Partial<RunView> = {}, cells = [done(0), done(1)]): Promise<Mounted> {
  page = await mount(chosen(edit(523)));
  const steerings = [steering(), steering(edit(523))];
  page.host.say(snapshot(1, runView("r1", 2, { state: "done", steerings, cells, ...change })));
  await settle();
  await settle();
  return page;
}

/** Answers for the tokens of texts that are read now. */
async function read({ host }: Mounted): Promise<void> {
  await sent(host, "ReadCells");
  const { run, cells } = host.last("ReadCells").command;
  host.answer("ReadCells", {
    type: "CellsRead",
    run,
    cells: cells.map((index) => ({ index, tokens: TOKENS })),
  });
  await settle();
  await settle();
}

const token = (el: HTMLElement, at: number, box = "sw-cell-text-1"): HTMLElement => {
  const found = get(el, box).querySelector<HTMLElement>(`[data-token="${at}"]`);
  if (found === null) throw new Error(`token ${at} is not drawn`);
  return found;
};

const marked = (el: HTMLElement, box = "sw-cell-text-1"): string[] =>
  [...get(el, box).querySelectorAll<HTMLElement>("[data-part]")].map(
    (one) => `${one.dataset["part"]}${one.dataset["token"]}`,
  );

async function pressToken(one: HTMLElement, shiftKey = false): Promise<void> {
  one.dispatchEvent(new MouseEvent("click", { bubbles: true, shiftKey }));
  await settle();
}

/** The whole text of cell 1 is asked about, and its tokens are drawn. */
async function whole(change: Partial<RunView> = {}): Promise<Mounted> {
  const mounted = await opened(change);
  await press(mounted.el, "sw-fires-in-1");
  await read(mounted);
  return mounted;
}

describe("what fires in a text", () => {
  test("is asked of all of it by the button, and its tokens are told apart meanwhile", async () => {
    const { host, el } = await whole();
    await sent(host, "FindAt");
    expect(host.last("FindAt").command.part).toEqual({ type: "CellPart", run: "r1", cell: 1, tokens: [] });
    expect(get(el, "sw-fires-waiting").textContent).toBe("Reading…");
    expect(marked(el)).toEqual(["a0", "a1", "a2", "a3", "a4"]);
    expect(document.activeElement).toBe(get(el, "sw-token-panel"));
    host.answer("FindAt", FIRING);
    await settle();
    const items = [...get(el, "sw-fires").children].map((one) => (one as HTMLElement).dataset["testid"]);
    expect(items).toEqual(["sw-fires-7", "sw-fires-5"]);
    expect(get(el, "sw-fires-7").textContent).toContain("<b>armies</b>");
    expect(get(el, "sw-fires-7").textContent).toContain("fires on 1 %");
    expect(get(el, "sw-fires-5").textContent).toContain("so often that it says little");
  });

  test("is asked of the token that is pressed, and of a stretch with Shift", async () => {
    const { host, el } = await whole();
    await sent(host, "FindAt");
    await pressToken(token(el, 3));
    await sent(host, "FindAt", 2);
    expect(host.last("FindAt").command.part.tokens).toEqual([3]);
    expect(get(el, "sw-token-panel").querySelector(".sw-mark")?.textContent).toBe("soldier");
    await pressToken(token(el, 1), true);
    await sent(host, "FindAt", 3);
    expect(host.last("FindAt").command.part.tokens).toEqual([1, 2, 3]);
    expect(marked(el)).toEqual(["a1", "a2", "a3"]);
    await pressToken(token(el, 4), true);
    expect(marked(el)).toEqual(["a3", "a4"]);
  });

  test("is asked by keyboard: Enter marks, Shift and arrows widen without leaving the text", async () => {
    const { host, el } = await whole();
    token(el, 0).focus();
    for (const name of ["ArrowRight", "ArrowRight", "Enter"]) {
      document.activeElement?.dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true }));
      await settle();
    }
    expect(marked(el)).toEqual(["a2"]);
    expect(document.activeElement).toBe(get(el, "sw-token-panel"));
    const n = host.of("FindAt").length;
    token(el, 2).focus();
    for (let i = 0; i < 2; i += 1)
      document.activeElement?.dispatchEvent(
        new KeyboardEvent("keydown", { key: "ArrowRight", shiftKey: true, bubbles: true }),
      );
    await settle();
    expect(document.activeElement).toBe(token(el, 4));
    expect(marked(el)).toEqual(["a2", "a3", "a4"]);
    await sent(host, "FindAt", n + 1); // a stretch that grows is asked about once it rests
    expect(host.last("FindAt").command.part.tokens).toEqual([2, 3, 4]);
  });

  test("adds a feature as a search does, and shows its card", async () => {
    const { host, el } = await whole();
    await sent(host, "FindAt");
    host.answer("FindAt", FIRING);
    await settle();
    await press(el, "sw-fires-7-add");
    await sent(host, "SetSelection");
    expect(host.last("SetSelection").command.selection.edits.map(({ feature }) => feature)).toMatchObject([
      { index: 523 },
      { index: 7, label: "<b>armies</b>" },
    ]);
    expect(get(el, "sw-fires-7").textContent).toContain("selected");
    await press(el, "sw-fires-5-details");
    expect(get(get(el, "sw-fires-5"), "sw-feature-details").textContent).toContain("25 %");
  });

  test("closes by Escape: marks go, the text is plain again, and the focus goes back", async () => {
    const { el } = await whole();
    get(el, "sw-fires-in-1").focus();
    await press(el, "sw-fires-in-1");
    await key(el, "sw-token-panel", "Escape");
    await settle();
    expect(find(el, "sw-token-panel")).toBeNull();
    expect(get(el, "sw-cell-text-1").childNodes).toHaveLength(1);
    expect(document.activeElement).toBe(get(el, "sw-fires-in-1"));
  });

  test("says of a text that is still written why not yet, and asks once it has ended", async () => {
    const running = cell(1, { state: "running", text: " I saw", n_tokens: 2 });
    const { host, el } = await opened({ state: "running" }, [done(0), running]);
    await press(el, "sw-fires-in-1");
    expect(get(el, "sw-panel-problem").textContent).toContain("still being written");
    expect(host.of("FindAt")).toHaveLength(0);
    host.say(
      snapshot(
        2,
        runView("r1", 2, {
          state: "done",
          steerings: [steering(), steering(edit(523))],
          cells: [done(0), done(1)],
        }),
      ),
    );
    await settle();
    await sent(host, "FindAt");
    expect(find(el, "sw-panel-problem")).toBeNull();
  });

  test("tells an error, and asks again", async () => {
    const { host, el } = await whole();
    await sent(host, "FindAt");
    host.refuse("FindAt", { ...invalid("", "", ""), message: "This SAE came without an encoder." });
    await settle();
    expect(get(el, "sw-fires-error").textContent).toContain("without an encoder");
    await press(el, "sw-fires-again");
    await sent(host, "FindAt", 2);
    host.answer("FindAt", { ...FIRING, features: [] });
    await settle();
    expect(get(el, "sw-token-panel").textContent).toContain("No feature fires here");
  });

  test("is all of the text where its tokens were never measured", async () => {
    const mounted = await opened();
    const { host, el } = mounted;
    await press(el, "sw-fires-in-1");
    await sent(host, "ReadCells");
    host.answer("ReadCells", { type: "CellsRead", run: "r1", cells: [] });
    await settle();
    await sent(host, "FindAt");
    expect(host.last("FindAt").command.part.tokens).toEqual([]);
    expect(get(el, "sw-cell-text-1").textContent).toBe(TEXTS.join(""));
  });
});

describe("what tells texts apart", () => {
  test("is asked against the baseline in one press, signed, each side in its colour", async () => {
    const { host, el } = await whole();
    expect(find(el, "sw-apart-0")).toBeNull();
    await press(el, "sw-apart-1");
    await sent(host, "FindContrast");
    expect(host.last("FindContrast").command).toMatchObject({
      a: [{ cell: 1, tokens: [] }],
      b: [{ cell: 0, tokens: [] }],
    });
    await read(page as Mounted);
    expect(marked(el, "sw-cell-text-0")).toContain("b0");
    host.answer("FindContrast", APART);
    await settle();
    expect(get(el, "sw-fires-7").dataset["side"]).toBe("a");
    expect(get(el, "sw-fires-7").textContent).toContain("+2.50");
    expect(get(el, "sw-fires-5").dataset["side"]).toBe("b");
    expect(get(el, "sw-fires-5").textContent).toContain("−1.25");
  });

  test("is asked of a token too", async () => {
    const { host, el } = await whole();
    await pressToken(token(el, 3));
    await press(el, "sw-against-baseline");
    await sent(host, "FindContrast");
    expect(host.last("FindContrast").command).toMatchObject({ a: [{ tokens: [3] }], b: [{ tokens: [] }] });
  });

  test("is asked of two stretches: the next one that is pressed is the second", async () => {
    const { host, el } = await whole();
    await pressToken(token(el, 3));
    await press(el, "sw-compare-with");
    expect(get(el, "sw-picking").textContent).toContain("compared with");
    await pressToken(token(el, 0));
    await pressToken(token(el, 1), true);
    await sent(host, "FindContrast");
    expect(marked(el)).toEqual(["b0", "b1", "a3"]);
    expect(host.last("FindContrast").command).toMatchObject({
      a: [{ tokens: [3] }],
      b: [{ tokens: [0, 1] }],
    });
    await pressToken(token(el, 2));
    expect(marked(el)).toEqual(["a2"]);
  });

  test("is called off by Escape, and what was marked first stays", async () => {
    const { el } = await whole();
    await press(el, "sw-compare-with");
    token(el, 0).dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
    await settle();
    expect(find(el, "sw-picking")).toBeNull();
    expect(marked(el)).toHaveLength(5);
  });

  test("has no quick way without a baseline", async () => {
    const { el } = await whole({ steerings: [steering(edit(5)), steering(edit(523))] });
    expect(find(el, "sw-against-baseline")).toBeNull();
  });
});

describe("tokens of a prompt", () => {
  const READ = {
    type: "TokensRead" as const,
    tokens: ["Yesterday", " I", " went"].map((text, token_id) => ({ text, token_id, is_special: false })),
    steered: [[0, 1, 2]],
  };

  test("are pressed too, and are let go when the prompt is another", async () => {
    const { host, el } = await opened();
    await press(el, "sw-tokens-toggle-0");
    await sent(host, "ReadTokens");
    host.answer("ReadTokens", READ);
    await settle();
    await pressToken(token(el, 1, "sw-tokens-0"));
    await sent(host, "FindAt");
    expect(host.last("FindAt").command.part).toEqual({
      type: "PromptPart",
      prompt: "Yesterday I went for a walk and",
      chat: false,
      tokens: [1],
    });
    expect(marked(el, "sw-tokens-0")).toContain("a1");
    host.set("prompts", ["Another prompt"]);
    await settle();
    expect(find(el, "sw-token-panel")).toBeNull();
  });
});
