// Where the keyboard is once something that was pressed is gone, or something has come.
import { afterEach, describe, expect, it } from "vitest";
import { invalid } from "./host";
import { chosen, edit, get, key, type Mounted, mount, press, sent, settle } from "./mount";
import { openHistory, past } from "./past";

let page: Mounted;

afterEach(() => page.close());

const focused = (): string | undefined => (document.activeElement as HTMLElement | null)?.dataset["testid"];

async function pressFocused(el: HTMLElement, testId: string): Promise<void> {
  get(el, testId).focus();
  await press(el, testId);
}

describe("the focus", () => {
  it("goes to the row that takes the place of one that was removed", async () => {
    page = await mount(chosen(edit(1), edit(2), edit(3)));
    await pressFocused(page.el, "sw-remove-1");
    expect(focused()).toBe("sw-move-1");
    await pressFocused(page.el, "sw-remove-1");
    expect(focused()).toBe("sw-move-0");
  });

  it("stays where it is after a press on what stays", async () => {
    page = await mount(chosen(edit(1), edit(2)));
    await pressFocused(page.el, "sw-hide-0");
    expect(focused()).toBe("sw-hide-0");
  });

  it("stays in the view in which name and tags are written, though all views show it", async () => {
    page = await mount();
    const other = page.again();
    await openHistory(page, [past("a")]);
    await pressFocused(page.el, "sw-past-note-a");
    get(other, "sw-note-name");
    expect(document.activeElement).toBe(get(page.el, "sw-note-name"));
  });

  it("stays in the panel of the sets while one is deleted", async () => {
    page = await mount(chosen(edit(1)));
    const { el, host } = page;
    await press(el, "sw-sets-features");
    const sets = [{ name: "weather", n_items: 1, saved_at: "", preview: "" }];
    host.answer("ListSets", { type: "Sets", kind: "features", sets, note: "" });
    await settle();
    await pressFocused(el, "sw-delete-set");
    expect(document.activeElement?.textContent).toBe("Keep");
    await press(el, "sw-delete-set-sure");
    host.answer("DeleteSet", { type: "Sets", kind: "features", sets: [], note: "" });
    await settle();
    expect(focused()).toBe("sw-sets-features-panel");
  });
});

describe("Ctrl and Enter", () => {
  it("run what is selected where that can be seen, and nowhere else", async () => {
    page = await mount(chosen(edit(1)));
    await openHistory(page, [past("a")]);
    await key(page.el, "sw-history-search", "Enter", { ctrlKey: true });
    expect(page.host.of("Run")).toEqual([]);
    await press(page.el, "sw-tab-steer");
    await key(page.el, "sw-prompt-0", "Enter", { ctrlKey: true });
    await sent(page.host, "Run");
  });
});

describe("what cannot be learnt of several features", () => {
  it("is told in one box", async () => {
    page = await mount(chosen(edit(1), edit(2), edit(3)));
    const { el, host } = page;
    await sent(host, "Search", 3);
    for (const { id } of host.of("Search"))
      host.say({ type: "Reply", id, error: { ...invalid("", "", ""), message: "No cards." }, result: null });
    await settle();
    expect(el.querySelectorAll(".sw-errors > *")).toHaveLength(1);
  });
});
