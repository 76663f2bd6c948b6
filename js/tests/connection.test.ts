import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  ACK_EVERY_MS,
  Connection,
  type Handlers,
  type LinkState,
  REPLY_TIMEOUT_MS,
  SILENCE_MS,
  SYNC_TIMEOUT_MS,
} from "../src/connection";
import { RequestError } from "../src/errors";
import type { Outcome, RunEvent } from "../src/reducer";
import { delta, Host, invalid, runView, snapshot } from "./host";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

function connect(host: Host, outcome: Outcome = "applied", expecting = false) {
  const events: RunEvent[] = [];
  const links: LinkState[] = [];
  const traits: [string, unknown][] = [];
  const handlers: Handlers = {
    expecting: () => expecting,
    run: (event) => {
      events.push(event);
      return outcome;
    },
    trait: (name, value) => traits.push([name, value]),
    link: (state) => links.push(state),
  };
  return { connection: new Connection(host, handlers), events, links, traits };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("requests", () => {
  test("are matched with their replies, in any order", async () => {
    const host = new Host();
    const { connection } = connect(host);
    const first = connection.request({ type: "Run", replaces: "" });
    const second = connection.request({ type: "Search", text: "war", limit: 5, sae: "" });
    const [run, search] = host.sent;
    expect(run?.id).toMatch(UUID);
    expect(run?.id).not.toBe(search?.id);
    host.say({ type: "Reply", id: search?.id ?? "", error: null, result: { type: "Found", cards: [] } });
    host.say({ type: "Reply", id: run?.id ?? "", error: null, result: { type: "Started", run: "r" } });
    expect(await first).toEqual({ type: "Started", run: "r" });
    expect(await second).toEqual({ type: "Found", cards: [] });
  });

  test("fail with the error of their reply", async () => {
    const host = new Host();
    const { connection } = connect(host);
    const asked = connection.request({ type: "Run", replaces: "" });
    const error = invalid("samples", "0", "a whole number from 1 up");
    host.refuse("Run", error);
    await expect(asked).rejects.toEqual(new RequestError(error));
  });

  test("of other pages are not ours", async () => {
    const host = new Host();
    const { connection } = connect(host);
    const settled = vi.fn();
    void connection.request({ type: "Run", replaces: "" }).then(settled);
    host.say({ type: "Reply", id: "someone else's", error: null, result: null });
    await vi.advanceTimersByTimeAsync(0);
    expect(settled).not.toHaveBeenCalled();
  });

  test("without an answer say so aloud, once the time is over", async () => {
    const host = new Host();
    const { connection } = connect(host);
    const asked = expect(connection.request({ type: "Run", replaces: "" })).rejects.toThrow(
      `did not answer Run within ${REPLY_TIMEOUT_MS / 1000} s`,
    );
    await vi.advanceTimersByTimeAsync(REPLY_TIMEOUT_MS);
    await asked;
    host.answer("Run"); // too late: nobody waits any more, nothing breaks
  });

  test.each([
    [
      "throws",
      () => {
        throw new Error("comm is closed");
      },
    ],
    ["rejects", () => Promise.reject(new Error("comm is closed"))],
  ])("fail when the host %s", async (_how, send) => {
    const host = new Host();
    host.send = send as Host["send"];
    const { connection } = connect(host);
    await expect(connection.request({ type: "Run", replaces: "" })).rejects.toMatchObject({
      info: { kind: "NoKernel", details: "Error: comm is closed" },
    });
  });
});

describe("synchronising", () => {
  test("hands every trait over and asks once at the start", () => {
    const host = new Host({ prompts: ["hello"] });
    const { connection, traits, links } = connect(host);
    void connection.open();
    expect(traits).toContainEqual(["prompts", ["hello"]]);
    expect(host.of("Sync")).toHaveLength(1);
    expect(links).toEqual(["waiting"]);
    host.answer("Sync");
    expect(links.at(-1)).toBe("online");
  });

  test("asks once per gap, and again after the next", async () => {
    const host = new Host();
    connect(host, "gap");
    host.say(delta(7, "r"));
    host.say(delta(8, "r"));
    expect(host.of("Sync")).toHaveLength(1);
    host.answer("Sync");
    await vi.advanceTimersByTimeAsync(0);
    host.say(delta(9, "r"));
    expect(host.of("Sync")).toHaveLength(2);
  });

  test("is offline without an answer, and online again with the first message", async () => {
    const host = new Host();
    const { connection, links } = connect(host);
    connection.open();
    await vi.advanceTimersByTimeAsync(SYNC_TIMEOUT_MS);
    expect(links.at(-1)).toBe("offline");
    host.say(snapshot(3, runView("r", 1)));
    expect(links.at(-1)).toBe("online");
  });

  test("asks again when a run that is on falls silent, and only then", async () => {
    const [running, idle] = [new Host(), new Host()];
    connect(running, "applied", true);
    connect(idle, "applied", false);
    for (const host of [running, idle]) host.say(delta(1, "r"));
    await vi.advanceTimersByTimeAsync(SILENCE_MS - 1);
    expect(running.of("Sync")).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(1);
    expect(running.of("Sync")).toHaveLength(1);
    expect(idle.of("Sync")).toHaveLength(0);
  });

  test("is offline at once where sending throws", async () => {
    const host = new Host();
    host.broken = true;
    const { connection, links } = connect(host);
    connection.open();
    await vi.advanceTimersByTimeAsync(0);
    expect(links.at(-1)).toBe("offline");
  });

  test("passes changes of traits on", () => {
    const host = new Host();
    const { traits, links } = connect(host);
    host.set("status", { worker: "busy" });
    expect(traits).toEqual([["status", { worker: "busy" }]]);
    expect(links).toEqual(["online"]);
  });
});

describe("acknowledging", () => {
  test("sends the first at once and then at most one per interval, always the last", async () => {
    const host = new Host();
    const { connection } = connect(host);
    for (let seq = 1; seq <= 10; seq++) connection.acknowledge(seq);
    expect(host.of("Ack").map((r) => r.command.seq)).toEqual([1]);
    await vi.advanceTimersByTimeAsync(ACK_EVERY_MS);
    expect(host.of("Ack").map((r) => r.command.seq)).toEqual([1, 10]);
    await vi.advanceTimersByTimeAsync(10 * ACK_EVERY_MS);
    expect(host.of("Ack")).toHaveLength(2);
  });

  test("stays below the protocol's five a second", async () => {
    const host = new Host();
    const { connection } = connect(host);
    for (let seq = 1; seq <= 100; seq++) {
      connection.acknowledge(seq);
      await vi.advanceTimersByTimeAsync(10);
    }
    expect(host.of("Ack").length).toBeLessThanOrEqual(6);
  });
});

describe("the kernel's interrupt", () => {
  test("is offered where the host has it, and nowhere else", async () => {
    const host = new Host();
    const { connection } = connect(host);
    expect(connection.canInterrupt).toBe(false);
    const interrupt = vi.fn(() => Promise.resolve());
    host.widget_manager = { kernel: { interrupt } };
    expect(connection.canInterrupt).toBe(true);
    await connection.interrupt();
    expect(interrupt).toHaveBeenCalledOnce();
  });
});

test("after closing, nothing is heard, waited for or sent", async () => {
  const host = new Host();
  const { connection, events, links } = connect(host);
  connection.open();
  connection.close();
  const sent = host.sent.length;
  host.say(delta(1, "r"));
  host.set("prompts", ["x"]);
  await expect(
    connection.request({ type: "ListRuns", text: "", tag: "", n_runs: 1, start: 0 }),
  ).rejects.toThrow("could not be sent");
  await vi.advanceTimersByTimeAsync(10 * SYNC_TIMEOUT_MS);
  expect(events).toEqual([]);
  expect(links).toEqual(["waiting"]);
  expect(host.sent).toHaveLength(sent);
});
