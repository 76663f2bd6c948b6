// Trying again: cells, whole runs, the worker.
import { afterEach, describe, expect, test, vi } from "vitest";
import { errorInfo } from "../src/errors";
import type { ErrorInfo, RunView } from "../src/protocol.gen";
import { cell, delta, invalid, runView, snapshot } from "./host";
import { chosen, edit, find, get, type Mounted, mount, press, READY, sent, settle } from "./mount";

let page: Mounted | null = null;
async function open(traits: Record<string, unknown> = chosen(edit(1, 5))): Promise<Mounted> {
  page = await mount(traits);
  return page;
}
afterEach(() => {
  page?.close();
  page = null;
});

const DIED: ErrorInfo = { ...errorInfo("WorkerDied", "It was killed."), details: "the log" };

const half = (change: Partial<RunView> = {}): RunView =>
  runView("r1", 4, {
    state: "failed",
    cells: [
      cell(0, { state: "done", text: "whole", n_tokens: 5, finish: "length" }),
      cell(1, { state: "failed", text: "in par", n_tokens: 2, error: DIED }),
      cell(2, { state: "stopped", text: "", finish: "stopped" }),
      cell(3, { state: "failed", error: DIED }),
    ],
    ...change,
  });

async function failed(): Promise<Mounted> {
  const opened = await open();
  opened.host.say(snapshot(1, half()));
  await settle();
  return opened;
}

describe("retry", () => {
  test("of one cell asks for that one, once, however often it is pressed", async () => {
    const { host, el } = await failed();
    expect(find(el, "sw-retry-0")).toBeNull();
    const button = get<HTMLButtonElement>(el, "sw-retry-1");
    expect(button.getAttribute("aria-label")).toBe("Retry the baseline");
    button.click();
    button.click();
    get(el, "sw-retry").click();
    get(el, "sw-run").click();
    await settle();
    expect(host.of("Retry").map((r) => r.command)).toEqual([{ type: "Retry", run: "r1", cells: [1] }]);
    expect(host.of("Run")).toEqual([]);
    expect(get<HTMLButtonElement>(el, "sw-retry-3").disabled).toBe(true);
    expect(get<HTMLButtonElement>(el, "sw-run").disabled).toBe(true);
  });

  test("of all says how many, and is over when the run goes on", async () => {
    const { host, el } = await failed();
    expect(get(el, "sw-retry").textContent).toBe("Retry 3 cells");
    await press(el, "sw-retry");
    expect(get(el, "sw-retry").textContent).toBe("Starting…");
    host.answer("Retry");
    const [done] = half().cells;
    const cells = done === undefined ? [] : [done, cell(1), cell(2), cell(3)];
    host.say(snapshot(2, half({ state: "queued", cells })));
    await settle();
    expect(find(el, "sw-retry")).toBeNull();
    expect(find(el, "sw-retry-1")).toBeNull();
    expect(get(el, "sw-cell-text-0").textContent).toBe("whole");
    expect(get(el, "sw-cell-text-1").textContent).toBe("");
    host.say(delta(3, "r1", { cells: [{ index: 1, append: "in full", n_tokens: 2, done: null }] }));
    await settle();
    expect(get(el, "sw-cell-text-1").textContent).toBe("in full");
    // It fails again: the guard is open again.
    host.say(snapshot(4, half()));
    await settle();
    await press(el, "sw-retry");
    expect(host.of("Retry").map((r) => r.command.cells)).toEqual([[], []]);
  });

  test("that is refused says why and can be pressed again", async () => {
    const { host, el } = await failed();
    await press(el, "sw-retry");
    host.refuse("Retry", invalid("retry", "'failed'", "a run of the loaded model"));
    await settle();
    expect(get(el, "sw-error").textContent).toContain("a run of the loaded model");
    await press(el, "sw-retry");
    expect(host.of("Retry")).toHaveLength(2);
    expect(find(el, "sw-error")).toBeNull();
  });

  test("whose run does not show asks for everything and opens again", async () => {
    const { host, el } = await failed();
    const nSyncs = host.of("Sync").length;
    await press(el, "sw-retry");
    host.answer("Retry");
    await vi.waitFor(() => expect(host.of("Sync")).toHaveLength(nSyncs + 1), 2_000);
    host.answer("Sync");
    await settle();
    expect(get<HTMLButtonElement>(el, "sw-retry").disabled).toBe(false);
  });

  test("is reached and pressed by keyboard, and leaves the focus at the texts", async () => {
    const { host, el } = await failed();
    const button = get<HTMLButtonElement>(el, "sw-retry-1");
    button.focus();
    expect(document.activeElement).toBe(button);
    await press(el, "sw-retry-1");
    expect(host.of("Retry")).toHaveLength(1);
    expect(document.activeElement?.getAttribute("role")).toBe("region");
  });
});

