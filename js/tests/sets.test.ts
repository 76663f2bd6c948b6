import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { SetInfo } from "../src/protocol.gen";
import { invalid } from "./host";
import { chosen, edit, find, get, key, type Mounted, mount, press, sent, settle, type } from "./mount";

const SAVED: SetInfo[] = [
  { name: "weather", n_items: 1, saved_at: "2026-05-01T10:00:00Z", preview: "rain +40" },
  { name: "<b>war</b>", n_items: 3, saved_at: "2026-05-02T10:00:00Z", preview: "war +70, peace −20" },
];

let page: Mounted | null = null;
afterEach(() => {
  page?.close();
  page = null;
});

async function opened(...edits: Parameters<typeof chosen>): Promise<Mounted> {
  page = await mount(chosen(...edits));
  return opening(page);
}

async function opening(page: Mounted): Promise<Mounted> {
  await press(page.el, "sw-sets-features");
  page.host.answer("ListSets", { type: "Sets", kind: "features", sets: SAVED, note: "" });
  await settle();
  return page;
}

const item = (el: HTMLElement, name: string) => {
  const found = [...el.querySelectorAll<HTMLElement>('[data-testid="sw-set-features"]')].find(
    (one) => one.dataset["name"] === name,
  );
  if (found === undefined) throw new Error(`${name} is not listed`);
  return found;
};

async function pressIn(el: HTMLElement, name: string, testId: string): Promise<void> {
  get(item(el, name), testId).click();
  await settle();
}

