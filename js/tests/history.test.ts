// Past runs: found, opened, named, deleted, exported.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { UNDO_MS } from "../src/history";
import { invalid, runView, snapshot } from "./host";
import { chosen, edit, find, get, key, type Mounted, mount, press, sent, settle, type } from "./mount";
import { listRuns, openHistory, past } from "./past";

let page: Mounted;

const words = (testId: string): string => get(page.el, testId).textContent ?? "";
const shownRuns = (): (string | undefined)[] =>
  [...page.el.querySelectorAll<HTMLElement>(".sw-past")].map((row) => row.dataset["testid"]);

beforeEach(async () => {
  page = await mount();
});

afterEach(() => {
  vi.useRealTimers();
  page.close();
});

describe("the list", () => {
  it("shows each run with its state, time, model, cells, name and tags", async () => {
    await openHistory(page, [
      past("a", { name: "My <b>walk</b>", tags: ["sea"], n_prompts: 3 }),
      past("b", { state: "interrupted", n_done: 1 }),
    ]);
    expect(words("sw-history-count")).toBe("2 runs");
    for (const part of [
      "My <b>walk</b>",
      "prompt of a",
      "+2 prompts",
      "Done",
      "2 cells",
      "SmolLM2",
      "sea",
      "2 Jan 2026",
    ])
      expect(words("sw-past-a")).toContain(part);
    expect(page.el.querySelector("b")).toBeNull();
    for (const part of ["Interrupted", "1 of 2 cells"]) expect(words("sw-past-b")).toContain(part);
  });

  it("draws a picture of it in its features' colours, over the first words", async () => {
    page.close();
    page = await mount(chosen(edit(3)));
    const colour = get(page.el, "sw-feature-0").dataset["colour"];
    expect(colour).toBeDefined();
    await openHistory(page, [past("a"), past("b", { n_steerings: 5 })]);
    const columns = [...get(page.el, "sw-thumb-a").children] as HTMLElement[];
    expect(columns.map((column) => column.textContent)).toEqual(["plain words", "steered words"]);
    expect(columns.map((column) => column.dataset["colour"])).toEqual([undefined, colour]);
    expect(words("sw-thumb-b")).toContain("+3");
  });

  it("says what will be here while there is nothing, and what is missing with history=False", async () => {
    await openHistory(page, []);
    expect(words("sw-history-empty")).toContain("Every run will be here");
    page.host.say(snapshot(1, runView("r", 1, { state: "running" })));
    await sent(page.host, "ListRuns", 2);
    await listRuns(page, [], { is_recording: false });
    expect(words("sw-history-empty")).toContain("history=False");
  });

  it("lists others' runs with history=False, and says that this kernel's are not kept", async () => {
    await openHistory(page, [past("a")], { is_recording: false });
    expect(words("sw-history-off")).toContain("history=False");
    expect(shownRuns()).toEqual(["sw-past-a"]);
  });

  it("searches while one types, after a pause and with the newest words only", async () => {
    await openHistory(page, [past("a"), past("b")]);
    await type(page.el, "sw-history-search", "wa");
    await type(page.el, "sw-history-search", "walk");
    await sent(page.host, "ListRuns", 2);
    expect(page.host.of("ListRuns")).toHaveLength(2);
    expect(page.host.last("ListRuns").command).toMatchObject({ text: "walk", tag: "", start: 0 });
    await listRuns(page, [past("b")]);
    expect(words("sw-history-count")).toBe("1 run found");
    expect(shownRuns()).toEqual(["sw-past-b"]);
    await type(page.el, "sw-history-search", "walk x");
    await sent(page.host, "ListRuns", 3);
    await listRuns(page, []);
    expect(words("sw-history-empty")).toContain("No past run fits");
    await press(page.el, "sw-history-all");
    await sent(page.host, "ListRuns", 4);
    expect(page.host.last("ListRuns").command.text).toBe("");
  });

  it("drops an answer that a newer question has overtaken", async () => {
    await openHistory(page, [past("a")], { tags: ["x", "y"] });
    await press(page.el, "sw-history-tag-x");
    const slow = page.host.last("ListRuns").id;
    await press(page.el, "sw-history-tag-y");
    await listRuns(page, [past("new")], { tags: ["x", "y"] });
    const result = { type: "PastRuns", runs: [past("old")], n_all: 1, tags: [], is_recording: true } as const;
    page.host.say({
      type: "Reply",
      id: slow,
      error: null,
      result: { ...result, runs: [...result.runs], tags: [] },
    });
    await settle();
    expect(shownRuns()).toEqual(["sw-past-new"]);
  });

  it("narrows by a tag, and widens when it is pressed again", async () => {
    await openHistory(page, [past("a")], { tags: ["sea", "paper"] });
    await press(page.el, "sw-history-tag-sea");
    expect(page.host.last("ListRuns").command.tag).toBe("sea");
    await listRuns(page, [past("a")], { tags: ["sea", "paper"] });
    expect(get(page.el, "sw-history-tag-sea").getAttribute("aria-pressed")).toBe("true");
    expect(get(page.el, "sw-history-tag-paper").getAttribute("aria-pressed")).toBe("false");
    await press(page.el, "sw-history-tag-sea");
    expect(page.host.last("ListRuns").command.tag).toBe("");
  });

  it("shows more when asked, behind what is there and none twice", async () => {
    await openHistory(page, [past("a"), past("b")], { n_all: 4 });
    expect(words("sw-history-more")).toContain("2 older");
    await press(page.el, "sw-history-more");
    expect(page.host.last("ListRuns").command).toMatchObject({ start: 2, n_runs: 30 });
    await listRuns(page, [past("b"), past("c"), past("d")], { n_all: 4 });
    expect(shownRuns()).toEqual(["sw-past-a", "sw-past-b", "sw-past-c", "sw-past-d"]);
    expect(find(page.el, "sw-history-more")).toBeNull();
  });

  it("reads itself again when the tab is opened and when a run ends", async () => {
    await openHistory(page, []);
    page.host.say(snapshot(1, runView("r", 1, { state: "running" })));
    await sent(page.host, "ListRuns", 2);
    page.host.say(snapshot(2, runView("r", 1, { state: "done" })));
    await sent(page.host, "ListRuns", 3);
    await press(page.el, "sw-tab-steer");
    await press(page.el, "sw-tab-history");
    await sent(page.host, "ListRuns", 4);
  });

  it("shows why it could not be read, until it can", async () => {
    await press(page.el, "sw-tab-history");
    await sent(page.host, "ListRuns");
    page.host.refuse("ListRuns", invalid("n_runs", "0", "1 to 200 runs"));
    await settle();
    expect(words("sw-history-error")).toContain("1 to 200 runs");
    await press(page.el, "sw-tab-steer");
    await openHistory(page, [past("a")]);
    expect(find(page.el, "sw-history-error")).toBeNull();
  });

  it("says that no kernel answers where it was never read", async () => {
    page.close();
    page = await mount({}, true);
    await press(page.el, "sw-tab-history");
    expect(words("sw-history-offline")).toContain("does not answer");
  });

  it("is gone through with the arrows", async () => {
    await openHistory(page, [past("a"), past("b"), past("c")]);
    get(page.el, "sw-past-open-a").focus();
    await key(page.el, "sw-past-open-a", "ArrowDown");
    expect(document.activeElement).toBe(get(page.el, "sw-past-open-b"));
    await key(page.el, "sw-past-open-b", "End");
    expect(document.activeElement).toBe(get(page.el, "sw-past-open-c"));
    await key(page.el, "sw-past-open-c", "ArrowUp");
    expect(document.activeElement).toBe(get(page.el, "sw-past-open-b"));
  });
});

