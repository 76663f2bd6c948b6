import { h, render } from "preact";
import { describe, expect, test } from "vitest";
import type { BandEnds } from "../src/band";
import { COLLAPSE_DOSE, dosePerUnit, doseScale, doseWords } from "../src/dose";
import type { SelectedEdit } from "../src/protocol.gen";
import { MASTER_SCALE, pushScale } from "../src/strength";
import { sortedOnce, withReplaced } from "../src/strengths";
import { Dial } from "../src/views/Dial";
import { card } from "./host";
import {
  chosen,
  edit,
  find,
  get,
  key,
  open,
  press,
  READY,
  SAE,
  sent,
  settle,
  taken,
  type,
  VECTOR,
} from "./mount";

const ELSEWHERE = { ...VECTOR, hook_name: "blocks.3.hook_resid_post" };

describe("the dose of strength 1", () => {
  const at = (change: Partial<SelectedEdit>, known = card(1, "", { max_act: 34 })) =>
    dosePerUnit(edit(1, 70, "x", change), [SAE], known);

  test("is its length against the usual length of the hidden state", () => {
    expect(at({})).toBeCloseTo(1 / 170, 10);
    expect(at({ unit: "norm" })).toBeCloseTo(1, 10);
    expect(at({ unit: "max_act" })).toBeCloseTo(34 / 170, 10);
    expect(at({ feature: VECTOR })).toBeCloseTo(10 / 170, 10);
    expect(at({ feature: VECTOR, unit: "norm" })).toBeCloseTo(1, 10);
    expect(at({ feature: { kind: "control", of: VECTOR, seed: 3 } })).toBeCloseTo(10 / 170, 10);
  });

  test("goes with the factor on all strengths, of either sign", () => {
    expect(dosePerUnit(edit(1), [SAE], undefined, -2)).toBeCloseTo(2 / 170, 10);
    expect(dosePerUnit(edit(1), [SAE], undefined, 0)).toBeNull();
  });

  test.each([
    ["of other methods, whose edit is not known beforehand", { method: "clamp" }],
    ["where the feature's maximum is not known", { unit: "max_act" as const }],
    ["where no SAE stands at the VECTOR's hook point", { feature: ELSEWHERE }],
    [
      "where that SAE is not loaded",
      { feature: { kind: "feature", index: 1, label: "", sae: "gone" } as const },
    ],
  ])("is not told %s", (_why, change) => {
    expect(at(change, card(1, ""))).toBeNull();
  });

  test("is not told where the usual length is not known", () => {
    expect(dosePerUnit(edit(1), [{ ...SAE, residual_norm: 0 }], undefined)).toBeNull();
    expect(dosePerUnit(edit(1), [], undefined)).toBeNull();
  });
});

describe("the dose below a dial", () => {
  test("has its numbers where those strengths are, with room between, and zones at both ends", () => {
    const scale = pushScale(200);
    const { ticks, zones } = doseScale(scale, 1 / 170);
    for (const { dose, at } of ticks)
      expect(at).toBeCloseTo(Math.sign(at) * scale.toPosition(dose * 170), 10);
    expect(ticks.filter(({ at }) => at > 0).map(({ dose }) => dose)).toEqual([1, 0.5, 0.2]);
    const bound = scale.toPosition(COLLAPSE_DOSE * 170);
    expect(zones).toEqual([
      { from: -1, to: -bound },
      { from: bound, to: 1 },
    ]);
  });

  test.each([0.001, 0.02, 0.3, 4])("never has two numbers over each other, %d per unit", (perUnit) => {
    const { ticks } = doseScale(pushScale(8), perUnit);
    const places = [0, ...ticks.map(({ at }) => at)].sort((a, b) => a - b);
    for (let i = 1; i < places.length; i++)
      expect((places[i] ?? 0) - (places[i - 1] ?? 0)).toBeGreaterThanOrEqual(0.2 - 1e-9);
  });

  test("has no zone that the dial does not reach", () => {
    expect(doseScale(pushScale(200), 0.001).zones).toEqual([]);
  });

  test("is shown, follows the dial and the factor on all strengths, and says when it is too much", async () => {
    const { el } = await open({}, edit(1, 34), edit(2, 34, "y", { method: "clamp" }));
    expect(get(el, "sw-dose-0").textContent).toBe("0.20");
    expect(get(el, "sw-dial-0").getAttribute("aria-valuetext")).toBe("+34 raw, dose 0.20");
    expect(find(el, "sw-dose-1")).toBeNull();
    await type(el, "sw-strength-0", "-119");
    expect(get(el, "sw-dose-0").textContent).toBe("0.70");
    expect(get(el, "sw-dose-0").dataset["over"]).toBe("true");
    expect(get(el, "sw-dose-0").title).toContain("half of all texts have collapsed");
    expect(get(el, "sw-dial-0").getAttribute("aria-valuetext")).toContain("half of all texts have collapsed");
    await type(el, "sw-master", "0.5");
    expect(get(el, "sw-dose-0").textContent).toBe("0.35");
    expect(get(el, "sw-dose-0").dataset["over"]).toBe("false");
  });

  test.each([
    [0, "0.00"],
    [0.414, "0.41"],
    [1.18, "1.2"],
    [24.4, "24"],
  ])("a dose of %d reads %s", (dose, words) => expect(doseWords(dose)).toBe(words));
});

