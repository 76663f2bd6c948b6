import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { RequestError } from "../src/errors";
import { Shared } from "../src/pending";
import { invalid } from "./host";

interface Value {
  readonly a: number;
  readonly b: number;
}

function make(sendable: (value: Value) => boolean = () => true) {
  const sent: Value[] = [];
  const answers: { ok: () => void; fail: (error: unknown) => void }[] = [];
  const shared = new Shared<Value>(
    { a: 0, b: 0 },
    {
      sendable,
      refresh: () => Promise.resolve(true),
      send: (value) => {
        sent.push(value);
        return new Promise<void>((ok, fail) => answers.push({ ok, fail }));
      },
    },
  );
  const setA = (a: number, delay = 0) => shared.change("a", (v) => ({ ...v, a }), delay);
  return { shared, sent, answers, setA };
}

const tick = (ms = 0) => vi.advanceTimersByTimeAsync(ms);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("a change is shown at once and sent after the pause, the last one only", async () => {
  const { shared, sent, setA } = make();
  for (const a of [1, 2, 3]) setA(a, 150);
  expect(shared.value.value).toEqual({ a: 3, b: 0 });
  await tick(149);
  expect(sent).toEqual([]);
  await tick(1);
  expect(sent).toEqual([{ a: 3, b: 0 }]);
});

test("a change from Python and one from here do not undo each other", async () => {
  const { shared, setA } = make();
  setA(1, 150);
  shared.receive({ a: 0, b: 9 });
  expect(shared.value.value).toEqual({ a: 1, b: 9 });
});

test("after a good answer Python's value is shown, and nothing is sent again", async () => {
  const { shared, sent, answers, setA } = make();
  setA(1);
  await tick();
  shared.receive({ a: 1, b: 0 });
  answers[0]?.ok();
  await tick(1000);
  expect(shared.value.value).toEqual({ a: 1, b: 0 });
  expect(sent).toHaveLength(1);
  shared.receive({ a: 5, b: 5 });
  expect(shared.value.value).toEqual({ a: 5, b: 5 });
});

test("an answer before the trait's own message shows what was sent", async () => {
  const { shared, answers, setA } = make();
  setA(1);
  await tick();
  answers[0]?.ok();
  await tick();
  expect(shared.value.value).toEqual({ a: 1, b: 0 });
});

test("what was refused is kept and shown with its error, and sent again when asked", async () => {
  const { shared, sent, answers, setA } = make();
  const error = invalid("a", "-1", "0 or above");
  setA(-1);
  await tick();
  answers[0]?.fail(new RequestError(error));
  await tick(1000);
  expect(shared.error.value).toEqual(error);
  expect(shared.value.value).toEqual({ a: -1, b: 0 });
  expect(sent).toHaveLength(1);
  const flushed = shared.flush();
  await tick();
  expect(sent).toHaveLength(2);
  answers[1]?.fail(new RequestError(error));
  expect(await flushed).toBe(false);
});

test("the next change clears the error", async () => {
  const { shared, answers, setA } = make();
  setA(-1);
  await tick();
  answers[0]?.fail(new RequestError(invalid("a", "-1", "0 or above")));
  await tick();
  setA(2);
  expect(shared.error.value).toBeNull();
});

describe("changes while a value is on its way", () => {
  test("wait for the answer and go then", async () => {
    const { sent, answers, setA } = make();
    setA(1);
    await tick();
    setA(2);
    await tick();
    expect(sent).toEqual([{ a: 1, b: 0 }]);
    answers[0]?.ok();
    await tick();
    expect(sent).toEqual([
      { a: 1, b: 0 },
      { a: 2, b: 0 },
    ]);
  });

  test("go also when the first was refused, whose error is old by then", async () => {
    const { shared, sent, answers, setA } = make();
    setA(-1);
    await tick();
    setA(2);
    answers[0]?.fail(new RequestError(invalid("a", "-1", "0 or above")));
    await tick();
    expect(sent.at(-1)).toEqual({ a: 2, b: 0 });
    expect(shared.error.value).toBeNull();
  });

  test("two flushes send once", async () => {
    const { shared, sent, answers, setA } = make();
    setA(1, 10_000);
    const both = Promise.all([shared.flush(), shared.flush()]);
    await tick();
    answers[0]?.ok();
    expect(await both).toEqual([true, true]);
    expect(sent).toHaveLength(1);
  });
});

test("a value that cannot be sent yet is held back", async () => {
  const { shared, sent, setA } = make((value) => value.a > 0);
  setA(0);
  await tick();
  expect(await shared.flush()).toBe(false);
  expect(sent).toEqual([]);
  setA(1);
  await tick();
  expect(sent).toEqual([{ a: 1, b: 0 }]);
});

test("an added thing is not shown twice between the trait's message and the answer", async () => {
  const answers: (() => void)[] = [];
  const shared = new Shared<readonly string[]>([], {
    refresh: () => Promise.resolve(true),
    send: () => new Promise<void>((ok) => answers.push(ok)),
  });
  shared.change("add", (all) => [...all, "feature"]);
  await tick();
  shared.receive(["feature"]);
  expect(shared.value.value).toEqual(["feature"]);
  answers[0]?.();
  await tick();
  expect(shared.value.value).toEqual(["feature"]);
});