describe("named sets", () => {
  test("are asked for when the menu is opened, and shown with what they hold, as text", async () => {
    const { host, el } = await opened(edit(1));
    expect(host.of("ListSets").map((r) => r.command.kind)).toEqual(["features"]);
    expect(item(el, "weather").textContent).toContain("1 feature");
    expect(item(el, "<b>war</b>").textContent).toContain("war +70, peace −20");
    expect(get(el, "sw-sets-features-panel").querySelector("b")).toBeNull();
  });

  test("keep what the page shows: what is not in Python yet goes there first", async () => {
    page = await mount(chosen(edit(1, 5)));
    const { host, el } = page;
    await type(el, "sw-strength-0", "6");
    await opening(page);
    await type(el, "sw-set-name-features", " storms ");
    await press(el, "sw-save-set-features");
    expect(host.of("SaveSet")).toEqual([]);
    expect(host.last("SetSelection").command.selection.edits[0]?.strength).toBe(6);
    host.answer("SetSelection");
    await sent(host, "SaveSet");
    expect(host.last("SaveSet").command).toMatchObject({ kind: "features", name: "storms" });
    const storms = { name: "storms", n_items: 1, saved_at: "", preview: "" };
    host.answer("SaveSet", { type: "Sets", kind: "features", sets: [...SAVED, storms], note: "" });
    await settle();
    expect(item(el, "storms").textContent).toContain("1 feature");
    expect(get(el, "sw-sets-features-panel").textContent).toContain("Saved storms.");
    expect(get<HTMLInputElement>(el, "sw-set-name-features").value).toBe("");
  });

  test("of a name that is taken are replaced, and the button says so", async () => {
    const { el } = await opened(edit(1));
    await type(el, "sw-set-name-features", "weather");
    expect(get(el, "sw-save-set-features").textContent).toBe("Replace");
    await type(el, "sw-set-name-features", "weather 2");
    expect(get(el, "sw-save-set-features").textContent).toBe("Save");
  });

  test("cannot be made of nothing", async () => {
    const { el } = await opened();
    await type(el, "sw-set-name-features", "nothing");
    expect(get<HTMLButtonElement>(el, "sw-save-set-features").disabled).toBe(true);
    expect(get(el, "sw-sets-features-panel").textContent).toContain("Choose a feature first");
  });

  test.each([
    ["sw-use-set", false],
    ["sw-add-set", true],
  ])("%s selects one (added: %j), closes the menu and gives the focus back", async (testId, isAdded) => {
    page = await mount(chosen(edit(1, 5)));
    const { host, el } = page;
    await type(el, "sw-strength-0", "abc");
    await opening(page);
    await pressIn(el, "weather", testId);
    await sent(host, "UseSet");
    expect(host.last("UseSet").command).toMatchObject({
      kind: "features",
      name: "weather",
      is_added: isAdded,
    });
    host.set("selection", chosen(edit(9, 40, "rain")).selection);
    host.answer("UseSet", { type: "Sets", kind: "features", sets: SAVED, note: "" });
    await settle();
    expect(find(el, "sw-sets-features-panel")).toBeNull();
    expect(document.activeElement).toBe(get(el, "sw-sets-features"));
    expect(get(el, "sw-feature-0").textContent).toContain("rain");
    if (!isAdded) expect(find(el, "sw-field-error-strength-0")).toBeNull();
  });

  test("say what the user should know, and stay open for that", async () => {
    const { host, el } = await opened(edit(1));
    await pressIn(el, "weather", "sw-use-set");
    await sent(host, "UseSet");
    const note = "The set was made on another SAE; its indices mean other features here.";
    host.answer("UseSet", { type: "Sets", kind: "features", sets: SAVED, note });
    await settle();
    expect(get(el, "sw-set-note-features").textContent).toBe(note);
  });

  test("go only when that was confirmed", async () => {
    const { host, el } = await opened(edit(1));
    await pressIn(el, "weather", "sw-delete-set");
    expect(host.of("DeleteSet")).toEqual([]);
    await pressIn(el, "weather", "sw-delete-set-sure");
    expect(host.last("DeleteSet").command.name).toBe("weather");
    host.answer("DeleteSet", { type: "Sets", kind: "features", sets: SAVED.slice(1), note: "" });
    await settle();
    expect(() => item(el, "weather")).toThrow();
  });

  test("that are refused say why in the menu, and nothing is lost", async () => {
    const { host, el } = await opened(edit(1));
    await type(el, "sw-set-name-features", "a/b");
    await key(el, "sw-set-name-features", "Enter");
    await sent(host, "SaveSet");
    host.refuse("SaveSet", invalid("name", "'a/b'", "a name without a slash"));
    await settle();
    expect(get(el, "sw-set-error-features").textContent).toContain("a name without a slash");
    expect(get<HTMLInputElement>(el, "sw-set-name-features").value).toBe("a/b");
  });

  test("Escape and a press elsewhere close the menu", async () => {
    const { el } = await opened(edit(1));
    await key(el, "sw-set-name-features", "Escape");
    expect(find(el, "sw-sets-features-panel")).toBeNull();
    expect(document.activeElement).toBe(get(el, "sw-sets-features"));
    await press(el, "sw-sets-features");
    get(el, "sw-run").dispatchEvent(new Event("pointerdown", { bubbles: true, composed: true }));
    await settle();
    expect(find(el, "sw-sets-features-panel")).toBeNull();
  });
});

describe("sets as files", () => {
  const clicked: { name: string; url: string }[] = [];
  beforeEach(() => {
    clicked.length = 0;
    vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(function (this: HTMLAnchorElement) {
      clicked.push({ name: this.download, url: this.href });
    });
  });

  test("are handed to the user", async () => {
    const { host, el } = await opened(edit(1));
    await pressIn(el, "weather", "sw-export-set");
    expect(host.last("ExportSet").command).toMatchObject({ kind: "features", name: "weather" });
    host.answer("ExportSet", {
      type: "File",
      name: "weather.json",
      media_type: "application/json",
      content: "{}",
      is_base64: false,
    });
    await settle();
    expect(clicked).toMatchObject([{ name: "weather.json", url: expect.stringMatching(/^blob:/) }]);
  });

  test("are taken in whole", async () => {
    const { host, el } = await opened(edit(1));
    const input = get<HTMLInputElement>(el, "sw-import-set-features-input");
    const file = new File(['{"name": "shared"}'], "shared.json");
    Object.defineProperty(input, "files", { value: [file], configurable: true });
    input.dispatchEvent(new Event("change", { bubbles: true }));
    await sent(host, "ImportSet");
    expect(host.last("ImportSet").command).toMatchObject({
      kind: "features",
      content: btoa('{"name": "shared"}'),
      name: "shared.json",
    });
  });
});
