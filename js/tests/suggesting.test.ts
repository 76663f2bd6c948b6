import { afterEach, describe, expect, test } from "vitest";
import type { SuggestedFeature } from "../src/protocol.gen";
import { invalid } from "./host";
import { chosen, find, get, key, type Mounted, mount, press, sent, settle, type } from "./mount";

const WAR: SuggestedFeature = {
  feature: { kind: "feature", index: 523, label: "war", sae: "" },
  strength: 48.961,
  effect: 4.123,
  sureness: "clear",
  is_fluent: true,
  prompt: "I think that",
  text: " the <b>war</b> is over",
  baseline: " it is fine",
};

let page: Mounted | null = null;
afterEach(() => {
  page?.close();
  page = null;
});

async function wished(): Promise<Mounted> {
  page = await mount(chosen());
  await press(page.el, "sw-suggest");
  expect(get<HTMLButtonElement>(page.el, "sw-wish-go").disabled).toBe(true);
  await type(page.el, "sw-wish", "more about war");
  await key(page.el, "sw-wish", "Enter");
  await sent(page.host, "Suggest");
  return page;
}

const answer = (suggestions: SuggestedFeature[], note = "The first one clearly goes towards the wish.") =>
  ({ type: "Suggested", wish: "more about war", note, run: "r", suggestions }) as const;

describe("suggestions", () => {
  test("come with effect, sureness and both texts, and are added at the strength at which they were tried", async () => {
    const { host, el } = await wished();
    expect(host.last("Suggest").command).toMatchObject({ wish: "more about war" });
    const vague = { ...WAR, feature: { ...WAR.feature, index: 7 }, effect: null, is_fluent: false };
    host.answer("Suggest", answer([WAR, vague]));
    await settle();
    expect(get(el, "sw-wish-note").textContent).toContain("clearly");
    const item = get(el, "sw-suggestion-523");
    expect(item.textContent).toContain("effect +4.1 · clear");
    expect(item.textContent).toContain("I think that the <b>war</b> is over");
    expect(item.textContent).toContain("unsteered:  it is fine");
    expect(get(el, "sw-suggestion-7").textContent).toContain("not fluent");
    expect(get(el, "sw-suggestion-7").textContent).not.toContain("effect");
    get(item, "sw-add-suggestion").click();
    await settle();
    const { selection } = host.last("SetSelection").command;
    expect(selection.edits).toMatchObject([{ feature: WAR.feature, strength: 49, unit: "raw" }]);
  });

  test("tell what is done for them, and are stopped by the same button", async () => {
    const { host, el } = await wished();
    expect(get(el, "sw-wish-go").textContent).toBe("Stop");
    await press(el, "sw-wish-go");
    expect(host.of("StopSuggesting")).toHaveLength(1);
    expect(host.of("Suggest")).toHaveLength(1);
    host.answer("StopSuggesting");
    host.answer("Suggest", answer([{ ...WAR, effect: null }], "It was stopped."));
    await settle();
    expect(get(el, "sw-wish-go").textContent).toBe("Suggest");
    expect(get(el, "sw-wish-note").textContent).toBe("It was stopped.");
  });

  test("that are refused say why and keep the wish; what was found stays when the panel is opened again", async () => {
    const { host, el } = await wished();
    host.refuse("Suggest", invalid("wish", "'more about war'", "what there should be more of"));
    await settle();
    expect(get(el, "sw-wish-error").textContent).toContain("what there should be more of");
    expect(get<HTMLInputElement>(el, "sw-wish").value).toBe("more about war");
    await press(el, "sw-wish-go");
    host.answer("Suggest", answer([WAR]));
    await settle();
    expect(find(el, "sw-wish-error")).toBeNull();
    await key(el, "sw-wish", "Escape");
    expect(find(el, "sw-suggestion-523")).toBeNull();
    await press(el, "sw-suggest");
    expect(get(el, "sw-suggestion-523")).toBeTruthy();
  });
});
