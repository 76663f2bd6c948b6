import { afterEach, describe, expect, test } from "vitest";
import { card, runView, snapshot, steering } from "./host";
import { chosen, edit, find, get, key, type Mounted, mount, press, sent, settle, type } from "./mount";

let page: Mounted | null = null;
async function open(traits: Record<string, unknown> = {}): Promise<Mounted> {
  page = await mount(traits);
  return page;
}
afterEach(() => {
  page?.close();
  page = null;
});

describe("choosing features", () => {
  async function searched() {
    const { host, el } = await open();
    await type(el, "sw-search", "war");
    await sent(host, "Search");
    host.answer("Search", {
      type: "Found",
      cards: [card(523, "war"), card(618, "World War"), card(9, "warm")],
    });
    await settle();
    return { host, el };
  }
  const active = (el: HTMLElement) =>
    el.querySelector('[role="option"][aria-selected="true"]')?.getAttribute("data-testid");

  test("waits for a pause in typing, then searches once", async () => {
    const { host, el } = await open();
    for (const text of ["w", "wa", "war"]) await type(el, "sw-search", text);
    await sent(host, "Search");
    expect(host.of("Search").map((r) => r.command.text)).toEqual(["war"]);
  });

  test("arrows move, Enter takes, the combobox says what is active", async () => {
    const { host, el } = await searched();
    const box = get(el, "sw-search");
    expect(box.getAttribute("aria-expanded")).toBe("true");
    expect(active(el)).toBe("sw-hit-523");
    await key(el, "sw-search", "ArrowDown");
    expect(active(el)).toBe("sw-hit-618");
    const option = el.querySelector(`#${box.getAttribute("aria-activedescendant")}`);
    expect(option?.getAttribute("data-testid")).toBe("sw-hit-618");
    await key(el, "sw-search", "ArrowUp");
    await key(el, "sw-search", "ArrowUp");
    expect(active(el)).toBe("sw-hit-9");
    await key(el, "sw-search", "Enter");
    await sent(host, "SetSelection");
    expect(host.last("SetSelection").command.selection.edits).toMatchObject([
      { feature: { index: 9, label: "warm" }, strength: 70, unit: "raw" },
    ]);
    expect(get<HTMLInputElement>(el, "sw-search").value).toBe("");
    expect(find(el, "sw-feature-0")).not.toBeNull();
  });

  test("Escape closes and keeps the words", async () => {
    const { el } = await searched();
    await key(el, "sw-search", "Escape");
    expect(get(el, "sw-search").getAttribute("aria-expanded")).toBe("false");
    expect(get<HTMLInputElement>(el, "sw-search").value).toBe("war");
  });

  test("an index and Enter at once take that feature", async () => {
    const { host, el } = await open();
    await type(el, "sw-search", "523");
    await key(el, "sw-search", "Enter");
    await sent(host, "Search");
    host.answer("Search", { type: "Found", cards: [card(523, "war")] });
    await settle();
    expect(get(el, "sw-feature-0").textContent).toContain("war");
  });

  test("an index that no feature has says which there are", async () => {
    const { host, el } = await open();
    await type(el, "sw-search", "99999");
    await sent(host, "Search");
    host.answer("Search", { type: "Found", cards: [] });
    await settle();
    expect(get(el, "sw-no-hits").textContent).toBe("No feature has this index; indices go from 0 to 4,607.");
  });

  test("duplicate and remove keep the other rows as they are", async () => {
    const { el } = await open(chosen(edit(1, 10), edit(2, 20)));
    await press(el, "sw-duplicate-0");
    expect(get<HTMLInputElement>(el, "sw-strength-1").value).toBe("10");
    await press(el, "sw-remove-0");
    expect(get<HTMLInputElement>(el, "sw-strength-1").value).toBe("20");
    expect(find(el, "sw-feature-2")).toBeNull();
  });

  test("a feature keeps its colour in row and column", async () => {
    const { host, el } = await open(chosen(edit(1, 10), edit(2, 20)));
    host.say(snapshot(1, runView("r", 2, { steerings: [steering(edit(2, 20)), steering(edit(1, 10))] })));
    await settle();
    const colours = [...el.querySelectorAll<HTMLElement>('[role="columnheader"]')].map(
      (c) => c.dataset["colour"],
    );
    expect(colours).toEqual([
      get(el, "sw-feature-1").dataset["colour"],
      get(el, "sw-feature-0").dataset["colour"],
    ]);
    expect(new Set(colours).size).toBe(2);
  });
});
