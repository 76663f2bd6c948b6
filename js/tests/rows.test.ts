import { describe, expect, test, vi } from "vitest";
import { Shared } from "../src/pending";
import type { SelectedEdit } from "../src/protocol.gen";
import { renamed, rowKeys, withMoved, withRow } from "../src/rows";
import {
  chosen,
  edit,
  find,
  get,
  key,
  type Mounted,
  open,
  press,
  READY,
  sent,
  settle,
  taken,
  type,
} from "./mount";

const names = (edits: readonly SelectedEdit[]) =>
  edits.map(({ feature }) => (feature.kind === "feature" ? feature.index : -1));
const shown = (el: HTMLElement) =>
  [...el.querySelectorAll<HTMLElement>(".sw-rows > li")].map((row) => row.dataset["row"]);
const last = ({ host }: Mounted): SelectedEdit[] => host.last("SetSelection").command.selection.edits;

describe("a row", () => {
  test("is negated with all its strengths", async () => {
    const opened = await open({}, edit(1, 70, "war", { more_strengths: [-20, 0, 40] }), edit(2, 5));
    await type(opened.el, "sw-strength-0", "abc");
    await press(opened.el, "sw-negate-0");
    expect(await taken(opened)).toEqual([edit(1, -70, "war", { more_strengths: [-40, 0, 20] }), edit(2, 5)]);
    expect(get<HTMLInputElement>(opened.el, "sw-strength-0").value).toBe("-70");
  });

  test("negated twice quickly is as it was, not negated once", async () => {
    const opened = await open({}, edit(1, 70));
    get(opened.el, "sw-negate-0").click();
    get(opened.el, "sw-negate-0").click();
    await sent(opened.host, "SetSelection");
    expect(last(opened)[0]?.strength).toBe(70);
  });

  test("without a strength has no sign to turn", async () => {
    const { el } = await open({}, edit(1, 0, "war", { method: "ablate" }));
    expect(find(el, "sw-negate-0")).toBeNull();
  });

  test("that is hidden says so in words, is kept, and makes no column", async () => {
    const opened = await open({}, edit(1, 70), edit(2, 5));
    await press(opened.el, "sw-hide-0");
    expect((await taken(opened)).map((one) => one.is_hidden)).toEqual([true, false]);
    expect(get(opened.el, "sw-is-hidden-0").textContent).toBe("hidden");
    expect(get(opened.el, "sw-count").textContent).toContain("2 columns");
    await press(opened.el, "sw-hide-0");
    expect((await taken(opened, 2)).map((one) => one.is_hidden)).toEqual([false, false]);
    expect(find(opened.el, "sw-is-hidden-0")).toBeNull();
  });

  test("is removed, and what was typed into it blocks nothing", async () => {
    const opened = await open({}, edit(1, 70), edit(2, 5));
    await type(opened.el, "sw-strength-0", "abc");
    await press(opened.el, "sw-remove-0");
    expect(names(await taken(opened))).toEqual([2]);
    expect(get<HTMLButtonElement>(opened.el, "sw-run").disabled).toBe(false);
  });
});