describe("opening", () => {
  it("asks once, and goes where the run is shown", async () => {
    await openHistory(page, [past("a")]);
    await press(page.el, "sw-past-open-a");
    await press(page.el, "sw-past-open-a");
    expect(page.host.of("OpenRun").map(({ command }) => command.run)).toEqual(["a"]);
    page.host.answer("OpenRun", { type: "RunOpened", not_selected: null });
    await settle();
    expect(get(page.el, "sw-tab-steer").getAttribute("aria-selected")).toBe("true");
    expect(document.activeElement).toBe(get(page.el, "sw-tab-steer"));
    expect(find(page.el, "sw-not-selected")).toBeNull();
  });

  it("tells that the settings stay where they cannot be selected, for as long as that run is shown", async () => {
    await openHistory(page, [past("a")]);
    await press(page.el, "sw-past-open-a");
    page.host.say(snapshot(1, runView("a", 1, { state: "done" })));
    const not_selected = invalid("steerings", "[…]", "the baseline, then rows");
    page.host.answer("OpenRun", { type: "RunOpened", not_selected });
    await settle();
    expect(words("sw-not-selected")).toContain("settings stay as they were");
    expect(words("sw-not-selected")).toContain("the baseline, then rows");
    page.host.say(snapshot(2, runView("another", 1, { state: "done" })));
    await settle();
    expect(find(page.el, "sw-not-selected")).toBeNull();
  });

  it("stays in the history where it is refused, and says why", async () => {
    await openHistory(page, [past("a")]);
    await press(page.el, "sw-past-open-a");
    page.host.refuse("OpenRun", invalid("run", "'running'", "a run that has ended"));
    await settle();
    expect(words("sw-history-error")).toContain("a run that has ended");
    expect(get(page.el, "sw-tab-history").getAttribute("aria-selected")).toBe("true");
    expect(find(page.el, "sw-past-a")).not.toBeNull();
  });
});

