import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { openPage, type Page } from "../src/page";
import { rowKeys } from "../src/rows";
import { Answering } from "./answering";
import { cell, delta, invalid, runView, snapshot } from "./host";
import { chosen, edit, find, get, type Mounted, mount, press, sent, settle, startRun, type } from "./mount";

const tick = (ms = 0) => vi.advanceTimersByTimeAsync(ms);

describe("what live mode asks for", () => {
  let host: Answering;
  let page: Page;

  beforeEach(async () => {
    vi.useFakeTimers();
    host = new Answering(chosen(edit(1, 5)));
    page = openPage(host);
    await tick(20);
  });
  afterEach(() => {
    page.close();
    vi.useRealTimers();
  });

  const dial = (strength: number) =>
    page.actions.changeEdit(rowKeys([edit(1)])[0] ?? "", "strength", (e) => ({ ...e, strength }));
  const replaced = () => host.of("Run").map((r) => r.command.replaces);
  let seq = 0;
  async function started(id: string, nCells = 2): Promise<void> {
    host.answer("Run", { type: "Started", run: id });
    seq += 1;
    host.say(snapshot(seq, runView(id, nCells)));
    await tick(40);
  }
  async function ended(id: string): Promise<void> {
    seq += 1;
    host.say(delta(seq, id, { state: "done" }));
    await tick(40);
  }
  /** Live, with a first run that has ended. */
  async function turnedOn(): Promise<void> {
    page.live.turn(true);
    await tick(400);
    await started("r1");
    await ended("r1");
  }
  beforeEach(() => {
    seq = 0;
  });

  test("is nothing while it is off", async () => {
    dial(70);
    await tick(5000);
    expect(host.last("SetSelection").command.selection.edits[0]?.strength).toBe(70);
    expect(replaced()).toEqual([]);
  });

  test("is one run once the dial has rested, with what the dial says last", async () => {
    await turnedOn();
    for (const strength of [10, 20, 30, 40]) {
      dial(strength);
      await tick(100);
    }
    expect(replaced()).toEqual([""]);
    await tick(300);
    expect(replaced()).toEqual(["", ""]);
    expect(host.last("SetSelection").command.selection.edits[0]?.strength).toBe(40);
    const [set, run] = [host.last("SetSelection"), host.last("Run")];
    const order = host.sent.map(({ id }) => id);
    expect(order.indexOf(set.id)).toBeLessThan(order.indexOf(run.id));
  });

  test("replaces the run that is on", async () => {
    await turnedOn();
    dial(10);
    await tick(400);
    await started("r2");
    dial(20);
    await tick(400);
    expect(replaced()).toEqual(["", "", "r2"]);
  });

  test("waits for the run that was asked for, and then takes only the newest", async () => {
    await turnedOn();
    dial(10);
    await tick(400);
    for (const strength of [20, 30]) {
      dial(strength);
      await tick(500);
    }
    expect(replaced()).toEqual(["", ""]);
    await started("r2");
    await tick(50);
    expect(replaced()).toEqual(["", "", "r2"]);
    await started("r3");
    await tick(3000);
    expect(replaced()).toHaveLength(3);
    expect(page.store.selection.held.value.edits[0]?.strength).toBe(30);
  });

  test("is refused once, told once, and tried again only with a change", async () => {
    await turnedOn();
    dial(10);
    await tick(400);
    host.refuse("Run", { ...invalid("", "", ""), kind: "WorkerDied", message: "It died." });
    await tick(10_000);
    expect(replaced()).toHaveLength(2);
    expect(page.store.generalErrors.value.map(([, { message }]) => message)).toEqual(["It died."]);
    dial(11);
    await tick(400);
    expect(replaced()).toHaveLength(3);
    expect(page.store.generalErrors.value).toEqual([]);
  });

  test("is nothing while there is nothing to run", async () => {
    await turnedOn();
    page.actions.setPrompt(0, "  ");
    await tick(3000);
    expect(replaced()).toHaveLength(1);
    expect(page.store.fieldErrors.value).toEqual({});
    page.actions.setPrompt(0, "again");
    await tick(800);
    expect(replaced()).toHaveLength(2);
  });

  test("is not asked again where Run was pressed meanwhile", async () => {
    await turnedOn();
    dial(10);
    await tick(200);
    void page.actions.run();
    await tick(50);
    await started("r2");
    await tick(2000);
    expect(replaced()).toHaveLength(2);
  });

  test("follows code in the notebook too, but leaves a past run that was opened", async () => {
    await turnedOn();
    host.set("prompts", ["from code"]);
    await tick(400);
    expect(replaced()).toHaveLength(2);
    await started("r2");
    await ended("r2");
    host.set("prompts", ["from the past"]);
    host.say(snapshot(50, runView("old", 1, { state: "done", prompts: ["from the past"] })));
    await tick(30);
    host.set("generation", { ...page.store.generation.held.value, seed: 4 });
    await tick(3000);
    expect(replaced()).toHaveLength(2);
  });

  test("ends when the kernel does not answer, and does not begin by itself again", async () => {
    await turnedOn();
    page.store.setLink("offline");
    expect(page.live.isOn.value).toBe(false);
    page.store.setLink("online");
    dial(10);
    await tick(3000);
    expect(replaced()).toHaveLength(1);
  });

  test("turned on again, it runs only what has changed", async () => {
    await turnedOn();
    page.live.turn(false);
    page.live.turn(true);
    await tick(1000);
    expect(replaced()).toHaveLength(1);
    page.live.turn(false);
    dial(33);
    await tick(1000);
    page.live.turn(true);
    await tick(400);
    expect(replaced()).toHaveLength(2);
  });
});