describe("moving by keyboard", () => {
  test("goes one place a press, keeps the focus and says the new place", async () => {
    const opened = await open({}, edit(1), edit(2), edit(3));
    get(opened.el, "sw-move-0").focus();
    await key(opened.el, "sw-move-0", "ArrowDown");
    expect(document.activeElement).toBe(get(opened.el, "sw-move-1"));
    expect(get(opened.el, "sw-moved").textContent).toBe("label 1 (feature 1) is now 2 of 3.");
    await key(opened.el, "sw-move-1", "ArrowDown");
    await key(opened.el, "sw-move-2", "ArrowDown");
    await key(opened.el, "sw-move-2", "ArrowDown"); // there is nowhere further to go
    expect(get(opened.el, "sw-moved").textContent).toBe("label 1 (feature 1) is now 3 of 3.");
    await sent(opened.host, "SetSelection");
    opened.host.answer("SetSelection");
    await vi.waitFor(() => expect(names(last(opened))).toEqual([2, 3, 1]));
    await key(opened.el, "sw-move-2", "ArrowUp");
    expect(shown(opened.el)).toEqual([":2#0", ":1#0", ":3#0"]);
    for (const _ of [1, 2]) await key(opened.el, "sw-move-0", "ArrowUp"); // it is the first already
    get(opened.el, "sw-search").focus();
    await press(opened.el, "sw-negate-2");
    expect(document.activeElement).toBe(get(opened.el, "sw-search")); // the focus stays where it went
  });

  test("of one of two rows of a feature takes along what was typed and opened there", async () => {
    const opened = await open({}, edit(1, 10), edit(1, 20), edit(2, 5));
    const { el } = opened;
    await type(el, "sw-strength-1", "abc");
    await press(el, "sw-details-1");
    get(el, "sw-move-1").focus();
    await key(el, "sw-move-1", "ArrowUp");
    expect(get<HTMLInputElement>(el, "sw-strength-0").value).toBe("abc");
    expect(get<HTMLInputElement>(el, "sw-strength-1").value).toBe("10");
    expect(get(el, "sw-details-0").getAttribute("aria-expanded")).toBe("true");
    expect(get(el, "sw-details-1").getAttribute("aria-expanded")).toBe("false");
    expect(document.activeElement).toBe(get(el, "sw-move-0"));
    expect((await taken(opened)).map((one) => one.strength)).toEqual([20, 10, 5]);
  });
});

describe("moving by pointer", () => {
  const HEIGHT = 50;
  /** Rows below each other; `scrolledPx` moves them all up. */
  function lay(el: HTMLElement, scrolledPx = () => 0): void {
    for (const [i, row] of [...el.querySelectorAll<HTMLElement>(".sw-rows > li")].entries())
      row.getBoundingClientRect = () => new DOMRect(0, i * HEIGHT - scrolledPx(), 300, HEIGHT);
  }
  async function pointer(el: HTMLElement, testId: string, kind: string, y: number): Promise<void> {
    const event = new PointerEvent(kind, { bubbles: true, button: 0, pointerId: 1, clientY: y });
    get(el, testId).dispatchEvent(event);
    await settle();
  }
  const drops = (el: HTMLElement) =>
    [...el.querySelectorAll<HTMLElement>(".sw-rows > li")].map((row) => row.dataset["drop"]);

  test("shows where the row would come, and puts it there", async () => {
    const opened = await open({}, edit(1), edit(2), edit(3));
    const { el } = opened;
    lay(el);
    await pointer(el, "sw-move-0", "pointerdown", 10);
    await pointer(el, "sw-move-0", "pointermove", 60);
    expect(drops(el)).toEqual([undefined, undefined, undefined]); // it is there already
    await pointer(el, "sw-move-0", "pointermove", 90);
    expect(drops(el)).toEqual([undefined, undefined, "before"]);
    await pointer(el, "sw-move-0", "pointermove", 400);
    expect(drops(el)).toEqual([undefined, undefined, "after"]);
    await pointer(el, "sw-move-0", "pointerup", 400);
    expect(names(await taken(opened))).toEqual([2, 3, 1]);
    expect(drops(el)).toEqual([undefined, undefined, undefined]);
    expect(get(el, "sw-moved").textContent).toContain("3 of 3");
  });

  test("follows the rows while the notebook scrolls under a pointer that rests", async () => {
    const opened = await open({}, edit(1), edit(2), edit(3));
    const { el } = opened;
    let scrolledPx = 0;
    lay(el, () => scrolledPx);
    await pointer(el, "sw-move-0", "pointerdown", 10);
    await pointer(el, "sw-move-0", "pointermove", 12);
    scrolledPx = 80;
    document.dispatchEvent(new Event("scroll"));
    await settle();
    expect(drops(el)).toEqual([undefined, undefined, "before"]);
    await pointer(el, "sw-move-0", "pointerup", 12);
    expect(names(await taken(opened))).toEqual([2, 1, 3]);
  });

  test("Escape leaves everything in its place", async () => {
    const opened = await open({}, edit(1), edit(2));
    const { el } = opened;
    lay(el);
    await pointer(el, "sw-move-0", "pointerdown", 10);
    await pointer(el, "sw-move-0", "pointermove", 400);
    await key(el, "sw-move-0", "Escape");
    await pointer(el, "sw-move-0", "pointerup", 400);
    await settle();
    expect(opened.host.of("SetSelection")).toEqual([]);
    expect(shown(el)).toEqual([":1#0", ":2#0"]);
  });
});

