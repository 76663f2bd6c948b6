import { afterEach, describe, expect, test } from "vitest";
import { firingHits } from "../src/finding";
import { neuronpediaUrl } from "../src/neuronpedia";
import type { FoundFiring, SaeInfo } from "../src/protocol.gen";
import { card, invalid } from "./host";
import {
  chosen,
  edit,
  find,
  get,
  key,
  type Mounted,
  mount,
  press,
  READY,
  SAE,
  sent,
  settle,
  type,
} from "./mount";

const SECOND: SaeInfo = {
  ...SAE,
  name: "scope/layer_20",
  layer: 20,
  d_sae: 99,
  residual_norm: 50,
  neuronpedia_id: "gemma-2-2b/20-gemmascope-res-16k",
};

const FIRING: FoundFiring = {
  type: "FoundFiring",
  features: [
    { index: 7, max_act: 12.3456, mean_act: 3, token: 2 },
    { index: 5, max_act: 8, mean_act: 1, token: 0 },
  ],
  cards: [card(5, "days"), card(7, "<b>walks</b>", { density: 0.01 })],
  tokens: ["Yesterday", " I", " walked", " home"].map((text, token_id) => ({
    text,
    token_id,
    is_special: false,
  })),
};

let page: Mounted | null = null;
async function open(traits: Record<string, unknown> = chosen()): Promise<Mounted> {
  page = await mount(traits);
  return page;
}
afterEach(() => {
  page?.close();
  page = null;
});

const options = (el: HTMLElement) =>
  [...el.querySelectorAll<HTMLElement>('[role="option"]')].map((one) => one.dataset["testid"]);

async function found({ host }: Mounted, ...cards: ReturnType<typeof card>[]): Promise<void> {
  host.answer("Search", { type: "Found", cards });
  await settle();
}

describe("while more is typed", () => {
  test("the old hits stay until the new ones come", async () => {
    const opened = await open();
    const { host, el } = opened;
    await type(el, "sw-search", "wa");
    await sent(host, "Search");
    await found(opened, card(1, "wall"), card(2, "war"));
    await type(el, "sw-search", "war");
    expect(options(el)).toEqual(["sw-hit-1", "sw-hit-2"]);
    await sent(host, "Search", 2);
    expect(options(el)).toEqual(["sw-hit-1", "sw-hit-2"]);
    await found(opened, card(2, "war"));
    expect(options(el)).toEqual(["sw-hit-2"]);
    await type(el, "sw-search", " ");
    expect(get(el, "sw-search").getAttribute("aria-expanded")).toBe("false");
  });

  test("Enter takes what the new words find, not the hit that is still shown", async () => {
    const opened = await open();
    const { host, el } = opened;
    await type(el, "sw-search", "wa");
    await sent(host, "Search");
    await found(opened, card(1, "wall"));
    await type(el, "sw-search", "war");
    await key(el, "sw-search", "Enter");
    await sent(host, "Search", 2);
    expect(find(el, "sw-feature-0")).toBeNull();
    await found(opened, card(2, "war"));
    expect(get(el, "sw-feature-0").textContent).toContain("war");
  });

  test("one question is on its way at a time, and the newest comes next", async () => {
    const opened = await open();
    const { host, el } = opened;
    await type(el, "sw-search", "w");
    await sent(host, "Search");
    for (const text of ["wa", "war", "ward"]) {
      await type(el, "sw-search", text);
      await new Promise((resolve) => setTimeout(resolve, 80));
    }
    expect(host.of("Search")).toHaveLength(1);
    await found(opened, card(1, "wall"));
    await sent(host, "Search", 2);
    expect(host.of("Search").map((r) => r.command.text)).toEqual(["w", "ward"]);
    expect(options(el)).toEqual([]);
    await found(opened, card(3, "ward"));
    expect(options(el)).toEqual(["sw-hit-3"]);
  });
});

