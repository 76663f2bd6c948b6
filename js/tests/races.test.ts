// The page and Python change one value at the same time, over a wire that takes its time.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { errorInfo, RequestError } from "../src/errors";
import { MAX_ATTEMPTS, Shared } from "../src/pending";
import { withoutPrompt, withPrompt } from "../src/prompts";
import { random } from "./random";

interface Value {
  readonly mine: number;
  readonly theirs: number;
  readonly both: number;
  readonly rows: readonly string[];
}

const START: Value = { mine: 0, theirs: 0, both: 0, rows: ["first"] };
const stale = () => new RequestError(errorInfo("StaleValue", "It was changed elsewhere."));
const timeout = () => new RequestError(errorInfo("KernelTimeout", "no answer"));
const equal = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

/** Holds the value as the kernel does: what a page sends is refused unless it was made on what is held. */
class Kernel {
  held = START;
  nRefused = 0;
  /** Each write of the page: what was held before, and after. */
  readonly writes: [Value, Value][] = [];
  readonly shared: Shared<Value>;
  readonly #delayMs: () => number;
  #lastUpMs = 0;
  #lastDownMs = 0;

  constructor(
    readonly next: () => number,
    /** Share of requests whose answer comes too late to be waited for. */
    readonly late = 0,
  ) {
    this.#delayMs = () => 1 + Math.floor(next() * 40);
    this.shared = new Shared<Value>(START, {
      send: (value, insteadOf) => this.#request(value, insteadOf),
      refresh: () => this.#refresh(),
    });
  }

  /** Python changes the value; the page hears of it later. */
  change(apply: (value: Value) => Value): void {
    this.held = apply(this.held);
    this.#tell();
  }

  #request(value: Value, insteadOf: Value): Promise<void> {
    const isLate = this.next() < this.late;
    return new Promise((done, failed) => {
      this.#up(
        () => {
          const taken = equal(this.held, insteadOf) || equal(this.held, value);
          if (taken) {
            if (!equal(this.held, value)) this.writes.push([this.held, value]);
            this.held = structuredClone(value);
            this.#tell();
          } else {
            this.nRefused += 1;
          }
          this.#down(() => (taken ? done() : failed(stale()))); // too late where the page has given up
        },
        isLate ? 150 : 0,
      );
      if (isLate) setTimeout(() => failed(timeout()), 20);
    });
  }

  #refresh(): Promise<boolean> {
    return new Promise((done) => {
      this.#up(() => {
        this.#tell();
        this.#down(() => done(true));
      });
    });
  }

  #tell(): void {
    const told = structuredClone(this.held);
    this.#down(() => this.shared.receive(told));
  }

  /** Each way keeps its order, as a socket does. */
  #up(arrive: () => void, extraMs = 0): void {
    this.#lastUpMs = Math.max(this.#lastUpMs, Date.now() + this.#delayMs() + extraMs);
    setTimeout(arrive, this.#lastUpMs - Date.now());
  }

  #down(arrive: () => void): void {
    this.#lastDownMs = Math.max(this.#lastDownMs, Date.now() + this.#delayMs());
    setTimeout(arrive, this.#lastDownMs - Date.now());
  }
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Lets everything on its way arrive, as a user does who presses Run. */
async function drain({ shared }: Kernel): Promise<void> {
  for (let i = 0; i < 4; i++) {
    await vi.advanceTimersByTimeAsync(2_000);
    void shared.flush();
  }
  await vi.advanceTimersByTimeAsync(5_000);
}

function changeHere(kernel: Kernel, next: () => number, i: number): void {
  const { shared } = kernel;
  const pause = Math.floor(next() * 30);
  const kind = next();
  if (kind < 0.35) shared.change("mine", (v) => ({ ...v, mine: i }), pause);
  else if (kind < 0.5) shared.change("both", (v) => ({ ...v, both: i }), pause);
  else if (kind < 0.8) shared.reshape((v) => ({ ...v, rows: [...v.rows, `page ${i}`] }));
  else {
    const gone = shared.value.value.rows.find((row) => row.startsWith("page"));
    shared.reshape((v) => ({ ...v, rows: v.rows.filter((row) => row !== gone) }));
    if (gone !== undefined) removed.add(gone);
  }
}

const removed = new Set<string>();

async function play(seed: number, late: number) {
  removed.clear();
  const next = random(seed);
  const kernel = new Kernel(next, late);
  const last = { mine: 0, theirs: 0 };
  const added = new Set<string>(["first"]);
  for (let i = 1; i <= 40; i++) {
    const kind = next();
    if (kind < 0.5) {
      const before = kernel.shared.value.value;
      changeHere(kernel, next, i);
      const after = kernel.shared.value.value;
      last.mine = after.mine;
      for (const row of after.rows) if (!before.rows.includes(row)) added.add(row);
    } else if (kind < 0.8) {
      kernel.change((v) => ({ ...v, theirs: i }));
      last.theirs = i;
    } else if (kind < 0.9) {
      kernel.change((v) => ({ ...v, both: 1000 + i }));
    } else {
      kernel.change((v) => ({ ...v, rows: [`python ${i}`, ...v.rows] }));
      added.add(`python ${i}`);
    }
    await vi.advanceTimersByTimeAsync(Math.floor(next() * 60));
  }
  await drain(kernel);
  return { kernel, last, rows: [...added].filter((row) => !removed.has(row)).sort() };
}