describe("a move and a change of Python at the same time", () => {
  const made = [edit(1), edit(2), edit(3)];

  test.each([
    ["a row was added before", [edit(9), ...made], [9, 3, 1, 2]],
    ["the row between is gone", [edit(1), edit(3)], [3, 1]],
    ["the row to come before is gone, the next is there", [edit(2), edit(3)], [3, 2]],
    ["the moved row is gone", [edit(1), edit(2)], [1, 2]],
    ["the order is another", [edit(3), edit(2), edit(1)], [2, 3, 1]],
  ])("%s", (_what, held, after) => {
    expect(names(withMoved(held, made, ":3#0", ":1#0"))).toEqual(after);
  });

  test("are both made, and a dial that moves afterwards stays with its row", async () => {
    const sentRows: SelectedEdit[][] = [];
    const shared = new Shared<SelectedEdit[]>(made, {
      send: (rows) => {
        sentRows.push(rows);
        return new Promise(() => {});
      },
      refresh: () => Promise.resolve(true),
    });
    shared.change("strength/:3#0", (all) => withRow(all, ":3#0", (e) => [{ ...e, strength: 1 }]), 1000);
    shared.reshape((all, madeOn) => withMoved(all, madeOn, ":3#0", ":1#0"));
    shared.change("strength/:3#0", (all) => withRow(all, ":3#0", (e) => [{ ...e, strength: 2 }]), 1000);
    shared.receive([edit(9), edit(1), edit(2, 44), edit(3)]); // Python adds a row and turns a dial
    expect(shared.value.value.map((e) => [names([e])[0], e.strength])).toEqual([
      [9, 70],
      [3, 2],
      [1, 70],
      [2, 44],
    ]);
  });

  test("names of doubles are those of their new turns", () => {
    const [a, b, c] = [edit(1, 10), edit(1, 20), edit(2)];
    const after = withMoved([a, b, c], [a, b, c], ":1#1", ":1#0");
    expect(after).toEqual([b, a, c]);
    expect(rowKeys(after)).toEqual([":1#0", ":1#1", ":2#0"]);
    expect(Object.fromEntries(renamed([a, b, c], after))).toEqual({ ":1#1": ":1#0", ":1#0": ":1#1" });
    expect(renamed([a, b], [a, a, b]).get(":1#1")).toBe(":1#2");
  });
});

describe("colours", () => {
  const colours = (el: HTMLElement, n: number) =>
    Array.from({ length: n }, (_, i) => get(el, `sw-feature-${i}`).dataset["colour"]);

  test("are the same after a reload, whatever was selected before", async () => {
    const opened = await open({}, edit(3), edit(11), edit(19));
    await press(opened.el, "sw-remove-0");
    await taken(opened);
    const before = colours(opened.el, 2);
    opened.close();
    const again = await open({}, edit(11), edit(19));
    expect(colours(again.el, 2)).toEqual(before);
  });

  test("of features that want the same one differ, and a further feature changes none", async () => {
    const opened = await open({}, edit(3), edit(11), edit(4));
    const before = colours(opened.el, 3);
    expect(new Set(before).size).toBe(3);
    opened.host.set("selection", chosen(edit(3), edit(11), edit(4), edit(12), edit(19)).selection);
    await settle();
    const after = colours(opened.el, 5);
    expect(after.slice(0, 3)).toEqual(before);
    expect(new Set(after).size).toBe(5);
  });

  test("go with the first SAE's name and without it", async () => {
    const named = edit(11, 5, "x", { feature: { kind: "feature", index: 11, label: "x", sae: "demo" } });
    const { el } = await open({}, edit(3), edit(11, 5, "x"), named);
    expect(READY.saes[0]?.name).toBe("demo");
    const [, plain, withName] = colours(el, 3);
    expect(withName).toBe(plain);
  });
});