describe("what fires on the prompt", () => {
  async function fired(traits?: Record<string, unknown>): Promise<Mounted> {
    const opened = await open(traits);
    await press(opened.el, "sw-find-firing");
    return opened;
  }

  test("is asked of the first prompt as the next run reads it, and says that it is read", async () => {
    const traits = { ...chosen(), prompts: ["I walked", "another"] };
    const { host, el } = await open(traits);
    await press(el, "sw-gen-chat");
    await press(el, "sw-find-firing");
    expect(host.last("FindFiring").command).toMatchObject({ prompt: "I walked", chat: true, sae: "" });
    expect(get(el, "sw-no-hits").textContent).toBe("Reading the prompt…");
    expect(document.activeElement).toBe(get(el, "sw-search"));
  });

  test("is listed most surprising first, each with its token marked in the prompt", async () => {
    const { host, el } = await fired();
    host.answer("FindFiring", FIRING);
    await settle();
    expect(options(el)).toEqual(["sw-hit-7", "sw-hit-5"]);
    const hit = get(el, "sw-hit-7");
    expect(hit.textContent).toContain("<b>walks</b>");
    expect(hit.querySelector("b")).toBeNull();
    expect(hit.querySelector("mark")?.textContent).toBe(" walked");
    expect(hit.querySelector(".sw-example-text")?.textContent).toBe("Yesterday I walked home");
    expect(hit.textContent).toContain("activation 12.3");
  });

  test("several are added by click or Enter, and say that they are selected", async () => {
    const opened = await fired();
    const { host, el } = opened;
    host.answer("FindFiring", FIRING);
    await settle();
    await press(el, "sw-hit-5");
    expect(get(el, "sw-hit-5").textContent).toContain("selected");
    expect(get(el, "sw-hit-7").textContent).not.toContain("selected");
    await key(el, "sw-search", "Enter");
    await sent(host, "SetSelection");
    host.answer("SetSelection");
    await sent(host, "SetSelection", 2);
    expect(host.last("SetSelection").command.selection.edits).toMatchObject([
      { feature: { index: 5, label: "days" } },
      { feature: { index: 7 } },
    ]);
    await key(el, "sw-search", "Escape");
    expect(get(el, "sw-search").getAttribute("aria-expanded")).toBe("false");
  });

  test("is overtaken by words that are typed meanwhile", async () => {
    const opened = await fired();
    const { host, el } = opened;
    await type(el, "sw-search", "war");
    await sent(host, "Search");
    await found(opened, card(2, "war"));
    host.answer("FindFiring", FIRING);
    await settle();
    expect(options(el)).toEqual(["sw-hit-2"]);
  });

  test("cannot be asked without a prompt, and says so", async () => {
    const { el } = await open({});
    expect(get<HTMLButtonElement>(el, "sw-find-firing").disabled).toBe(true);
    expect(get(el, "sw-find-firing").title).toBe("Type a prompt first.");
  });

  test("that is refused stands at the search box", async () => {
    const { host, el } = await fired();
    host.refuse("FindFiring", { ...invalid("", "", ""), message: "This SAE came without an encoder." });
    await settle();
    expect(get(el, "sw-field-error-feature").textContent).toContain("without an encoder");
  });

  test("a feature without a card is left out", () => {
    expect(firingHits({ ...FIRING, cards: [card(5, "days")] }, "").map((hit) => hit.card.index)).toEqual([5]);
  });
});

