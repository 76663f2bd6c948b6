import { afterEach, describe, expect, test, vi } from "vitest";
import { EMPTY_SELECTION } from "../src/defaults";
import type { ErrorInfo } from "../src/protocol.gen";
import { cell, delta, invalid, runView, snapshot, steering } from "./host";
import {
  chosen,
  edit,
  find,
  get,
  key,
  type Mounted,
  mount,
  press,
  READY,
  sent,
  settle,
  startRun,
  type,
} from "./mount";

let page: Mounted | null = null;
async function open(traits: Record<string, unknown> = {}): Promise<Mounted> {
  page = await mount(traits);
  return page;
}
afterEach(() => {
  page?.close();
  page = null;
  vi.useRealTimers();
});

const SCRIPT = `<img src=x onerror="window.hit=1"><b>bold</b>`;

describe("strengths", () => {
  test("the dial moves the number and the number the dial; Python hears the last", async () => {
    const { host, el } = await open(chosen(edit(1, 0)));
    await type(el, "sw-dial-0", "1");
    expect(get<HTMLInputElement>(el, "sw-strength-0").value).toBe("200");
    await type(el, "sw-strength-0", "-200");
    expect(Number(get<HTMLInputElement>(el, "sw-dial-0").value)).toBe(-1);
    await sent(host, "SetSelection");
    expect(host.of("SetSelection").map((r) => r.command.selection.edits[0]?.strength)).toEqual([-200]);
  });

  test("the number box takes what the dial cannot reach", async () => {
    const { host, el } = await open(chosen(edit(1, 0)));
    await type(el, "sw-strength-0", "1234.5");
    await sent(host, "SetSelection");
    expect(host.last("SetSelection").command.selection.edits[0]?.strength).toBe(1234.5);
    expect(get(el, "sw-dial-0").getAttribute("aria-valuetext")).toContain("beyond the dial");
  });

  test("what is no number is kept, refused at the field, and blocks Run", async () => {
    const { host, el } = await open(chosen(edit(1, 5)));
    await type(el, "sw-strength-0", "abc");
    get(el, "sw-strength-0").dispatchEvent(new Event("blur"));
    await settle();
    expect(get<HTMLInputElement>(el, "sw-strength-0").value).toBe("abc");
    expect(get(el, "sw-strength-0").getAttribute("aria-invalid")).toBe("true");
    expect(get(el, "sw-field-error-strength-0").textContent).toBe(
      "strength: got 'abc'; allowed: a finite number.",
    );
    expect(get<HTMLButtonElement>(el, "sw-run").disabled).toBe(true);
    await type(el, "sw-strength-0", "6");
    expect(find(el, "sw-field-error-strength-0")).toBeNull();
    expect(get<HTMLButtonElement>(el, "sw-run").disabled).toBe(false);
    await sent(host, "SetSelection");
  });

  test("a strength set in Python is shown, unless that very box is being typed in", async () => {
    const { host, el } = await open(chosen(edit(1, 5), edit(2, 5)));
    await type(el, "sw-strength-0", "abc");
    host.set("selection", { ...EMPTY_SELECTION, edits: [edit(1, 33), edit(2, 44)] });
    await settle();
    expect(get<HTMLInputElement>(el, "sw-strength-0").value).toBe("abc");
    expect(get<HTMLInputElement>(el, "sw-strength-1").value).toBe("44");
  });
});