describe("the error of a run", () => {
  test("that is done is a notice, with its details", async () => {
    const { host, el } = await open();
    host.say(
      snapshot(1, runView("r", 1, { state: "done", cells: [cell(0, { state: "done" })], error: DIED })),
    );
    await settle();
    const box = get(el, "sw-run-error");
    expect(box.dataset["notice"]).toBe("true");
    expect(box.getAttribute("role")).toBe("status");
    expect(box.textContent).toContain("All texts are complete");
    expect(box.querySelector("pre")?.textContent).toContain("the log");
    expect(get(el, "sw-progress").dataset["state"]).toBe("done");
  });

  test("that reached its time limit says so and does not alarm", async () => {
    const { host, el } = await open();
    const error = errorInfo("TimeLimit", "The run was stopped at its soft limit of 5 s.");
    host.say(snapshot(1, half({ state: "stopped", error })));
    await settle();
    expect(get(el, "sw-progress").textContent).toContain("Stopped at its time limit");
    expect(get(el, "sw-run-error").dataset["notice"]).toBe("true");
    expect(find(el, "sw-retry")).not.toBeNull();
  });

  test("that failed alarms", async () => {
    const { host, el } = await open();
    host.say(snapshot(1, half({ error: DIED })));
    await settle();
    expect(get(el, "sw-run-error").getAttribute("role")).toBe("alert");
    expect(get(el, "sw-run-error").dataset["notice"]).toBe("false");
  });
});

describe("the worker", () => {
  const dead = { ...READY, worker: "failed" as const, error: errorInfo("LoadError", "No such model.") };

  async function openDetails(el: HTMLElement): Promise<void> {
    const details = get<HTMLDetailsElement>(el, "sw-status-error-details");
    details.open = true;
    details.dispatchEvent(new Event("toggle"));
    await settle();
  }

  test("that failed can be started again, once per press", async () => {
    const { host, el } = await open({ ...chosen(edit(1)), status: dead });
    expect(get(el, "sw-status-error").textContent).toContain("No such model.");
    get(el, "sw-reload").click();
    get(el, "sw-reload").click();
    await settle();
    expect(host.of("Reload")).toHaveLength(1);
    host.refuse("Reload", errorInfo("SteererClosed", "This steerer is closed."));
    await settle();
    expect(get(el, "sw-error").textContent).toContain("This steerer is closed.");
    await press(el, "sw-reload");
    host.answer("Reload");
    host.set("status", { ...READY, worker: "loading" });
    await settle();
    expect(find(el, "sw-reload")).toBeNull();
    expect(find(el, "sw-error")).toBeNull();
    expect(find(el, "sw-status-error")).toBeNull();
  });

  test("shows its log when asked, which no trait holds", async () => {
    const { host, el } = await open({ ...chosen(edit(1)), status: dead });
    expect(host.of("ShowLog")).toEqual([]);
    await openDetails(el);
    await sent(host, "ShowLog");
    host.answer("ShowLog", { type: "Log", error: "Traceback …\nOSError", tail: "last line <b>" });
    await settle();
    const log = get(el, "sw-worker-log").textContent;
    for (const part of ["LoadError: No such model.", "Traceback …", "last line <b>"])
      expect(log).toContain(part);
  });

  test("says where its log cannot be had", async () => {
    const { host, el } = await open({ ...chosen(edit(1)), status: dead });
    await openDetails(el);
    host.refuse("ShowLog", errorInfo("SteererClosed", "This steerer is closed."));
    await settle();
    expect(get(el, "sw-worker-log").textContent).toContain("The log could not be had: SteererClosed");
  });

  test("that died is told by the run alone, and can be started again all the same", async () => {
    const { host, el } = await failed();
    host.say(snapshot(2, half({ error: DIED })));
    host.set("status", { ...READY, worker: "stopped", error: { ...DIED, details: "" } });
    await settle();
    expect(find(el, "sw-status-error")).toBeNull();
    await press(el, "sw-reload");
    expect(host.of("Reload")).toHaveLength(1);
  });

  test("that loads says its stage, percent and time", async () => {
    const { host, el } = await open({ ...chosen(edit(1)), status: { ...READY, load_s: 6 } });
    const loading = { type: "Loading", stage: "sae", fraction: 0.8, message: "" };
    host.set("status", { ...READY, worker: "loading", loading });
    await settle();
    const words = get(el, "sw-loading").textContent;
    for (const part of ["reading the SAE", "80 %", "0 s so far", "about 6 s left"])
      expect(words).toContain(part);
  });
});

