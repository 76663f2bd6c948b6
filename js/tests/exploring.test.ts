import { describe, expect, test } from "vitest";
import { ranked } from "../src/finding";
import type { FoundScored, Vector } from "../src/protocol.gen";
import { card, invalid } from "./host";
import { edit, find, get, key, type Mounted, open, press, sent, settle, type } from "./mount";

const NEAR: FoundScored = {
  type: "FoundScored",
  sae: "",
  features: [
    { index: 7, score: 0.75 },
    { index: 9, score: 0.5 },
  ],
  cards: [card(7, "walks"), card(9, "strolls")],
};
const VECTOR: Vector = {
  kind: "vector",
  values: btoa(String.fromCharCode(...new Uint8Array(new Float32Array([3, 4]).buffer))),
  name: "polite",
  hook_name: "",
};

/** Opens one of the things to be asked. */
async function ask(el: HTMLElement, testId: string): Promise<void> {
  const details = get<HTMLDetailsElement>(el, testId);
  details.open = true;
  details.dispatchEvent(new Event("toggle"));
  await settle();
}

describe("a feature's card", () => {
  async function opened(known = card(523, "war", { logit_lens_up: [" war"] })): Promise<Mounted> {
    const mounted = await open({}, edit(523));
    mounted.host.answer("Search", { type: "Found", cards: [known] });
    await settle();
    await press(mounted.el, "sw-details-0");
    return mounted;
  }

  test("asks for nothing before it is opened, and for each thing once", async () => {
    const { host, el } = await opened();
    expect(host.of("ReadLens")).toHaveLength(0);
    await ask(el, "sw-ask-FindNeighbours");
    expect(get(el, "sw-ask-FindNeighbours-answer-waiting").textContent).toBe("Reading…");
    host.answer("FindNeighbours", NEAR);
    await settle();
    expect(get(el, "sw-ask-FindNeighbours-answer-7").textContent).toContain("0.75");
    await ask(el, "sw-ask-FindNeighbours");
    expect(host.of("FindNeighbours")).toHaveLength(1);
    await press(el, "sw-ask-FindNeighbours-answer-9-add");
    expect(get(el, "sw-feature-1").textContent).toContain("strolls");
  });

  test("reads the logit lens at once where its table has none, with the size of each push", async () => {
    const { host, el } = await opened(card(523, "war"));
    host.answer("ReadLens", {
      type: "LensRead",
      up: [{ token_id: 1, text: " war", logit: 2.5 }],
      down: [{ token_id: 2, text: "peace", logit: -1.25 }],
    });
    await settle();
    expect(get(el, "sw-ask-ReadLens-answer-up").textContent).toBe("Raises·war +2.50");
    expect(get(el, "sw-ask-ReadLens-answer-down").textContent).toBe("Lowerspeace −1.25");
  });

  test.each([
    [0.31, "0.31: amplified, it brings its own tokens forth"],
    [0.02, "0.02: amplified, its own tokens become likelier"],
    [0.0001, "0.00: amplified, its own tokens hardly come"],
    [null, "no output score"],
  ])("says what an output score of %s means", async (score, words) => {
    const { host, el } = await opened();
    await ask(el, "sw-ask-ScoreOutput");
    host.answer("ScoreOutput", { type: "OutputScored", scores: [score] });
    await settle();
    expect(get(el, "sw-ask-ScoreOutput-answer").textContent).toContain(words);
  });

  test("tells what fails, and asks again", async () => {
    const { host, el } = await opened();
    await ask(el, "sw-ask-FindTogether");
    host.refuse("FindTogether", { ...invalid("", "", ""), message: "No examples of it are known." });
    await settle();
    expect(get(el, "sw-ask-FindTogether-answer-error").textContent).toContain("No examples");
    await press(el, "sw-ask-FindTogether-answer-again");
    host.answer("FindTogether", { ...NEAR, features: [] });
    await settle();
    expect(get(el, "sw-ask-FindTogether").textContent).toContain("No feature was found.");
  });

  test("of a vector has lens and neighbours alone", async () => {
    const { host, el } = await open({}, edit(0, 3, "", { feature: VECTOR }));
    await press(el, "sw-details-0");
    expect(host.last("ReadLens").command.direction).toEqual(VECTOR);
    expect(find(el, "sw-ask-FindNeighbours")).not.toBeNull();
    expect(find(el, "sw-ask-FindTogether")).toBeNull();
    expect(find(el, "sw-ask-ScoreOutput")).toBeNull();
  });
});

describe("ranking by how well features steer", () => {
  const CARDS = [card(1, "wall", { output_score: 0.9 }), card(2, "war"), card(3, "warm")];
  const options = (el: HTMLElement) =>
    [...el.querySelectorAll<HTMLElement>('[role="option"]')].map((one) => one.dataset["testid"]);

  async function searched(): Promise<Mounted> {
    const mounted = await open({});
    await press(mounted.el, "sw-rank");
    await type(mounted.el, "sw-search", "wa");
    await sent(mounted.host, "Search");
    mounted.host.answer("Search", { type: "Found", cards: CARDS });
    await settle();
    return mounted;
  }

  test("asks for all scores at once, and leaves the order until they are there", async () => {
    const { host, el } = await searched();
    expect(host.last("ScoreOutput").command.features.map(({ index }) => index)).toEqual([1, 2, 3]);
    expect(options(el)).toEqual(["sw-hit-1", "sw-hit-2", "sw-hit-3"]);
    await key(el, "sw-search", "ArrowDown");
    host.answer("ScoreOutput", { type: "OutputScored", scores: [0.1, null, 0.4] });
    await settle();
    expect(options(el)).toEqual(["sw-hit-3", "sw-hit-1", "sw-hit-2"]);
    expect([...el.querySelectorAll('[data-testid="sw-hit-score"]')].map((one) => one.textContent)).toEqual([
      "steers 0.40",
      "steers 0.10",
      "steers ?",
    ]);
    // The hit that was pointed at is still the one that Enter takes.
    expect(get(el, "sw-hit-2").getAttribute("aria-selected")).toBe("true");
    await key(el, "sw-search", "Enter");
    expect(get(el, "sw-feature-0").textContent).toContain("war");
  });

  test("is taken back, and where scores cannot be had the hits stay", async () => {
    const { host, el } = await searched();
    host.refuse("ScoreOutput", { ...invalid("", "", ""), message: "The worker died." });
    await settle();
    expect(options(el)).toEqual(["sw-hit-1", "sw-hit-2", "sw-hit-3"]);
    expect(get(el, "sw-field-error-feature").textContent).toContain("The worker died.");
    await press(el, "sw-rank");
    expect(find(el, "sw-hit-score")).toBeNull();
  });

  test("puts what has no score last and keeps the order of equals", () => {
    const hits = CARDS.map((one) => ({ card: one, sae: "", fires: null }));
    const order = (scores: (number | null | undefined)[]) =>
      ranked(hits, scores).map((hit) => hit.card.index);
    expect(order([null, 0, 0.2])).toEqual([3, 2, 1]);
    expect(order([0.2, 0.2, 0.3])).toEqual([3, 1, 2]);
    expect(order([0.1, undefined, 0.3])).toEqual([1, 2, 3]);
  });
});