describe("errors from Python", () => {
  test("stand at the field they name, with what was typed", async () => {
    const { host, el } = await open(chosen());
    await type(el, "sw-gen-temperature", "-1");
    await sent(host, "SetGeneration");
    host.refuse("SetGeneration", invalid("temperature", "-1", "0 (greedy) or above"));
    await settle();
    expect(get<HTMLInputElement>(el, "sw-gen-temperature").value).toBe("-1");
    expect(get(el, "sw-field-error-temperature").textContent).toContain("0 (greedy) or above");
    expect(find(el, "sw-error")).toBeNull();
  });

  test("that name no field stand in the general box, whole on demand, and can be closed", async () => {
    const { host, el } = await open(chosen());
    await press(el, "sw-run");
    await sent(host, "Run");
    const error: ErrorInfo = {
      ...invalid("", "", ""),
      kind: "WorkerDied",
      message: "The worker died.",
      details: SCRIPT,
    };
    host.refuse("Run", error);
    await settle();
    expect(get(el, "sw-error").textContent).toContain("The worker died.");
    expect(get(el, "sw-error-details").querySelector("pre")?.textContent).toContain(SCRIPT);
    expect(get<HTMLButtonElement>(el, "sw-run").disabled).toBe(false);
    get(el, "sw-error").querySelector<HTMLElement>('[aria-label="Close this error"]')?.click();
    await settle();
    expect(find(el, "sw-error")).toBeNull();
  });

  test("of a refused run stand at their field too, until something is changed", async () => {
    const { host, el } = await open(chosen(edit(1)));
    const error = invalid("prompt", "'9000 tokens'", "at most 8192");
    host.say(snapshot(1, runView("r", 1, { state: "failed", error })));
    await settle();
    expect(get(el, "sw-run-error").textContent).toContain("9000 tokens");
    expect(get(el, "sw-field-error-prompt-0").textContent).toContain("9000 tokens");
    expect(find(el, "sw-error")).toBeNull();
    await type(el, "sw-prompt-0", "shorter");
    expect(find(el, "sw-field-error-prompt-0")).toBeNull();
  });

  test("of the worker stand in the status line, unless the failed run tells them", async () => {
    const error: ErrorInfo = { ...invalid("", "", ""), kind: "WorkerDied", message: "It was killed." };
    const { host, el } = await open(chosen(edit(1)));
    host.set("status", { ...READY, worker: "stopped", error });
    await settle();
    expect(get(el, "sw-status-error").textContent).toContain("It was killed.");
    host.say(snapshot(1, runView("r", 1, { state: "failed", error })));
    await settle();
    expect(find(el, "sw-status-error")).toBeNull();
    expect(get(el, "sw-run-error").textContent).toContain("It was killed.");
  });

  test("an empty prompt is refused once it was left", async () => {
    const { host, el } = await open();
    get(el, "sw-prompt-0").dispatchEvent(new Event("blur"));
    await settle();
    expect(get(el, "sw-field-error-prompt-0").textContent).toBe(
      "prompt: got ''; allowed: text that is not empty.",
    );
    expect(host.of("SetPrompts")).toEqual([]);
  });
});

describe("running", () => {
  test("sends what is pending first, then Run", async () => {
    const { host, el } = await open(chosen(edit(1, 5)));
    await type(el, "sw-prompt-0", "Once upon a time");
    await press(el, "sw-run");
    expect(host.of("Run")).toHaveLength(0);
    host.answer("SetPrompts");
    await sent(host, "Run");
    const kinds = host.sent.map((r) => r.command.type);
    expect(kinds.indexOf("SetPrompts")).toBeLessThan(kinds.indexOf("Run"));
    expect(host.last("SetPrompts").command.prompts).toEqual(["Once upon a time"]);
  });

  test("a double click is one run, also before the run is drawn", async () => {
    const { host, el } = await open(chosen(edit(1, 5)));
    const run = get(el, "sw-run");
    run.click();
    run.click();
    await sent(host, "Run");
    host.answer("Run", { type: "Started", run: "r" });
    await settle();
    run.click();
    await key(el, "sw-prompt-0", "Enter", { ctrlKey: true });
    expect(host.of("Run")).toHaveLength(1);
    host.say(snapshot(1, runView("r", 1)));
    await settle();
    expect(get<HTMLButtonElement>(el, "sw-run").disabled).toBe(true);
    expect(get<HTMLButtonElement>(el, "sw-stop").disabled).toBe(false);
  });

  test("the guard is cleared by an error", async () => {
    const { host, el } = await open(chosen(edit(1, 5)));
    await press(el, "sw-run");
    await sent(host, "Run");
    host.refuse("Run", invalid("samples", "0", "a whole number from 1 up"));
    await settle();
    await press(el, "sw-run");
    await sent(host, "Run", 2);
  });

  test("says how many cells a press makes", async () => {
    const { el } = await open({
      prompts: ["a", "b"],
      selection: { ...EMPTY_SELECTION, edits: [edit(1), edit(2)], samples: 3 },
    });
    expect(get(el, "sw-count").textContent).toBe("3 columns × 2 prompts × 3 samples = 18 cells");
  });

  test("texts grow in the node they began in", async () => {
    const opened = await open(chosen(edit(1)));
    const { host, el } = opened;
    await startRun(opened);
    host.say(delta(2, "r1", { cells: [{ index: 0, append: " one", n_tokens: 1, done: null }] }));
    await settle();
    const node = get(el, "sw-cell-text-0").firstChild;
    host.say(delta(3, "r1", { cells: [{ index: 0, append: " two", n_tokens: 2, done: null }] }));
    await settle();
    expect(get(el, "sw-cell-text-0").textContent).toBe(" one two");
    expect(get(el, "sw-cell-text-0").firstChild).toBe(node);
    expect(get(el, "sw-cell-0").dataset).toMatchObject({ state: "running", nTokens: "2" });
    expect(get(el, "sw-cell-1").dataset["state"]).toBe("queued");
  });

  test("many messages in a frame are one drawing and one acknowledgement", async () => {
    const opened = await open(chosen(edit(1)));
    await startRun(opened);
    const before = opened.host.of("Ack").length;
    for (let seq = 2; seq <= 30; seq++)
      opened.host.say(delta(seq, "r1", { cells: [{ index: 0, append: "x", n_tokens: seq, done: null }] }));
    await settle();
    expect(get(opened.el, "sw-cell-text-0").textContent).toBe("x".repeat(29));
    await vi.waitFor(() => expect(opened.host.last("Ack").command.seq).toBe(30));
    expect(opened.host.of("Ack").length - before).toBeLessThanOrEqual(2);
  });

  test("a gap asks for everything and then shows it", async () => {
    const opened = await open(chosen(edit(1)));
    const { host, el } = opened;
    await startRun(opened);
    const nSyncs = host.of("Sync").length;
    host.say(delta(9, "r1", { cells: [{ index: 0, append: "late", n_tokens: 9, done: null }] }));
    expect(host.of("Sync")).toHaveLength(nSyncs + 1);
    host.say(
      snapshot(9, runView("r1", 2, { cells: [cell(0, { state: "running", text: "whole" }), cell(1)] })),
    );
    await settle();
    expect(get(el, "sw-cell-text-0").textContent).toBe("whole");
  });
});