test.each([
  ["when every request is answered", 0],
  ["when some answers come too late", 0.15],
])("no change of either side is lost or made twice, and both end equal: %s", async (_name, late) => {
  let nRefused = 0;
  for (let seed = 1; seed <= 150; seed++) {
    const { kernel, last, rows } = await play(seed, late);
    const { shared, held } = kernel;
    expect(shared.error.value, `seed ${seed}`).toBeNull();
    expect(shared.value.value, `seed ${seed}`).toEqual(held);
    expect({ mine: held.mine, theirs: held.theirs }, `seed ${seed}`).toEqual(last);
    expect([...held.rows].sort(), `seed ${seed}`).toEqual(rows);
    // What Python alone changes is never set back by the page.
    for (const [before, after] of kernel.writes) expect(after.theirs).toBe(before.theirs);
    nRefused += kernel.nRefused;
  }
  expect(nRefused).toBeGreaterThan(100); // they did meet
});

test("where both change the same, the page's change wins", async () => {
  const kernel = new Kernel(random(7));
  kernel.shared.change("both", (v) => ({ ...v, both: 1 }));
  kernel.change((v) => ({ ...v, both: 2, theirs: 2 }));
  expect(kernel.shared.value.value).toMatchObject({ both: 1 });
  await drain(kernel);
  expect(kernel.held).toMatchObject({ both: 1, theirs: 2 });
  expect(kernel.shared.value.value).toEqual(kernel.held);
});

test("a value that changes faster than the page can follow is told, and the change is kept", async () => {
  let nAsked = 0;
  const shared: Shared<number> = new Shared<number>(0, {
    send: () => Promise.reject(stale()),
    refresh: () => {
      nAsked += 1;
      shared.receive(100 * nAsked);
      return Promise.resolve(true);
    },
  });
  shared.change("add", (n) => n + 1);
  await vi.advanceTimersByTimeAsync(100);
  expect(nAsked).toBe(MAX_ATTEMPTS - 1);
  expect(shared.value.value).toBe(100 * nAsked + 1);
  expect(shared.error.value?.message).toContain("What you changed is kept");
});

test("a value that was taken though nobody heard so is not made twice", async () => {
  const sent: number[][] = [];
  const shared = new Shared<number[]>([], {
    send: (value) => {
      sent.push(value);
      return Promise.reject(timeout());
    },
    refresh: () => Promise.resolve(false),
  });
  shared.reshape((all) => [...all, 1]);
  await vi.advanceTimersByTimeAsync(100);
  expect(shared.error.value?.kind).toBe("KernelTimeout");
  shared.receive([1]);
  expect(shared.value.value).toEqual([1]);
  expect(shared.error.value).toBeNull();
  expect(await shared.flush()).toBe(true);
  expect(sent).toEqual([[1]]);
});

test("what was lost on the way is sent again once the kernel answers", async () => {
  const sent: number[] = [];
  let connected = false;
  const shared = new Shared<number>(0, {
    send: (value) => {
      sent.push(value);
      return connected ? Promise.resolve() : Promise.reject(timeout());
    },
    refresh: () => Promise.resolve(connected),
  });
  shared.change("add", (n) => n + 1);
  await vi.advanceTimersByTimeAsync(100);
  expect(shared.error.value?.kind).toBe("KernelTimeout");
  connected = true;
  shared.resend();
  await vi.advanceTimersByTimeAsync(100);
  expect([sent, shared.held.value, shared.error.value]).toEqual([[1, 1], 1, null]);
  shared.resend(); // nothing is left to send
  expect(sent).toHaveLength(2);
});

test("a change keeps to its row when rows before it go", () => {
  const shared = new Shared<string[]>(["a", "b", "c"], {
    send: () => new Promise(() => {}),
    refresh: () => Promise.resolve(true),
  });
  shared.change("1", (all, madeOn) => withPrompt(all, madeOn, 1, "B") as string[], 50);
  shared.reshape((all, madeOn) => withoutPrompt(all, madeOn, 0) as string[]);
  shared.change("1", (all, madeOn) => withPrompt(all, madeOn, 1, "C") as string[], 50);
  expect(shared.value.value).toEqual(["B", "C"]);
  shared.receive(["new", "a", "b", "c"]);
  expect(shared.value.value).toEqual(["new", "B", "C"]);
});

test.each([
  ["in its place", ["x", "y"], 1, "y", ["x", "new"]],
  ["where it has moved", ["y", "x"], 1, "y", ["new", "x"]],
  ["in its place, where Python has changed it too", ["x", "z"], 1, "y", ["x", "new"]],
  ["at the end, where there is no such place", ["x"], 3, "y", ["x", "new"]],
])("a prompt is set %s", (_where, all, i, was, after) => {
  const madeOn = Array.from({ length: i + 1 }, (_, at) => (at === i ? was : "x"));
  expect(withPrompt(all, madeOn, i, "new")).toEqual(after);
});

test("a prompt that is gone is not taken out again", () => {
  expect(withoutPrompt(["a", "c"], ["a", "b"], 1)).toEqual(["a", "c"]);
  expect(withoutPrompt(["b", "a"], ["a", "b"], 1)).toEqual(["a"]);
});