describe("name and tags", () => {
  it("are written in place and kept with Enter", async () => {
    await openHistory(page, [past("a", { name: "old", tags: ["sea"] })], { tags: ["sea", "paper"] });
    await press(page.el, "sw-past-note-a");
    expect(document.activeElement).toBe(get(page.el, "sw-note-name"));
    await type(page.el, "sw-note-name", " A walk ");
    await type(page.el, "sw-note-tags", "sea, zoo ,, sea");
    get<HTMLFormElement>(page.el, "sw-note-a").requestSubmit();
    await settle();
    expect(page.host.last("NoteRun").command).toMatchObject({
      run: "a",
      name: "A walk",
      tags: ["sea", "zoo"],
    });
    page.host.answer("NoteRun");
    await sent(page.host, "ListRuns", 2);
    await listRuns(page, [past("a", { name: "A walk" })]);
    expect(find(page.el, "sw-note-a")).toBeNull();
    expect(words("sw-past-a")).toContain("A walk");
    expect(document.activeElement).toBe(get(page.el, "sw-past-note-a"));
  });

  it("stay as they were with Escape", async () => {
    await openHistory(page, [past("a", { name: "old" })]);
    await press(page.el, "sw-past-note-a");
    await type(page.el, "sw-note-name", "new");
    await key(page.el, "sw-note-name", "Escape");
    expect(page.host.of("NoteRun")).toHaveLength(0);
    expect(words("sw-past-a")).toContain("old");
    expect(document.activeElement).toBe(get(page.el, "sw-past-note-a"));
  });

  it("stay in the boxes where they are refused", async () => {
    await openHistory(page, [past("a")]);
    await press(page.el, "sw-past-note-a");
    await type(page.el, "sw-note-name", "n");
    await press(page.el, "sw-note-save");
    page.host.refuse("NoteRun", invalid("name", "'n'", "text of at most 200 characters"));
    await settle();
    expect(words("sw-note-error")).toContain("at most 200 characters");
    expect(get<HTMLInputElement>(page.el, "sw-note-name").value).toBe("n");
    expect(find(page.el, "sw-history-error")).toBeNull();
  });
});