describe("stopping", () => {
  test("says so at once, asks once, and is over with the run", async () => {
    const opened = await open(chosen(edit(1)));
    const { host, el } = opened;
    await startRun(opened);
    await press(el, "sw-stop");
    expect(get(el, "sw-stop").textContent).toBe("Stopping…");
    await press(el, "sw-stop");
    expect(host.of("Stop").map((r) => r.command.run)).toEqual(["r1"]);
    host.answer("Stop");
    host.say(delta(2, "r1", { state: "stopped" }));
    await settle();
    expect(get(el, "sw-stop").textContent).toBe("Stop");
    expect(get(el, "sw-progress").dataset["state"]).toBe("stopped");
    expect(get<HTMLButtonElement>(el, "sw-run").disabled).toBe(false);
  });

  test("without an answer for a second says that the kernel is busy; Interrupt asks first", async () => {
    const opened = await open(chosen(edit(1)));
    const { host, el } = opened;
    const interrupt = vi.fn(() => Promise.resolve());
    host.widget_manager = { kernel: { interrupt } };
    await startRun(opened);
    await press(el, "sw-stop");
    await vi.waitFor(() => get(el, "sw-stop-late"), 2000);
    expect(get(el, "sw-stop-late").textContent).toContain("The kernel is busy: Stop is queued");
    await press(el, "sw-interrupt");
    expect(interrupt).not.toHaveBeenCalled();
    await press(el, "sw-interrupt-confirm");
    expect(interrupt).toHaveBeenCalledOnce();
    host.answer("Stop");
    await settle();
    expect(find(el, "sw-stop-late")).toBeNull();
  });

  test("asks before Interrupt each time", async () => {
    const opened = await open(chosen(edit(1)));
    const { host, el } = opened;
    host.widget_manager = { kernel: { interrupt: () => Promise.resolve() } };
    await startRun(opened);
    await press(el, "sw-stop");
    await vi.waitFor(() => get(el, "sw-stop-late"), 2000);
    await press(el, "sw-interrupt"); // and thought better of: the run ends by itself
    get(el, "sw-interrupt-confirm");
    host.answer("Stop");
    host.say(snapshot(2, runView("r1", 2, { state: "stopped" })));
    host.say(snapshot(3, runView("r2", 2)));
    await settle();
    await press(el, "sw-stop");
    await vi.waitFor(() => get(el, "sw-stop-late"), 2000);
    expect(find(el, "sw-interrupt-confirm")).toBeNull();
  });

  test("an error puts Stop back", async () => {
    const opened = await open(chosen(edit(1)));
    await startRun(opened);
    await press(opened.el, "sw-stop");
    opened.host.refuse("Stop", { ...invalid("", "", ""), kind: "WorkerError", message: "It did not stop." });
    await settle();
    expect(get<HTMLButtonElement>(opened.el, "sw-stop").disabled).toBe(false);
    expect(get(opened.el, "sw-error").textContent).toContain("It did not stop.");
  });
});

