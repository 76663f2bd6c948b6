// Copying where the host allows the clipboard, and where it does not.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { aRun, show } from "./a_run";
import { find, get, type Mounted, settle } from "./mount";
import { see } from "./sight";

let page: Mounted;

beforeEach(() => see());
afterEach(() => {
  page.close();
  vi.unstubAllGlobals();
  Reflect.deleteProperty(document, "execCommand");
});

const button = (): HTMLElement => {
  const found = get(page.el, "sw-cell-1").querySelector<HTMLElement>('[aria-label="Copy this text"]');
  if (found === null) throw new Error("there is no button to copy");
  return found;
};

describe("a text", () => {
  it("is copied in the old way where a host refuses the clipboard; the focus comes back", async () => {
    page = await show(aRun());
    const refuse = () => Promise.reject(new DOMException("not allowed", "NotAllowedError"));
    vi.stubGlobal("navigator", { ...navigator, clipboard: { writeText: refuse } });
    let copied = "";
    document.execCommand = () => {
      // What is selected must be inside of the widget: an open dialog takes the focus from everything else.
      copied = page.el.querySelector<HTMLTextAreaElement>(".sw-copy textarea")?.value ?? "";
      return true;
    };
    button().focus();
    button().click();
    await settle();
    expect(copied).toBe(" I saw the soldiers.");
    expect(get(page.el, "sw-cell-1").querySelector(".sw-said")?.textContent).toBe("copied");
    expect(document.activeElement).toBe(button());
    expect(find(page.el, "sw-cell-1")?.querySelector("textarea")).toBeNull();
  });
});
