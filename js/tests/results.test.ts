import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { aRun, choose, ended, rest, show, TEXTS } from "./a_run";
import { delta, snapshot } from "./host";
import { find, get, type Mounted, press, settle, type } from "./mount";
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

describe("pinned texts", () => {
  it("stand above the table until they are taken out, also when another run is shown", async () => {
    page = await show(aRun());
    await press(page.el, "sw-pin-1");
    await press(page.el, "sw-pin-2");
    const pinned = () =>
      [...get(page.el, "sw-pins").querySelectorAll("li")].map((one) => one.dataset["testid"]);
    expect(pinned()).toEqual(["sw-pinned-1", "sw-pinned-2"]);
    expect(get(page.el, "sw-pin-1").getAttribute("aria-pressed")).toBe("true");
    expect(get(page.el, "sw-pinned-1").textContent).toContain("Yesterday");
    page.host.say(
      snapshot(2, { ...aRun(), id: "r2", cells: TEXTS.map((_, i) => ended(i, { text: " New." })) }),
    );
    await rest();
    expect(get(page.el, "sw-pinned-text-1").textContent).toBe(TEXTS[1]);
    expect(get(page.el, "sw-pinned-1").textContent).toContain("earlier run");
    await press(page.el, "sw-pin-1");
    expect(pinned()).toEqual(["sw-pinned-1", "sw-pinned-2", "sw-pinned-1"]);
    await press(page.el, "sw-unpin-2");
    await press(page.el, "sw-unpin-all");
    expect(find(page.el, "sw-pins")).toBeNull();
  });

  it("go on as their run does", async () => {
    page = await show(
      aRun({ state: "running", cells: [ended(0), ended(1, { state: "running" }), ended(2), ended(3)] }),
    );
    await press(page.el, "sw-pin-1");
    page.host.say(delta(2, "r1", { cells: [{ index: 1, append: " On.", n_tokens: 5, done: null }] }));
    await rest();
    expect(get(page.el, "sw-pinned-text-1").textContent).toBe(`${TEXTS[1]} On.`);
  });
});

describe("a text by itself", () => {
  it("stands in a dialog with its prompt and measures; closed, focus is where it was", async () => {
    page = await show(aRun());
    get(page.el, "sw-expand-1").focus();
    await press(page.el, "sw-expand-1");
    const dialog = get<HTMLDialogElement>(page.el, "sw-dialog");
    expect(dialog.open).toBe(true);
    expect(dialog.closest(".sw-root")).not.toBeNull();
    expect(get(page.el, "sw-dialog-prompt").textContent).toBe("Yesterday");
    expect(get(page.el, "sw-dialog-text").textContent).toBe(TEXTS[1]);
    expect(dialog.textContent).toContain("Perplexity");
    await tick("sw-dialog-changes");
    expect(get(page.el, "sw-dialog-text").querySelector("ins")?.textContent).toBe("the soldiers");
    await press(page.el, "sw-dialog-close");
    await rest();
    expect(find(page.el, "sw-dialog")).toBeNull();
    expect(document.activeElement).toBe(get(page.el, "sw-expand-1"));
  });

  it("shows in the view in which it was asked for, and there alone", async () => {
    page = await show(aRun());
    const other = page.again();
    await rest();
    await press(other, "sw-expand-1");
    expect(find(other, "sw-dialog")).not.toBeNull();
    expect(find(page.el, "sw-dialog")).toBeNull();
  });
});

describe("filter and sort", () => {
  const rows = (): string[] =>
    [...page.el.querySelectorAll<HTMLElement>(".sw-block:not([hidden])")].map(
      (row) => row.querySelector(".sw-prompt-text")?.textContent ?? "",
    );

  it("keep the prompts that fit, in the order that was asked for, and show all again", async () => {
    page = await show(aRun());
    await press(page.el, "sw-sift");
    await type(page.el, "sw-sift-text", "SOLDIERS");
    expect(rows()).toEqual(["Yesterday"]);
    expect(get(page.el, "sw-sift-count").textContent).toContain("1 of 2 prompts");
    expect(get(page.el, "sw-cell-1").dataset["match"]).toBe("true");
    expect(get(page.el, "sw-cell-0").dataset["match"]).toBe("false");
    await type(page.el, "sw-sift-text", "nowhere");
    expect(rows()).toEqual([]);
    expect(get(page.el, "sw-no-match").textContent).toContain("No cells match");
    get(page.el, "sw-no-match").querySelector("button")?.click();
    await settle();
    expect(rows()).toEqual(["Yesterday", "Today"]);
    await choose(page.el, "sw-sort-by", "perplexity");
    expect(rows()).toEqual(["Today", "Yesterday"]);
    await press(page.el, "sw-sort-turn");
    expect(rows()).toEqual(["Yesterday", "Today"]);
    await press(page.el, "sw-sift-reset");
    expect(get<HTMLSelectElement>(page.el, "sw-sort-by").value).toBe("prompt");
  });
});

describe("the summary", () => {
  it("takes the place of the texts, and a filtered text that it asks for is shown and focused", async () => {
    page = await show(aRun());
    await press(page.el, "sw-sift");
    await type(page.el, "sw-sift-text", "soldiers");
    await press(page.el, "sw-pin-3");
    await press(page.el, "sw-view-summary");
    expect(find(page.el, "sw-cell-1")).toBeNull();
    await press(page.el, "sw-view-texts");
    await press(page.el, "sw-pinned-show-3");
    await rest();
    expect(document.activeElement).toBe(get(page.el, "sw-cell-3"));
    expect(get<HTMLInputElement>(page.el, "sw-sift-text").value).toBe("");
  });
});
