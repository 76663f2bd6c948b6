// The kernel restarts under an open page.
import { afterEach, expect, test } from "vitest";
import { cell, runView, snapshot } from "./host";
import { chosen, edit, get, type Mounted, mount, settle } from "./mount";

let page: Mounted | null = null;
afterEach(() => {
  page?.close();
  page = null;
});

test("the page says that nobody answers, at once, and keeps what it shows", async () => {
  page = await mount(chosen(edit(1, 5)));
  const { host, el } = page;
  host.say(
    snapshot(1, runView("r1", 1, { state: "done", cells: [cell(0, { state: "done", text: "whole" })] })),
  );
  await settle();
  expect(get(el, "sw-status").dataset["state"]).toBe("ready");
  host.die();
  await settle();
  expect(get(el, "sw-status").dataset["state"]).toBe("offline");
  expect(get(el, "sw-status").textContent).toContain("run the notebook's cell again");
  expect(get<HTMLButtonElement>(el, "sw-run").disabled).toBe(true);
  expect(get(el, "sw-cell-text-0").textContent).toBe("whole");
});