describe("a band of strengths", () => {
  const draw = (band: BandEnds | null) => {
    const el = document.createElement("div");
    const dial = h(Dial, {
      label: "Strength",
      strength: 0,
      scale: pushScale(200),
      unitName: "raw",
      hint: "",
      signs: true,
      band,
      onChange: () => {},
      testId: "dial",
    });
    render(dial, el);
    return el;
  };

  test("is drawn on the track from its start to its end, with words", () => {
    const { style, title } = get(draw({ onset: 20, iso_kl: 50, collapse: 80 }), "dial-band");
    const percent = (strength: number) => 50 + 50 * pushScale(200).toPosition(strength);
    expect(Number.parseFloat(style.left)).toBeCloseTo(percent(20), 1);
    expect(100 - Number.parseFloat(style.right)).toBeCloseTo(percent(80), 1);
    expect(title).toBe("Steers from 20, iso-KL at 50, texts fall apart at 80.");
  });

  test("is not drawn where it is not known", () => {
    expect(find(draw(null), "dial-band")).toBeNull();
  });
});

describe("reset", () => {
  test("goes back to where a new feature starts, in the unit of the row", async () => {
    const opened = await open(
      {},
      edit(1, 5),
      edit(2, 1, "y", { unit: "norm" }),
      edit(3, -1, "z", { method: "scale" }),
    );
    for (const i of [0, 1, 2]) await press(opened.el, `sw-reset-${i}`);
    await sent(opened.host, "SetSelection");
    const values = [0, 1, 2].map((i) => get<HTMLInputElement>(opened.el, `sw-strength-${i}`).value);
    expect(values).toEqual(["70", "0.4", "2"]);
    expect(get<HTMLButtonElement>(opened.el, "sw-reset-0").disabled).toBe(true);
  });

  test("in multiples of the maximum is the same push; once, where that is not known", async () => {
    const { host, el } = await open({}, edit(1, 5, "x", { unit: "max_act" }));
    await press(el, "sw-reset-0");
    expect(get<HTMLInputElement>(el, "sw-strength-0").value).toBe("1");
    host.answer("Search", { type: "Found", cards: [card(1, "x", { max_act: 35 })] });
    await settle();
    await press(el, "sw-reset-0");
    expect(get<HTMLInputElement>(el, "sw-strength-0").value).toBe("2");
  });

  test("also throws away what is no number", async () => {
    const { el } = await open({}, edit(1, 70));
    await type(el, "sw-strength-0", "abc");
    await press(el, "sw-reset-0");
    expect(get<HTMLInputElement>(el, "sw-strength-0").value).toBe("70");
    expect(get<HTMLButtonElement>(el, "sw-run").disabled).toBe(false);
  });
});

