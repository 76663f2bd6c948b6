import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { EMPTY_SELECTION } from "../src/defaults";
import { N_TOKENS, placed } from "../src/next_token";
import { openPage, type Page } from "../src/page";
import type { Alternative, NextTokenRead, SelectedEdit, Selection } from "../src/protocol.gen";
import { rowKeys } from "../src/rows";
import { pieces } from "../src/whitespace";
import { Answering } from "./answering";
import { invalid } from "./host";
import { chosen, edit, find, get, type Mounted, mount, press, READY, sent, settle, type } from "./mount";

const token = (token_id: number, text: string, unsteered: number, steered: number): Alternative => ({
  token_id,
  text,
  unsteered,
  steered,
});
const read = (tokens: Alternative[], kl = 0.25, dose = 0.4): NextTokenRead => ({
  type: "NextTokenRead",
  tokens,
  kl,
  dose,
});
const tick = (ms = 0) => vi.advanceTimersByTimeAsync(ms);

describe("what the strip asks for", () => {
  let host: Answering;
  let page: Page;
  const rows = [edit(1, 5), edit(2, 5)];

  async function open(selection: Partial<Selection> = {}, edits: SelectedEdit[] = rows): Promise<void> {
    host = new Answering({ ...chosen(), selection: { ...EMPTY_SELECTION, edits, ...selection } });
    page = openPage(host);
    await tick(20);
    page.nextTokens.turn(true);
    await tick();
  }
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => {
    page.close();
    vi.useRealTimers();
  });

  const dial = (row: number, strength: number) =>
    page.actions.changeEdit(rowKeys(rows)[row] ?? "", "strength", (e) => ({ ...e, strength }));
  const asked = () => host.of("ReadNextToken").map((r) => r.command.steering.edits.map((e) => e.strength));

  test("one question at a time, and then only the newest, before Python has the dial", async () => {
    await open();
    expect(asked()).toEqual([[5]]);
    for (const strength of [10, 20, 30]) dial(0, strength);
    await tick();
    expect(asked()).toHaveLength(1);
    host.answer("ReadNextToken", read([token(7, " a", 0.5, 0.25)]));
    await tick();
    expect(asked()).toEqual([[5], [30]]);
    expect(page.store.selection.held.value.edits[0]?.strength).toBe(5);
    host.answer("ReadNextToken", read([token(7, " a", 0.5, 0.125)]));
    await tick(1000);
    expect(asked()).toHaveLength(2); // Python taking the dial is nothing new
    expect(page.nextTokens.shown.value?.places[0]?.steered).toBe(0.125);
  });

  test("the row that was dialled last, each its own column", async () => {
    await open();
    host.answer("ReadNextToken", read([]));
    dial(1, 40);
    await tick();
    expect(host.last("ReadNextToken").command.steering.edits).toMatchObject([
      { feature: { index: 2 }, strength: 40 },
    ]);
    const [sentEdit] = host.last("ReadNextToken").command.steering.edits;
    expect(sentEdit).not.toHaveProperty("more_strengths");
    expect(sentEdit).not.toHaveProperty("is_hidden");
  });

  test("all visible rows where they are combined", async () => {
    await open({ layout: "combined" }, [edit(1, 5), edit(2, 6, "b", { is_hidden: true }), edit(3, 7)]);
    expect(asked()).toEqual([[5, 7]]);
  });

  test("with the master dial: a factor's distance from 1, a push's from 0, nothing of what has none", async () => {
    const edits = [
      edit(1, 10),
      edit(2, 3, "b", { method: "scale" }),
      edit(3, 0, "c", { method: "ablate" }),
      edit(4, 0.1),
    ];
    await open({ layout: "combined", master: 0.5 }, edits);
    expect(asked()).toEqual([[5, 2, 0, 0.05]]);
  });

  test("the prompt that was typed in last", async () => {
    await open();
    host.answer("ReadNextToken", read([]));
    page.actions.addPrompt();
    page.actions.setPrompt(1, "another");
    await tick();
    expect(host.last("ReadNextToken").command.prompt).toBe("Yesterday I went for a walk and");
    page.promptList.focused.value = 1;
    await tick();
    expect(host.last("ReadNextToken").command.prompt).toBe("another");
  });

  test("nothing once it is off, and what still comes is not shown", async () => {
    await open();
    dial(0, 10);
    page.nextTokens.turn(false);
    host.answer("ReadNextToken", read([token(7, " a", 0.5, 0.25)]));
    dial(0, 20);
    await tick(1000);
    expect(asked()).toHaveLength(1);
    expect(page.nextTokens.shown.value).toBeNull();
  });

  test("nothing without a prompt, a model or a kernel, and it says so", async () => {
    await open();
    host.answer("ReadNextToken", read([]));
    page.actions.setPrompt(0, " ");
    expect(page.nextTokens.idle.value).toContain("Type a prompt");
    page.actions.setPrompt(0, "text");
    host.set("status", { ...READY, worker: "loading" });
    expect(page.nextTokens.idle.value).toContain("once the model is loaded");
    host.set("status", READY);
    page.store.setLink("offline");
    expect(page.nextTokens.idle.value).toContain("does not answer");
    await tick(1000);
    expect(host.of("ReadNextToken").map((r) => r.command.prompt)).toEqual([
      "Yesterday I went for a walk and",
      "text",
    ]);
  });

  test("an error is told until the next answer; being overtaken is none", async () => {
    await open();
    host.refuse("ReadNextToken", { ...invalid("", "", ""), kind: "Superseded", message: "newer" });
    await tick();
    expect(page.nextTokens.error.value).toBeNull();
    dial(0, 10);
    host.refuse("ReadNextToken", { ...invalid("", "", ""), kind: "WorkerDied", message: "It died." });
    await tick(5000);
    expect(page.nextTokens.error.value?.message).toBe("It died.");
    expect(asked()).toHaveLength(2); // no storm of the same question
    dial(0, 11);
    host.answer("ReadNextToken", read([]));
    await tick();
    expect(page.nextTokens.error.value).toBeNull();
  });

  test("is asked again where another page has overtaken it, and nothing newer came here", async () => {
    await open();
    const overtaken = { ...invalid("", "", ""), kind: "Superseded", message: "newer" };
    host.refuse("ReadNextToken", overtaken);
    await tick(240);
    expect(asked()).toEqual([[5]]);
    await tick(20);
    expect(asked()).toEqual([[5], [5]]);
    host.refuse("ReadNextToken", overtaken);
    await tick();
    dial(0, 10);
    await tick(1000);
    expect(asked()).toEqual([[5], [5], [10]]);
    dial(0, 20);
    host.refuse("ReadNextToken", overtaken);
    await tick();
    host.answer("ReadNextToken", read([]));
    await tick(1000);
    expect(asked()).toEqual([[5], [5], [10], [20]]);
    dial(0, 30);
    host.refuse("ReadNextToken", overtaken);
    page.nextTokens.turn(false);
    await tick(1000);
    expect(asked()).toHaveLength(5);
  });

  test("is answered 15 times a second and more where an answer takes 30 ms", async () => {
    await open();
    let n = 0;
    const answer = setInterval(() => {
      if (host.of("ReadNextToken").length > n) {
        n = host.of("ReadNextToken").length;
        host.answer("ReadNextToken", read([]));
      }
    }, 30);
    const move = setInterval(() => dial(0, Math.random() * 100), 8);
    await tick(1000);
    clearInterval(answer);
    clearInterval(move);
    expect(n).toBeGreaterThan(30);
  });
});