describe("deleting", () => {
  it("takes the run away at once and puts it back with Undo", async () => {
    await openHistory(page, [past("a"), past("b"), past("c")]);
    await press(page.el, "sw-past-delete-b");
    expect(page.host.last("DeleteRuns").command.runs).toEqual(["b"]);
    page.host.answer("DeleteRuns");
    await sent(page.host, "ListRuns", 2);
    await listRuns(page, [past("a"), past("c")]);
    expect(shownRuns()).toEqual(["sw-past-a", "sw-past-c"]);
    expect(document.activeElement).toBe(get(page.el, "sw-past-open-c"));
    await press(page.el, "sw-history-undo");
    expect(page.host.last("RestoreRuns").command.runs).toEqual(["b"]);
    page.host.answer("RestoreRuns");
    await sent(page.host, "ListRuns", 3);
    await listRuns(page, [past("a"), past("b"), past("c")]);
    expect(shownRuns()).toHaveLength(3);
    expect(document.activeElement).toBe(get(page.el, "sw-past-open-b"));
    expect(find(page.el, "sw-history-undo")).toBeNull();
  });

  it("goes by the Delete key too, and only the last deletion is undone", async () => {
    await openHistory(page, [past("a"), past("b"), past("c")]);
    for (const run of ["a", "b"]) {
      get(page.el, `sw-past-open-${run}`).focus();
      await key(page.el, `sw-past-open-${run}`, "Delete");
      page.host.answer("DeleteRuns");
      await settle();
    }
    expect(shownRuns()).toEqual(["sw-past-c"]);
    await press(page.el, "sw-history-undo");
    expect(page.host.last("RestoreRuns").command.runs).toEqual(["b"]);
  });

  it("can be undone for half a minute", async () => {
    await openHistory(page, [past("a"), past("b")]);
    get(page.el, "sw-past-delete-a").click();
    vi.useFakeTimers();
    page.host.answer("DeleteRuns");
    await vi.advanceTimersByTimeAsync(UNDO_MS - 100);
    expect(find(page.el, "sw-history-undo")).not.toBeNull();
    await vi.advanceTimersByTimeAsync(200);
    expect(find(page.el, "sw-history-undo")).toBeNull();
  });

  it("can be undone once more where that failed", async () => {
    await openHistory(page, [past("a"), past("b")]);
    await press(page.el, "sw-past-delete-a");
    page.host.answer("DeleteRuns");
    await settle();
    await press(page.el, "sw-history-undo");
    page.host.refuse("RestoreRuns", { ...invalid("", "", ""), message: "The disk is full." });
    await settle();
    expect(words("sw-history-error")).toContain("The disk is full.");
    await press(page.el, "sw-history-undo");
    expect(page.host.of("RestoreRuns").map(({ command }) => command.runs)).toEqual([["a"], ["a"]]);
  });

  it("is refused for a run that is on, which stays", async () => {
    await openHistory(page, [past("a", { state: "running" })]);
    await press(page.el, "sw-past-delete-a");
    page.host.refuse("DeleteRuns", invalid("entries", "'a'", "runs that have ended"));
    await settle();
    expect(words("sw-history-error")).toContain("runs that have ended");
    expect(shownRuns()).toEqual(["sw-past-a"]);
    expect(find(page.el, "sw-history-undo")).toBeNull();
  });
});

describe("exporting", () => {
  it("offers four kinds in a menu for the keyboard, and hands out the file", async () => {
    await openHistory(page, [past("a")]);
    const saved: string[] = [];
    vi.spyOn(URL, "createObjectURL").mockReturnValue("blob:x");
    vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(function (this: HTMLAnchorElement) {
      saved.push(this.download);
    });
    await press(page.el, "sw-past-export-a");
    expect(document.activeElement).toBe(get(page.el, "sw-past-export-a-json"));
    await key(page.el, "sw-past-export-a-json", "ArrowDown");
    expect(document.activeElement).toBe(get(page.el, "sw-past-export-a-csv"));
    await key(page.el, "sw-past-export-a-csv", "Escape");
    expect(find(page.el, "sw-past-export-a-csv")).toBeNull();
    expect(document.activeElement).toBe(get(page.el, "sw-past-export-a"));
    await press(page.el, "sw-past-export-a");
    expect(get(page.el, "sw-past-export-a-py").textContent).toContain("code that runs it again");
    await press(page.el, "sw-past-export-a-html");
    expect(page.host.last("ExportRun").command).toMatchObject({ run: "a", format: "html" });
    page.host.answer("ExportRun", {
      type: "File",
      name: "run-a.html",
      media_type: "text/html",
      content: "x",
      is_base64: false,
    });
    await settle();
    expect(saved).toEqual(["run-a.html"]);
    vi.restoreAllMocks();
  });
});