test("markup in labels, prompts, texts and errors shows as text", async () => {
  const { host, el } = await open({
    prompts: [SCRIPT],
    selection: { ...EMPTY_SELECTION, edits: [edit(1, 5, SCRIPT)] },
  });
  const error: ErrorInfo = { ...invalid("", "", ""), message: SCRIPT, details: SCRIPT };
  const cells = [cell(0, { state: "failed", text: SCRIPT, error })];
  host.say(
    snapshot(
      1,
      runView("r", 1, { prompts: [SCRIPT], steerings: [steering(edit(1, 5, SCRIPT))], cells, error }),
    ),
  );
  await settle();
  expect(get(el, "sw-cell-text-0").textContent).toBe(SCRIPT);
  expect(get<HTMLTextAreaElement>(el, "sw-prompt-0").value).toBe(SCRIPT);
  expect(el.querySelector("img, b")).toBeNull();
});

test("two views of one widget share what is typed and shown, with ids of their own", async () => {
  const { host, el, again } = await open(chosen(edit(1, 5)));
  const other = again();
  await settle();
  await type(el, "sw-strength-0", "abc");
  expect(get<HTMLInputElement>(other, "sw-strength-0").value).toBe("abc");
  host.say(snapshot(1, runView("r", 1, { cells: [cell(0, { text: "same" })] })));
  await settle();
  expect(get(other, "sw-cell-text-0").textContent).toBe("same");
  const ids = [...document.querySelectorAll("[id]")].map((node) => node.id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(host.of("Sync")).toHaveLength(1);
});

test("without a kernel the saved run is drawn, and nothing can be run", async () => {
  const run = runView("r", 1, { state: "done", cells: [cell(0, { state: "done", text: "saved" })] });
  page = await mount({ ...chosen(edit(1)), snapshot: snapshot(7, run) }, true);
  const { el } = page;
  expect(get(el, "sw-cell-text-0").textContent).toBe("saved");
  expect(get(el, "sw-status").dataset["state"]).toBe("offline");
  expect(get<HTMLButtonElement>(el, "sw-run").disabled).toBe(true);
});

test("what was saved says that there is no kernel, tells what was left out, and can only be read", async () => {
  const run = runView("r", 2, {
    state: "stopped",
    cells: [cell(0, { state: "done", text: "saved" }), cell(1, { state: "stopped" })],
  });
  page = await mount({ ...chosen(edit(1)), snapshot: { ...snapshot(7, run), n_left_out: 1 } }, true);
  const { el } = page;
  const status = get(el, "sw-status").textContent ?? "";
  expect(status).toContain("No kernel: read-only");
  expect(status).toContain("Left out, for size: the last 1 text.");
  for (const name of ["sw-strength-0", "sw-prompt-0", "sw-remove-0", "sw-add-prompt"])
    expect(get(el, name).matches(":disabled, fieldset[disabled] *")).toBe(true);
  expect(get<HTMLInputElement>(el, "sw-view-summary").matches("fieldset[disabled] *")).toBe(false);
  expect(el.querySelector('[data-testid^="sw-retry-"]')).toBeNull();
  expect(el.querySelector('[data-testid="sw-fires-in-0"]')).toBeNull();
});

test("a kernel that answers again gives everything back", async () => {
  page = await mount(chosen(edit(1)), true);
  const { host, el } = page;
  expect(get(el, "sw-status").textContent).toContain("No kernel: read-only");
  host.broken = false;
  host.set("status", READY);
  await settle();
  expect(get(el, "sw-status").dataset["state"]).toBe("ready");
  expect(get(el, "sw-strength-0").matches("fieldset[disabled] *")).toBe(false);
});

test("an example fills prompt and feature and runs, and leaves what was typed", async () => {
  const { host, el } = await open();
  await press(el, "sw-example-1");
  expect(get<HTMLTextAreaElement>(el, "sw-prompt-0").value).toBe("Yesterday I went for a walk and");
  expect(get(el, "sw-feature-0").textContent).toContain("3530");
  expect(get<HTMLInputElement>(el, "sw-strength-0").value).toBe("70");
  expect(host.of("Run"), "nothing runs before Python has what is selected").toHaveLength(0);
  host.answer("SetPrompts");
  host.answer("SetSelection");
  expect(host.last("SetGeneration").command.generation).toMatchObject({ repetition_penalty: 1.1 });
  host.answer("SetGeneration");
  await settle();
  expect(host.of("Run")).toHaveLength(1);
});

test("other models get a hint instead of examples that would not fit", async () => {
  const { el } = await open({ status: { ...UNFIT } });
  expect(find(el, "sw-example-0")).toBeNull();
  expect(get(el, "sw-examples").textContent).toContain("Start low");
});

const UNFIT = { worker: "ready", methods: ["add"], saes: [], measures: [], model: null };