describe("with several SAEs", () => {
  const traits = { ...chosen(), status: { ...READY, saes: [SAE, SECOND] } };

  test("the chosen one is searched, and its features are added and described as its own", async () => {
    const opened = await open(traits);
    const { host, el } = opened;
    const select = get<HTMLSelectElement>(el, "sw-search-sae");
    select.value = SECOND.name;
    select.dispatchEvent(new Event("change", { bubbles: true }));
    await settle();
    await type(el, "sw-search", "war");
    await sent(host, "Search");
    expect(host.last("Search").command.sae).toBe(SECOND.name);
    await found(opened, card(7, "of the second", { max_act: 9.5 }));
    await press(el, "sw-hit-7");
    await sent(host, "SetSelection");
    expect(host.last("SetSelection").command.selection.edits).toMatchObject([
      { feature: { index: 7, sae: SECOND.name }, strength: 20 },
    ]);
    await press(el, "sw-details-0");
    expect(get(el, "sw-feature-details").textContent).toContain("9.5");
    expect(get(el, "sw-feature-details").textContent).toContain("layer20");
  });

  test("a feature of the same number in the other one is another", async () => {
    const { host, el } = await open({
      ...traits,
      selection: chosen(
        edit(7, 5, "first"),
        edit(7, 5, "second", { feature: { kind: "feature", index: 7, label: "second", sae: SECOND.name } }),
      ).selection,
    });
    expect(host.of("Search").map((r) => [r.command.text, r.command.sae])).toEqual([
      ["7", ""],
      ["7", SECOND.name],
    ]);
    const [first, second] = host.of("Search");
    for (const [request, max] of [
      [first, 11],
      [second, 22],
    ] as const)
      host.say({
        type: "Reply",
        id: request?.id ?? "",
        error: null,
        result: { type: "Found", cards: [card(7, "", { max_act: max })] },
      });
    await settle();
    await press(el, "sw-details-0");
    await press(el, "sw-details-1");
    const cards = [...el.querySelectorAll('[data-testid="sw-feature-details"]')].map((c) => c.textContent);
    expect(cards[0]).toContain("11");
    expect(cards[1]).toContain("22");
  });

  test("one SAE needs no choice", async () => {
    const { el } = await open();
    expect(find(el, "sw-search-sae")).toBeNull();
  });
});

describe("a feature's card", () => {
  const KNOWN = card(7, "walks", {
    density: 0.0123,
    max_act: 41.27,
    output_score: 0.31,
    label_confidence: 3,
    logit_lens_up: [" walk", "\n", " walk"],
    logit_lens_down: ["·sit"],
    examples: [{ act: 41.27, left: "they ", token: "walk", right: " home <i>now</i>" }],
  });

  test("previews the active hit, and follows it", async () => {
    const opened = await open();
    const { host, el } = opened;
    await type(el, "sw-search", "wa");
    await sent(host, "Search");
    await found(opened, card(1, "wall"), KNOWN);
    expect(get(el, "sw-preview").textContent).toContain("wall");
    await key(el, "sw-search", "ArrowDown");
    const preview = get(el, "sw-preview");
    for (const words of ["walks", "1.2 %", "41.3", "0.31", "clear", "layer15"])
      expect(preview.textContent).toContain(words);
    const chips = (testId: string) =>
      [...get(preview, testId).querySelectorAll("li")].map((chip) => chip.textContent);
    expect(chips("sw-tokens-up")).toEqual(["·walk", "⏎", "·walk"]);
    expect(chips("sw-tokens-down")).toEqual(["·sit"]);
    expect(preview.querySelector("mark")?.textContent).toBe("walk");
    expect(preview.querySelector("i")).toBeNull();
  });

  test("links to Neuronpedia where the SAE has an id, in a tab of its own", async () => {
    const { el } = await open({ ...chosen(edit(7)), status: { ...READY, saes: [SECOND] } });
    await press(el, "sw-details-0");
    const link = get<HTMLAnchorElement>(el, "sw-neuronpedia");
    expect(link.getAttribute("href")).toBe("https://www.neuronpedia.org/gemma-2-2b/20-gemmascope-res-16k/7");
    expect(link.target).toBe("_blank");
    expect(link.rel).toContain("noopener");
  });

  test("has no link elsewhere, and no way out of the site by an odd id", async () => {
    const { el } = await open(chosen(edit(7)));
    await press(el, "sw-details-0");
    expect(find(el, "sw-neuronpedia")).toBeNull();
    expect(neuronpediaUrl({ ...SAE, neuronpedia_id: 'a/"><script>?x=#' }, 7)).toBe(
      "https://www.neuronpedia.org/a/%22%3E%3Cscript%3E%3Fx%3D%23/7",
    );
  });
});