describe("several strengths", () => {
  const chips = (el: HTMLElement, testId = "sw-chips-0") =>
    [...(find(el, testId)?.querySelectorAll(".sw-chip-value") ?? [])].map((chip) => chip.textContent);

  test("are kept from the dial, sorted, each once, and make columns", async () => {
    const opened = await open({}, edit(1, 70));
    const { el } = opened;
    await press(el, "sw-add-strength-0");
    expect(get<HTMLButtonElement>(el, "sw-add-strength-0").disabled).toBe(true);
    await type(el, "sw-strength-0", "-5");
    await press(el, "sw-add-strength-0");
    await type(el, "sw-strength-0", "20");
    expect(chips(el)).toEqual(["−5", "+70"]);
    expect(get(el, "sw-count").textContent).toContain("4 columns");
    await sent(opened.host, "SetSelection");
    opened.host.answer("SetSelection");
    await sent(opened.host, "SetSelection", 2);
    expect(opened.host.last("SetSelection").command.selection.edits).toEqual([
      edit(1, 20, "label 1", { more_strengths: [-5, 70] }),
    ]);
  });

  test("are edited by a press; one that is there already is merged", async () => {
    const opened = await open({}, edit(1, 70, "x", { more_strengths: [10, 20, 30] }));
    const { el } = opened;
    await press(el, "sw-chips-0-0");
    expect(document.activeElement).toBe(get(el, "sw-chips-0-box"));
    await type(el, "sw-chips-0-box", "25");
    await key(el, "sw-chips-0-box", "Enter");
    expect(chips(el)).toEqual(["+20", "+25", "+30"]);
    expect(document.activeElement).toBe(get(el, "sw-chips-0-1"));
    await press(el, "sw-chips-0-1");
    await type(el, "sw-chips-0-box", "30");
    get(el, "sw-chips-0-box").dispatchEvent(new FocusEvent("blur"));
    await settle();
    expect(chips(el)).toEqual(["+20", "+30"]);
  });

  test("Escape leaves one as it was; what is no number is refused where it is typed", async () => {
    const { el } = await open({}, edit(1, 70, "x", { more_strengths: [10] }));
    await press(el, "sw-chips-0-0");
    await type(el, "sw-chips-0-box", "abc");
    await key(el, "sw-chips-0-box", "Enter");
    expect(get(el, "sw-field-error-more_strengths-0").textContent).toContain("abc");
    await key(el, "sw-chips-0-box", "Escape");
    expect(chips(el)).toEqual(["+10"]);
    expect(find(el, "sw-field-error-more_strengths-0")).toBeNull();
    expect(get<HTMLButtonElement>(el, "sw-run").disabled).toBe(false);
  });

  test("go by their cross or by Delete, and the focus stays among them", async () => {
    const opened = await open({}, edit(1, 70, "x", { more_strengths: [10, 20, 30] }));
    const { el } = opened;
    get(el, "sw-chips-0-1").focus();
    await key(el, "sw-chips-0-1", "Delete");
    expect(chips(el)).toEqual(["+10", "+30"]);
    expect(document.activeElement?.textContent).toBe("+10");
    await press(el, "sw-chips-0-remove-1");
    await press(el, "sw-chips-0-remove-0");
    expect(chips(el)).toEqual([]);
  });

  test("keep their push in another unit, and wait while the method is dialled otherwise", async () => {
    const one = edit(1, 85, "x", { more_strengths: [17, 170] });
    const page = await open({}, one);
    const { host, el } = page;
    host.set("status", { ...READY, methods: ["add", "scale"] });
    await settle();
    const choose = async (testId: string, value: string) => {
      const select = get<HTMLSelectElement>(el, testId);
      select.value = value;
      select.dispatchEvent(new Event("change", { bubbles: true }));
      await settle();
    };
    await choose("sw-unit-0", "norm");
    expect(chips(el)).toEqual(["+0.1", "+1"]);
    await choose("sw-method-0", "scale");
    expect(chips(el)).toEqual([]);
    await choose("sw-method-0", "add");
    expect(chips(el)).toEqual(["+0.1", "+1"]);
  });

  test("of a list are sorted once each", () => {
    expect(sortedOnce([3, -1, 3, 10, 2])).toEqual([-1, 2, 3, 10]);
    expect(withReplaced([1, 2, 3], 2, 3)).toEqual([1, 3]);
  });
});

describe("the master dial", () => {
  test("is there with several rows, or where it does something", async () => {
    const { host, el } = await open({}, edit(1));
    expect(find(el, "sw-master-row")).toBeNull();
    host.set("selection", { ...chosen(edit(1)).selection, master: 1.5 });
    await settle();
    expect(get<HTMLInputElement>(el, "sw-master").value).toBe("1.5");
    host.set("selection", chosen(edit(1), edit(2)).selection);
    await settle();
    expect(find(el, "sw-master-row")).not.toBeNull();
  });

  test("goes from 0 to 2, leaves the rows' own strengths, and goes back to 1", async () => {
    const opened = await open({}, edit(1, 70), edit(2, 30));
    const { host, el } = opened;
    await type(el, "sw-master-dial", "-1");
    expect(get<HTMLInputElement>(el, "sw-master").value).toBe("0");
    await type(el, "sw-master-dial", "1");
    expect(get<HTMLInputElement>(el, "sw-master").value).toBe("2");
    expect((await taken(opened)).map((one) => one.strength)).toEqual([70, 30]);
    expect(host.last("SetSelection").command.selection.master).toBe(2);
    await press(el, "sw-master-reset");
    await taken(opened, 2);
    expect(host.last("SetSelection").command.selection.master).toBe(1);
    expect(MASTER_SCALE.fromPosition(0)).toBe(1);
  });

  test("what is no number is refused at it and blocks Run", async () => {
    const { el } = await open({}, edit(1), edit(2));
    await type(el, "sw-master", "x");
    expect(get(el, "sw-field-error-master").textContent).toContain("a finite number");
    expect(get<HTMLButtonElement>(el, "sw-run").disabled).toBe(true);
    await press(el, "sw-master-reset");
    expect(get<HTMLButtonElement>(el, "sw-run").disabled).toBe(false);
  });
});