describe("texts of the run before", () => {
  let opened: Mounted | null = null;
  afterEach(() => {
    opened?.close();
    opened = null;
  });

  async function twoRuns(nCells = 2): Promise<Mounted> {
    opened = await mount(chosen(edit(1, 5)));
    const { host, el } = opened;
    await startRun(opened);
    host.say(
      delta(2, "r1", {
        state: "done",
        cells: [0, 1].map((i) => ({
          index: i,
          append: "",
          n_tokens: 3,
          done: cell(i, { state: "done", text: `old ${i}`, n_tokens: 3 }),
        })),
      }),
    );
    await settle();
    await press(el, "sw-live");
    await type(el, "sw-strength-0", "6");
    await sent(host, "SetSelection");
    host.answer("SetSelection");
    await sent(host, "Run", 2);
    host.answer("Run", { type: "Started", run: "r2" });
    host.say(snapshot(3, runView("r2", nCells)));
    await settle();
    return opened;
  }

  test("stay dimmed, unread by screen readers, until each cell's first new token", async () => {
    const { host, el } = await twoRuns();
    expect(get(el, "sw-live").getAttribute("aria-checked")).toBe("true");
    expect([0, 1].map((i) => get(el, `sw-kept-text-${i}`).textContent)).toEqual(["old 0", "old 1"]);
    expect(get(el, "sw-kept-text-0").getAttribute("aria-hidden")).toBe("true");
    expect(get(el, "sw-cell-text-0").textContent).toBe("");
    host.say(delta(4, "r2", { cells: [{ index: 0, append: "new", n_tokens: 1, done: null }] }));
    await settle();
    expect(get(el, "sw-cell-text-0").textContent).toBe("new");
    expect(get(el, "sw-kept-text-0").dataset["seen"]).toBe("false"); // only its room is kept
    expect(get(el, "sw-kept-text-1").dataset["seen"]).toBe("true");
    const done = cell(0, { state: "done", text: "new", n_tokens: 1 });
    host.say(delta(5, "r2", { cells: [{ index: 0, append: "", n_tokens: 1, done }] }));
    await settle();
    expect(find(el, "sw-kept-text-0")).toBeNull();
  });

  test("stay over a run that was replaced before it wrote anything", async () => {
    const { host, el } = await twoRuns();
    host.say(delta(4, "r2", { cells: [{ index: 0, append: "new", n_tokens: 1, done: null }] }));
    await settle();
    host.say(snapshot(5, runView("r3", 2)));
    await settle();
    expect([0, 1].map((i) => get(el, `sw-kept-text-${i}`).textContent)).toEqual(["new", "old 1"]);
  });

  test("do not stay where the new run has other cells", async () => {
    const { el } = await twoRuns(3);
    expect(find(el, "sw-kept-text-0")).toBeNull();
  });
});
