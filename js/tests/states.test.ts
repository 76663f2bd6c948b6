// Every state of a run and of a cell, as the page draws it and as a retry finds it.
import { afterEach, describe, expect, test } from "vitest";
import { backlogWords, stateWords } from "../src/backlog";
import { NOTHING_LEFT } from "../src/defaults";
import { errorInfo } from "../src/errors";
import type { CellState, RunState, RunView } from "../src/protocol.gen";
import { NOTHING_SHOWN, reduce, reduceSaved } from "../src/reducer";
import { countUnfinished, isActive } from "../src/states";
import { cell, delta, runView, snapshot } from "./host";
import { chosen, edit, find, get, type Mounted, mount, settle } from "./mount";

let page: Mounted | null = null;
afterEach(() => {
  page?.close();
  page = null;
});

// By key, so that a state the protocol gains is missed here by the compiler.
const RUN_WORDS: Record<RunState, string> = {
  queued: "Waiting for its turn",
  loading: "Waiting for the model",
  running: "Writing",
  stopping: "Stopping",
  done: "Done",
  stopped: "Stopped",
  failed: "Failed",
};
const CELL_WORDS: Record<CellState, string> = {
  queued: "queued",
  running: "writing",
  done: "done",
  stopped: "stopped",
  failed: "failed",
};
const RUN_STATES = Object.keys(RUN_WORDS) as RunState[];
const CELL_STATES = Object.keys(CELL_WORDS) as CellState[];
const ENDED: readonly RunState[] = ["done", "stopped", "failed"];

const oneOfEach = (state: RunState): RunView =>
  runView("r", CELL_STATES.length, {
    state,
    cells: CELL_STATES.map((cellState, i) =>
      cell(i, { state: cellState, text: cellState === "queued" ? "" : `text ${i}`, n_tokens: i }),
    ),
  });

test.each(RUN_STATES)("a run that is %s is drawn so, with cells of every state", async (state) => {
  page = await mount(chosen(edit(1)));
  const { host, el } = page;
  host.say(snapshot(1, oneOfEach(state)));
  await settle();
  expect(get(el, "sw-progress").dataset["state"]).toBe(state);
  expect(get(el, "sw-progress").querySelector("strong")?.textContent).toBe(RUN_WORDS[state]);
  const ended = ENDED.includes(state);
  expect(get<HTMLButtonElement>(el, "sw-stop").disabled).toBe(ended || state === "stopping");
  expect(get<HTMLButtonElement>(el, "sw-run").disabled).toBe(!ended);
  expect(find(el, "sw-retry")?.textContent).toBe(ended ? "Retry 2 cells" : undefined);
  for (const [i, cellState] of CELL_STATES.entries()) {
    const foot = get(el, `sw-cell-${i}`).querySelector(".sw-cell-state")?.textContent;
    expect([get(el, `sw-cell-${i}`).dataset["state"], foot]).toEqual([cellState, CELL_WORDS[cellState]]);
    const retried = ended && (cellState === "stopped" || cellState === "failed");
    expect(find(el, `sw-retry-${i}`) !== null).toBe(retried);
  }
});

test.each(RUN_STATES.flatMap((run) => CELL_STATES.map((state) => [run, state] as const)))(
  "a retry of a run that is %s, with a cell that is %s, shows what its snapshot says",
  (state, cellState) => {
    const before = runView("r", 1, {
      state,
      cells: [cell(0, { state: cellState, text: "old", n_tokens: 3, error: errorInfo("X", "x") })],
    });
    const again = runView("r", 1, { state: "queued" });
    const [shown] = reduce({ ...NOTHING_SHOWN, seq: 4, run: before }, snapshot(5, again));
    expect(shown.run).toEqual(again);
    // From there it grows as any run does.
    const [grown] = reduce(
      shown,
      delta(6, "r", { cells: [{ index: 0, append: "new", n_tokens: 1, done: null }] }),
    );
    expect(grown.run?.cells[0]).toMatchObject({ state: "running", text: "new", n_tokens: 1, error: null });
    // Late messages of the attempt before are older than the snapshot.
    expect(reduce(shown, delta(5, "r", { state }))[1]).toBe("ignored");
  },
);

test("only ended runs have cells to retry", () => {
  for (const state of RUN_STATES) {
    const run = oneOfEach(state);
    expect(countUnfinished(run)).toBe(isActive(run) ? 0 : 2);
  }
  expect(countUnfinished(null)).toBe(0);
});

describe("the saved snapshot", () => {
  const saved = snapshot(7, runView("saved", 1, { state: "done" }));

  test("is drawn where nothing has come from a kernel", () => {
    expect(reduceSaved(NOTHING_SHOWN, saved)).toMatchObject([{ seq: 7, run: { id: "saved" } }, "applied"]);
  });

  test("does not take the details from a run that came by message", () => {
    const error = { ...errorInfo("WorkerDied", "It died."), details: "the log" };
    const shown = { ...NOTHING_SHOWN, seq: 7, run: runView("r", 1, { state: "failed" as const, error }) };
    expect(reduceSaved(shown, saved)).toEqual([shown, "ignored"]);
  });

  test("tells that a message was lost where it is newer", () => {
    const shown = { ...NOTHING_SHOWN, seq: 6, run: runView("r", 1) };
    expect(reduceSaved(shown, saved)).toEqual([shown, "gap"]);
  });
});

describe("words", () => {
  const backlog = (n_runs: number) => ({ ...NOTHING_LEFT, n_runs });
  const run = (state: RunState, change: Partial<RunView> = {}) => runView("r", 1, { state, ...change });

  test.each([
    ["queued", 3, 170, "2 runs before it · 3 min left in all"],
    ["loading", 2, null, "1 run before it"],
    ["running", 3, 170, "2 runs wait · 3 min left in all"],
    ["running", 2, 9, "1 run waits · 9 s left in all"],
    ["stopping", 2, null, "1 run waits"],
    ["running", 1, 60, ""],
    ["done", 0, null, ""],
    ["done", 1, 45, "1 run still on · 45 s left in all"],
  ] as const)("of a %s run with %d runs in all", (state, n, leftS, words) => {
    expect(backlogWords(run(state), backlog(n), leftS)).toBe(words);
  });

  test("of a run that others overtake, that is being stopped, or that reached its limit", () => {
    const overtaken = run("running");
    overtaken.progress = { ...overtaken.progress, is_overtaken: true };
    expect(stateWords(overtaken, false)).toBe("Waiting for a shorter run");
    expect(stateWords(overtaken, true)).toBe("Stopping");
    expect(stateWords(run("stopped", { error: errorInfo("TimeLimit", "") }), false)).toBe(
      "Stopped at its time limit",
    );
    expect(stateWords(run("stopped", { error: errorInfo("WorkerDied", "") }), true)).toBe("Stopped");
  });
});