describe("places of tokens", () => {
  const ids = (places: (Alternative | null)[]) => places.map((one) => one?.token_id ?? null);
  const of = (...all: number[]) => all.map((id) => token(id, "", 0.1, 0.1));

  test("stay while a token is among them; those that enter take what is free", () => {
    const before = placed([], of(1, 2, 3, 4, 5, 6, 7, 8));
    expect(ids(before)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(ids(placed(before, of(8, 9, 7, 6, 5, 4, 3, 1)))).toEqual([1, 9, 3, 4, 5, 6, 7, 8]);
  });

  test("are as many as ever where there are fewer tokens", () => {
    const places = placed(placed([], of(1, 2)), of(2));
    expect(ids(places)).toEqual([null, 2, ...Array(N_TOKENS - 2).fill(null)]);
  });
});

test("what is not seen is made visible, and told from what is really there", () => {
  expect(pieces(" a·\n\u200b")).toEqual([
    { text: "·", isMark: true },
    { text: "a·", isMark: false },
    { text: "⏎", isMark: true },
    { text: "U+200B", isMark: true },
  ]);
});

describe("the strip", () => {
  let opened: Mounted | null = null;
  afterEach(() => {
    opened?.close();
    opened = null;
  });

  test("shows both probabilities of each token, divergence and dose, and says whose steering it is", async () => {
    opened = await mount(chosen(edit(1, 5, "war"), edit(2, 6, "love")));
    const { host, el } = opened;
    expect(find(el, "sw-next-strip")).toBeNull();
    await press(el, "sw-next-token");
    host.answer("ReadNextToken", read([token(7, " the", 0.5, 0.25), token(8, "\n", 0.1, 0.2)]));
    await settle();
    expect(get(el, "sw-next-of").textContent).toBe("war +5");
    expect(get(el, "sw-next-token-0").textContent).toMatch(
      /·the.*space the.*unsteered.*50\.0 %.*steered.*25\.0 %/,
    );
    expect(get(el, "sw-next-token-1").textContent).toContain("⏎");
    expect(get(el, "sw-next-numbers").textContent).toBe("KL 0.25dose 0.40");
    const [plain, steered] = get(el, "sw-next-token-0").querySelectorAll<HTMLElement>(".sw-next-bar span");
    expect(plain?.style.transform).toBe("scaleX(1.0000)");
    expect(steered?.style.transform).toBe("scaleX(0.5000)");
    await type(el, "sw-strength-1", "40");
    await sent(host, "ReadNextToken", 2);
    host.answer("ReadNextToken", read([token(8, "\n", 0.1, 0.3), token(7, " the", 0.5, 0.2)]));
    await settle();
    expect(get(el, "sw-next-of").textContent).toBe("love +40");
    expect(get(el, "sw-next-token-0").textContent).toContain("·the");
    await press(el, "sw-next-token");
    expect(find(el, "sw-next-strip")).toBeNull();
  });

  test("tells screen readers the likeliest tokens at rest only", async () => {
    opened = await mount(chosen(edit(1, 5, "war")));
    const { host, el } = opened;
    await press(el, "sw-next-token");
    host.answer("ReadNextToken", read([token(7, " the", 0.5, 0.25)]));
    await settle();
    const status = get(el, "sw-next-strip").querySelector('[role="status"]');
    expect(status?.textContent).toBe("");
    await vi.waitFor(
      () => expect(status?.textContent).toContain("space the: 50 percent, steered 25 percent"),
      2000,
    );
  });
});
