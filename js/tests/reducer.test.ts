import { describe, expect, test } from "vitest";
import type { CellView } from "../src/protocol.gen";
import { NOTHING_SHOWN, type RunEvent, reduce, type Shown } from "../src/reducer";
import { cell, delta, runView, snapshot } from "./host";
import { random } from "./random";

const started: Shown = { ...NOTHING_SHOWN, seq: 4, run: runView("r", 2) };

describe("deltas", () => {
  test("append to the cells they name, and leave the other cells the same objects", () => {
    const [next, outcome] = reduce(
      started,
      delta(5, "r", { cells: [{ index: 1, append: " sea", n_tokens: 1, done: null }] }),
    );
    expect(outcome).toBe("applied");
    expect(next.run?.cells[1]).toMatchObject({ text: " sea", n_tokens: 1, state: "running" });
    expect(next.run?.cells[0]).toBe(started.run?.cells[0]);
    expect(started.run?.cells[1]?.text).toBe("");
  });

  test("replace a cell whole when it ended", () => {
    const done = cell(0, { state: "done", text: "all of it", n_tokens: 3, finish: "eos" });
    const [next] = reduce(started, delta(5, "r", { cells: [{ index: 0, append: "", n_tokens: 3, done }] }));
    expect(next.run?.cells[0]).toEqual(done);
  });

  test("are not applied twice", () => {
    const event = delta(5, "r", { cells: [{ index: 0, append: "x", n_tokens: 1, done: null }] });
    const [once] = reduce(started, event);
    const [twice, outcome] = reduce(once, event);
    expect(outcome).toBe("ignored");
    expect(twice).toBe(once);
  });

  test.each([
    ["a missing number", started, delta(6, "r")],
    ["a run not seen yet", started, delta(5, "other")],
    ["no run at all", NOTHING_SHOWN, delta(1, "r")],
  ])("ask for everything after %s", (_name, shown, event) => {
    const [next, outcome] = reduce(shown, event);
    expect(outcome).toBe("gap");
    expect(next).toBe(shown);
  });

  test("of cells that do not exist change nothing else", () => {
    const [next] = reduce(
      started,
      delta(5, "r", { cells: [{ index: 9, append: "x", n_tokens: 1, done: null }] }),
    );
    expect(next.run?.cells).toEqual(started.run?.cells);
  });
});

describe("snapshots", () => {
  test("replace everything, also at the same number", () => {
    const run = runView("r", 3);
    expect(reduce(started, snapshot(4, run))).toEqual([{ ...NOTHING_SHOWN, seq: 4, run }, "applied"]);
  });

  test("older than what is shown are ignored", () => {
    expect(reduce(started, snapshot(3, runView("old", 1)))).toEqual([started, "ignored"]);
  });
});

/** A kernel that numbers its messages, on a wire that loses, doubles and swaps them. */
function messages(next: () => number): { events: RunEvent[]; truth: () => Shown } {
  const events: RunEvent[] = [];
  let seq = 0;
  let run = runView("r0", 3);
  events.push(snapshot(seq, run));
  for (let i = 0; i < 60; i++) {
    if (next() < 0.05) {
      run = runView(`r${i}`, 3);
      events.push(snapshot(seq, run));
      continue;
    }
    const index = Math.floor(next() * 3);
    const append = ` t${i}`;
    const before = run.cells[index] as CellView;
    if (before.state === "done") continue;
    const grown: CellView = {
      ...before,
      state: "running",
      text: before.text + append,
      n_tokens: before.n_tokens + 1,
    };
    const done = next() < 0.1 ? { ...grown, state: "done" as const } : null;
    run = { ...run, cells: run.cells.map((c, at) => (at === index ? (done ?? grown) : c)) };
    seq += 1;
    events.push(delta(seq, run.id, { cells: [{ index, append, n_tokens: grown.n_tokens, done }] }));
  }
  return { events, truth: () => ({ ...NOTHING_SHOWN, seq, run }) };
}

/** Plays one sequence over the wire; what is shown never holds a token twice and never goes back. */
function play(seed: number): { shown: Shown; truth: Shown } {
  const next = random(seed);
  const { events, truth } = messages(next);
  let shown = NOTHING_SHOWN;
  for (const [i, event] of events.entries()) {
    if (next() < 0.15) continue; // lost
    const before = events[i - 1];
    const doubledDelta = next() < 0.3 && before?.type === "RunDelta" ? [before] : []; // snapshots keep their order
    for (const arriving of [event, ...doubledDelta, event]) {
      const [after, outcome] = reduce(shown, arriving);
      expect(after.seq).toBeGreaterThanOrEqual(shown.seq);
      if (outcome !== "applied") expect(after).toBe(shown);
      shown = after;
      for (const c of shown.run?.cells ?? []) expect(doubled(c.text)).toBe(false);
    }
  }
  return { shown, truth: truth() };
}

test("losing, doubling and mixing messages never doubles a token, and a snapshot puts all right", () => {
  let nWrongBefore = 0;
  for (let seed = 1; seed <= 300; seed++) {
    const { shown, truth } = play(seed);
    if (shown.seq !== truth.seq) nWrongBefore += 1;
    const [after] = reduce(shown, snapshot(truth.seq, truth.run));
    expect(after).toEqual(truth);
  }
  expect(nWrongBefore).toBeGreaterThan(0); // the wire did lose messages that mattered
});

/** True where a token stands twice: every token of the sequence above is its own. */
function doubled(text: string): boolean {
  const tokens = text.trim().split(" ").filter(Boolean);
  return new Set(tokens).size !== tokens.length;
}