test("a changed value is sent with what it was made on, and anew where that is old", async () => {
  const { host, el } = await open(chosen(edit(1, 5)));
  await press(el, "sw-layout-combined");
  await sent(host, "SetSelection");
  const first = host.last("SetSelection").command;
  expect(first.instead_of).toMatchObject({ layout: "separate", samples: 1 });
  host.set("selection", { ...first.instead_of, samples: 3 });
  host.refuse("SetSelection", errorInfo("StaleValue", "It was changed elsewhere."));
  await sent(host, "SetSelection", 2);
  const second = host.last("SetSelection").command;
  expect(second.selection).toMatchObject({ layout: "combined", samples: 3 });
  expect(second.instead_of).toMatchObject({ layout: "separate", samples: 3 });
  host.answer("SetSelection");
  await settle();
  expect(find(el, "sw-error")).toBeNull();
});

test("a change that could not be sent goes with the next sign of the kernel", async () => {
  const { host, el } = await open(chosen(edit(1, 5)));
  host.broken = true;
  await press(el, "sw-layout-combined");
  await vi.waitFor(() => expect(get(el, "sw-error").textContent).toContain("could not be sent"));
  expect(get<HTMLInputElement>(el, "sw-layout-combined").checked).toBe(true);
  host.broken = false;
  host.set("status", READY);
  await sent(host, "SetSelection");
  host.answer("SetSelection");
  await settle();
  expect(find(el, "sw-error")).toBeNull();
  expect(get<HTMLInputElement>(el, "sw-layout-combined").checked).toBe(true);
});

test("half a character is refused by name, and what was typed stays", async () => {
  const { host, el } = await open(chosen(edit(1, 5)));
  const box = get<HTMLTextAreaElement>(el, "sw-prompt-0");
  box.value = "broken \ud83d here";
  box.dispatchEvent(new Event("input", { bubbles: true }));
  box.dispatchEvent(new Event("blur"));
  await settle();
  expect(get(el, "sw-field-error-prompt-0").textContent).toContain("text of whole characters");
  expect(get<HTMLButtonElement>(el, "sw-run").disabled).toBe(true);
  expect(host.of("SetPrompts")).toEqual([]);
  expect(box.value).toBe("broken \ud83d here");
});

describe("the history", () => {
  test("says while it cannot be written, as text, and no longer when it can", async () => {
    const { host, el } = await open();
    expect(find(el, "sw-history-problem")).toBeNull();
    const problem = errorInfo("HistoryError", "The disk is <b>full</b>. Runs go on in memory.");
    host.set("status", { ...READY, history_problem: problem });
    await settle();
    expect(get(el, "sw-history-problem").textContent).toBe(problem.message);
    host.set("status", { ...READY, history_problem: null });
    await settle();
    expect(find(el, "sw-history-problem")).toBeNull();
  });
});
