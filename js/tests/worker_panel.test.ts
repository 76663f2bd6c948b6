import { afterEach, describe, expect, test } from "vitest";
import type { Status } from "../src/protocol.gen";
import { invalid } from "./host";
import { find, get, type Mounted, mount, press, READY, settle } from "./mount";

let page: Mounted | null = null;
afterEach(() => {
  page?.close();
  page = null;
});

async function open(change: Partial<Status> = {}): Promise<Mounted> {
  page = await mount({ status: { ...READY, pid: 77, load_s: 4.7, n_memory_bytes: 612_000_000, ...change } });
  await press(page.el, "sw-tab-worker");
  return page;
}

describe("the worker's tab", () => {
  test("tells what is loaded, and what it takes", async () => {
    const { el } = await open({ speed: { first_s: 0.09, step_s: 0.02, row_s: 0.001, max_rows: null } });
    expect(get(el, "sw-process-facts").textContent).toContain("612 MB in memory");
    expect(get(el, "sw-process-facts").textContent).toContain("90 ms");
    expect(get(el, "sw-model-facts").textContent).toContain("134,515,008");
    expect(get(el, "sw-sae-facts").textContent).toContain("blocks.15.hook_resid_post");
  });

  test("says nothing that is not known", async () => {
    const { el } = await open({ model: null, saes: [], pid: null, load_s: null, n_memory_bytes: null });
    for (const facts of ["sw-process-facts", "sw-model-facts", "sw-sae-facts"])
      expect(find(el, facts)).toBeNull();
  });

  test("shows the log as it is when the tab is opened, and again when asked", async () => {
    const { host, el } = await open();
    host.answer("ShowLog", { type: "Log", error: "", tail: "<b>a warning</b>" });
    await settle();
    expect(get(el, "sw-log").textContent).toBe("<b>a warning</b>");
    await press(el, "sw-read-log");
    host.answer("ShowLog", { type: "Log", error: "Traceback", tail: "later" });
    await settle();
    expect(get(el, "sw-log").textContent).toBe("Traceback\n\nlater");
  });

  test("restarts once per press, and says why it cannot", async () => {
    const { host, el } = await open();
    await press(el, "sw-restart");
    await press(el, "sw-restart");
    expect(host.of("Restart")).toHaveLength(1);
    host.refuse("Restart", invalid("worker", "'busy'", "a worker that rests"));
    await settle();
    expect(get(el, "sw-worker-panel-error").textContent).toContain("a worker that rests");
    await press(el, "sw-restart");
    expect(host.of("Restart")).toHaveLength(2);
  });

  test.each(["busy", "loading"] as const)("cannot be restarted while it is %s", async (worker) => {
    const { el } = await open({ worker });
    expect(get<HTMLButtonElement>(el, "sw-restart").disabled).toBe(true);
  });
});

describe("the tabs", () => {
  test("go by arrow keys, and Steer keeps what was typed", async () => {
    const { el } = await open();
    const tab = (name: string) => get<HTMLButtonElement>(el, `sw-tab-${name}`);
    tab("worker").focus();
    tab("worker").dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
    await settle();
    expect(tab("steer").getAttribute("aria-selected")).toBe("true");
    expect(document.activeElement).toBe(tab("steer"));
    expect(find(el, "sw-run")).not.toBeNull();
    tab("steer").dispatchEvent(new KeyboardEvent("keydown", { key: "End", bubbles: true }));
    await settle();
    expect(tab("worker").getAttribute("aria-selected")).toBe("true");
    expect(find(el, "sw-run")).toBeNull();
  });
});
