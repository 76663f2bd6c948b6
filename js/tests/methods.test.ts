import { afterEach, describe, expect, test } from "vitest";
import type { Control, Edit, SelectedEdit, Selection, Vector } from "../src/protocol.gen";
import { invalid, runView, snapshot } from "./host";
import { chosen, edit, find, get, type Mounted, mount, press, READY, sent, settle, type } from "./mount";

const METHODS = ["ablate", "add", "cap", "clamp", "orthogonal", "scale"];
const GIVEN: Partial<Edit> = {
  positions: { kind: "span", start: 3, stop: 10, step: 1 },
  skip_special: true,
  schedule: { start: 10, half_life: 20 },
};

let page: Mounted | null = null;
async function open(...edits: SelectedEdit[]): Promise<Mounted> {
  page = await mount({ ...chosen(...edits), status: { ...READY, methods: METHODS } });
  return page;
}
afterEach(() => {
  page?.close();
  page = null;
});

async function choose(el: HTMLElement, testId: string, value: string): Promise<void> {
  const select = get<HTMLSelectElement>(el, testId);
  select.value = value;
  select.dispatchEvent(new Event("change", { bubbles: true }));
  await settle();
}

/** The selection that Python was last sent, which it takes. */
async function taken({ host }: Mounted, n = 1): Promise<Edit[]> {
  await sent(host, "SetSelection", n);
  const { selection } = host.last("SetSelection").command;
  host.set("selection", selection satisfies Selection);
  host.answer("SetSelection");
  await settle();
  return selection.edits;
}

const options = (el: HTMLElement, testId: string) =>
  [...get<HTMLSelectElement>(el, testId).options].map((option) => option.textContent);

describe("methods", () => {
  test("are those of the worker, also ones that the page has never heard of", async () => {
    const opened = await open(edit(1));
    expect(options(opened.el, "sw-method-0")).toEqual([...METHODS].sort(byUse));
    opened.host.set("status", { ...READY, methods: ["add", "warp"] });
    await settle();
    expect(options(opened.el, "sw-method-0")).toEqual(["add", "warp"]);
    await choose(opened.el, "sw-method-0", "warp");
    expect(await taken(opened)).toMatchObject([{ method: "warp", strength: 70, unit: "raw" }]);
    expect(find(opened.el, "sw-dial-0")).not.toBeNull();
  });

  test("change nothing else of the edit", async () => {
    const before = edit(1, 0.5, "war", { unit: "norm", ...GIVEN });
    const opened = await open(before);
    await choose(opened.el, "sw-method-0", "clamp");
    expect(await taken(opened)).toEqual([{ ...before, method: "clamp" }]);
  });

  test("without a strength have no dial, and what was typed into it blocks nothing", async () => {
    const opened = await open(edit(1, 70, "war", GIVEN));
    const { el } = opened;
    await type(el, "sw-strength-0", "abc");
    expect(get<HTMLButtonElement>(el, "sw-run").disabled).toBe(true);
    await choose(el, "sw-method-0", "ablate");
    for (const control of ["dial", "strength", "unit"]) expect(find(el, `sw-${control}-0`)).toBeNull();
    expect(get(el, "sw-no-strength-0").textContent).toContain("Has no strength");
    expect(get<HTMLButtonElement>(el, "sw-run").disabled).toBe(false);
    expect(await taken(opened)).toEqual([edit(1, 0, "war", { ...GIVEN, method: "ablate" })]);
  });

  test.each([
    ["scale", 70, 2],
    ["scale", -70, 0],
    ["orthogonal", 70, 2],
  ])("%s is a factor without a unit: after %d it starts at %d", async (method, strength, factor) => {
    const opened = await open(edit(1, strength, "war", { unit: "norm", ...GIVEN }));
    const { el } = opened;
    await choose(el, "sw-method-0", method);
    expect(await taken(opened)).toEqual([edit(1, factor, "war", { ...GIVEN, method })]);
    expect(find(el, "sw-unit-0")).toBeNull();
    expect(get<HTMLInputElement>(el, "sw-strength-0").value).toBe(String(factor));
    for (const [position, end] of [
      ["-1", "-2"],
      ["1", "5"],
    ] as const) {
      await type(el, "sw-dial-0", position);
      expect(get<HTMLInputElement>(el, "sw-strength-0").value).toBe(end);
    }
  });

  test("take up their strength and unit again on the way back", async () => {
    const opened = await open(edit(1, 0.4, "war", { unit: "norm" }));
    const { el } = opened;
    await choose(el, "sw-method-0", "scale");
    await taken(opened);
    await type(el, "sw-strength-0", "1.5");
    await choose(el, "sw-method-0", "ablate");
    await choose(el, "sw-method-0", "add");
    expect(get<HTMLInputElement>(el, "sw-strength-0").value).toBe("0.4");
    expect(get<HTMLSelectElement>(el, "sw-unit-0").value).toBe("norm");
    await choose(el, "sw-method-0", "scale");
    expect(get<HTMLInputElement>(el, "sw-strength-0").value).toBe("1.5");
  });

  test("taken out in Python get a strength that is felt when they are added here", async () => {
    const opened = await open(edit(1, 0, "war", { method: "ablate" }));
    await choose(opened.el, "sw-method-0", "add");
    expect(await taken(opened)).toMatchObject([{ method: "add", strength: 70, unit: "raw" }]);
  });

  test("that Python refuses say so at their row", async () => {
    const opened = await open(edit(1), edit(2));
    await choose(opened.el, "sw-method-1", "scale");
    await sent(opened.host, "SetSelection");
    opened.host.refuse("SetSelection", invalid("method", "'scale'", "add, cap, orthogonal for a vector"));
    await settle();
    expect(get(opened.el, "sw-field-error-method-1").textContent).toContain("add, cap, orthogonal");
  });
});

/** The order of the list: what is used most comes first. */
function byUse(a: string, b: string): number {
  const order = ["add", "scale", "clamp", "cap", "orthogonal", "ablate"];
  return order.indexOf(a) - order.indexOf(b);
}

describe("what was set in Python and has no control here", () => {
  test("is shown, and kept when strength and unit are changed", async () => {
    const before = edit(1, 70, "war", GIVEN);
    const opened = await open(before);
    const { el } = opened;
    expect(get<HTMLSelectElement>(el, "sw-positions-0").selectedOptions[0]?.textContent).toBe("tokens 3–9");
    expect(get(el, "sw-schedule").textContent).toContain("from new token 10, halving every 20");
    expect(get(el, "sw-skip-special").textContent).toContain("not on special tokens");
    await type(el, "sw-strength-0", "20");
    expect(await taken(opened)).toEqual([{ ...before, strength: 20 }]);
  });

  test("positions can be left and taken again", async () => {
    const opened = await open(edit(1, 70, "war", GIVEN));
    const { el } = opened;
    await choose(el, "sw-positions-0", "generated");
    expect(await taken(opened)).toEqual([edit(1, 70, "war", { ...GIVEN, positions: "generated" })]);
    await choose(el, "sw-positions-0", "given");
    expect(await taken(opened, 2)).toEqual([edit(1, 70, "war", GIVEN)]);
  });
});

describe("vectors and controls", () => {
  const bytes = new Uint8Array(new Float32Array(4).fill(5).buffer); // of length 10
  const vector: Vector = {
    kind: "vector",
    values: btoa(String.fromCharCode(...bytes)),
    name: "polite − rude",
    hook_name: "",
  };
  const control: Control = { kind: "control", of: edit(523, 0, "war").feature as Control["of"], seed: 1 };

  test("are rows with their names that can be changed and removed", async () => {
    const opened = await open(edit(0, 3, "", { feature: vector }), edit(0, 70, "", { feature: control }));
    const { host, el } = opened;
    expect(get(el, "sw-feature-0").textContent).toContain("polite − rude");
    expect(get(el, "sw-feature-1").textContent).toContain("random like war");
    expect(host.of("Search").map((request) => request.command.text)).toEqual(["523"]);
    await type(el, "sw-strength-0", "-2");
    await choose(el, "sw-positions-0", "generated");
    expect((await taken(opened))[0]).toEqual(edit(0, -2, "", { feature: vector, positions: "generated" }));
    await press(el, "sw-remove-0");
    expect((await taken(opened, 2)).map((one) => one.feature)).toEqual([control]);
  });

  test("of a vector's length is its dial: the same push at both ends", async () => {
    const { el } = await open(edit(0, 3, "", { feature: vector }), edit(1));
    await type(el, "sw-dial-0", "1");
    await type(el, "sw-dial-1", "1");
    expect(get<HTMLInputElement>(el, "sw-strength-0").value).toBe("20");
    expect(get<HTMLInputElement>(el, "sw-strength-1").value).toBe("200");
    expect(options(el, "sw-unit-0")).toEqual(["raw", "× norm", "× iso-KL"]);
  });

  test("have colours of their own, the same in row and column head", async () => {
    const edits = [edit(523), edit(0, 3, "", { feature: vector }), edit(0, 70, "", { feature: control })];
    const { host, el } = await open(...edits);
    const steerings = edits.map((one) => ({ edits: [one], preserve_norm: null }));
    host.say(snapshot(1, runView("r", 3, { steerings })));
    await settle();
    const rows = edits.map((_, i) => get(el, `sw-feature-${i}`).dataset["colour"]);
    const heads = [...el.querySelectorAll<HTMLElement>('[role="columnheader"]')];
    expect(heads.map((head) => head.dataset["colour"])).toEqual(rows);
    expect(new Set(rows).size).toBe(3);
  });
});

test("a column's head says everything that its steering does", async () => {
  const edits = [
    edit(523, 40, "war", { ...GIVEN, method: "clamp" }),
    edit(3530, 0, "Science", { method: "ablate", positions: "generated" }),
  ];
  const { host, el } = await open(...edits);
  host.say(snapshot(1, runView("r", 1, { steerings: [{ edits, preserve_norm: true }] })));
  await settle();
  const head = el.querySelector('[role="columnheader"]');
  const words = ["clamp to 40", "tokens 3–9", "from new token 10", "not on special tokens", "feature 523"];
  for (const part of [...words, "ablate", "generated only", "norm kept"])
    expect(head?.textContent).toContain(part);
});
