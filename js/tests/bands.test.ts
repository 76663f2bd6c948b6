import { describe, expect, test } from "vitest";
import { bandIn, bandWords, coherent, commonBand, gridOver } from "../src/band";
import type { Band, SelectedEdit } from "../src/protocol.gen";
import { inUnit, startInUnit } from "../src/strength";
import { band, card, invalid } from "./host";
import { edit, find, get, type Mounted, open, press, READY, SAE, sent, settle, taken, VECTOR } from "./mount";

const BAND = band(20, 50, 110);
const known = (one: Band | null, max_act: number | null = 40) => ({ max_act, band: one });
async function learn({ host }: Mounted, ...cards: ReturnType<typeof card>[]): Promise<void> {
  const asked = host.of("Search");
  for (const [i, one] of cards.entries())
    host.say({
      type: "Reply",
      id: asked[i]?.id ?? "",
      error: null,
      result: { type: "Found", cards: [one] },
    });
  await settle();
}

async function choose(el: HTMLElement, testId: string, value: string): Promise<void> {
  const select = get<HTMLSelectElement>(el, testId);
  select.value = value;
  select.dispatchEvent(new Event("change", { bubbles: true }));
  await settle();
}

describe("a band in the unit of a row", () => {
  const at = (change: Partial<SelectedEdit>, master = 1, one: Band | null = BAND) =>
    bandIn(edit(1, 70, "x", change), [SAE], known(one), master);

  test("is the same pushes", () => {
    expect(at({})).toMatchObject({ onset: 20, iso_kl: 50, collapse: 110 });
    expect(at({ unit: "auto" })).toMatchObject({ onset: 0.4, iso_kl: 1, collapse: 2.2 });
    expect(at({ unit: "max_act" })).toMatchObject({ onset: 0.5, iso_kl: 1.25, collapse: 2.75 });
    expect(at({ unit: "norm" })).toMatchObject({ onset: 0.118, iso_kl: 0.294, collapse: 0.647 });
    expect(at({}, 2)).toMatchObject({ onset: 10, iso_kl: 25, collapse: 55 });
    expect(at({ feature: VECTOR, unit: "norm" })).toMatchObject({ iso_kl: 2.94 });
  });

  test.each([
    ["with another method, whose strengths are others", { method: "clamp" }, 1, BAND],
    ["where it was not found", {}, 1, null],
    ["where all strengths are taken away", {}, 0, BAND],
    ["where its unit is not known", { unit: "auto" as const }, 1, band(20, null, null)],
  ])("is none %s", (_why, change, master, one) => expect(at(change, master, one)).toBeNull());

  test("holds together from its onset to its collapse, or as far as was looked", () => {
    expect(coherent(BAND, { max: 200 })).toEqual({ from: 20, to: 110 });
    expect(coherent(band(20, 50, null), { max: 200 })).toEqual({ from: 20, to: 200 });
    expect(coherent(band(null, null, 110), { max: 200 })).toBeNull();
    expect(coherent(band(90, 95, 80), { max: 200 })).toBeNull();
    expect(bandWords(band(20, null, null))).toBe(
      "Steers from 20, iso-KL was not reached, texts held together throughout.",
    );
  });

  test("has in common with others what all of them hold", () => {
    expect(commonBand([BAND, band(30, 60, null)])).toEqual({ from: 30, to: 110 });
    expect(commonBand([BAND, band(120, 130, null)])).toBeNull();
    expect(commonBand([BAND, null])).toBeNull();
    expect(commonBand([])).toBeNull();
  });

  test("is gone through by a grid in steps that grow", () => {
    expect(gridOver({ from: 10, to: 160 })).toEqual([10, 20, 40, 80, 160]);
  });
});

describe("the unit iso-KL", () => {
  const to = (change: Partial<SelectedEdit>, unit: "raw" | "auto", one: Band | null) =>
    inUnit(edit(1, 70, "x", change), unit, SAE, known(one));

  test("keeps the push where the band is known, both ways", () => {
    expect(to({}, "auto", BAND)).toMatchObject({ strength: 1.4, unit: "auto" });
    expect(to({ unit: "auto", strength: -2, more_strengths: [1] }, "raw", BAND)).toMatchObject({
      strength: -100,
      more_strengths: [50],
    });
    expect(startInUnit(edit(1).feature, "auto", SAE, known(null))).toBe(1);
  });

  test("begins at 1 where it is to be found yet, never at 70 times of it", () => {
    expect(to({ strength: -70, more_strengths: [35] }, "auto", null)).toMatchObject({
      strength: -1,
      more_strengths: [0.5],
    });
    expect(to({ strength: 0 }, "auto", null)).toMatchObject({ strength: 0 });
  });
});

describe("calibrating", () => {
  test("is a press at the row; then the dial shows the band and offers the iso-KL strength", async () => {
    const opened = await open({}, edit(1, -70));
    const { host, el } = opened;
    await learn(opened, card(1, "war"));
    expect(find(el, "sw-dial-0-band")).toBeNull();
    await press(el, "sw-calibrate-0");
    expect(host.last("FindBand").command.direction).toMatchObject({ kind: "feature", index: 1 });
    expect(get(el, "sw-band-line-0").textContent).toContain("calibrating…");
    expect(find(el, "sw-calibrate-0")).toBeNull();
    host.answer("FindBand", { type: "BandFound", band: BAND });
    await settle();
    expect(get(el, "sw-dial-0-band").title).toBe("Steers from 20, iso-KL at 50, texts fall apart at 110.");
    expect(get(el, "sw-dial-0-band-mirrored").title).toContain("Measured for the other sign.");
    expect(find(el, "sw-dial-0-band-iso")).not.toBeNull();
    expect(get(el, "sw-band-line-0").textContent).toContain(
      "20 to 110 steers and holds together, iso-KL at 50",
    );
    await press(el, "sw-set-iso-0");
    await sent(host, "SetSelection");
    expect(host.last("SetSelection").command.selection.edits[0]?.strength).toBe(-50);
    expect(find(el, "sw-set-iso-0")).toBeNull();
    await press(el, "sw-calibrate-0");
    expect(host.of("FindBand")).toHaveLength(2);
  });

  test("is told of a card as well, and the dose's zone begins where texts of this very feature fell apart", async () => {
    const opened = await open({}, edit(1, 115));
    const { el } = opened;
    await learn(opened, card(1, "war", { band: BAND }));
    expect(find(el, "sw-dial-0-band")).not.toBeNull();
    expect(get(el, "sw-dose-0").dataset["over"]).toBe("true");
    expect(get(el, "sw-dose-0").title).toContain("fell apart at 110");
    expect(get(el, "sw-dial-0").getAttribute("aria-valuetext")).toContain("fell apart at 110");
  });

  test("is asked of all rows that have no band yet, each once", async () => {
    const opened = await open({}, edit(1), edit(2), edit(3), edit(4, 2, "z", { method: "scale" }));
    const { host, el } = opened;
    await learn(opened, card(1, "war"), card(2, "peace", { band: BAND }), card(3, "sea"));
    await press(el, "sw-calibrate-all");
    expect(host.of("FindBand").map(({ command }) => command.direction)).toMatchObject([
      { index: 1 },
      { index: 3 },
    ]);
    expect(find(el, "sw-calibrate-all")).toBeNull();
  });

  test("tells what failed, and can be asked again", async () => {
    const { host, el } = await open({}, edit(1));
    await press(el, "sw-calibrate-0");
    host.refuse("FindBand", { ...invalid("", "", ""), kind: "TaskStopped", message: "It was stopped." });
    await settle();
    expect(el.textContent).toContain("It was stopped.");
    expect(find(el, "sw-calibrate-0")).not.toBeNull();
  });

  test("comes with the choice of the unit, and leaves the strength at 1", async () => {
    const { host, el } = await open({}, edit(1, 70));
    await choose(el, "sw-unit-0", "auto");
    expect(get<HTMLInputElement>(el, "sw-strength-0").value).toBe("1");
    expect(host.of("FindBand")).toHaveLength(1);
    await taken({ host });
    host.answer("FindBand", { type: "BandFound", band: BAND });
    await settle();
    await choose(el, "sw-unit-0", "raw");
    expect(get<HTMLInputElement>(el, "sw-strength-0").value).toBe("50");
    await taken({ host }, 2);
    await choose(el, "sw-unit-0", "auto");
    expect(host.of("FindBand")).toHaveLength(1);
  });

  test("by Python is noticed when its task ends", async () => {
    const { host } = await open({}, edit(1));
    const task = {
      id: 4,
      title: "calibrating",
      n_done: 0,
      n_total: null,
      message: "",
      seconds: 0,
      eta_s: null,
    };
    host.set("status", { ...READY, tasks: [task] });
    await settle();
    expect(host.of("ReadBand")).toHaveLength(0);
    host.set("status", READY);
    await settle();
    expect(host.last("ReadBand").command.direction).toMatchObject({ index: 1 });
  });

  test("of a vector is asked of the kernel, which keeps it", async () => {
    const { host, el } = await open({}, edit(0, 3, "", { feature: VECTOR }));
    expect(host.last("ReadBand").command.direction).toEqual(VECTOR);
    host.answer("ReadBand", { type: "BandFound", band: band(2, 4, 9) });
    await settle();
    expect(get(el, "sw-band-line-0").textContent).toContain("2 to 9");
  });
});

describe("strengths over the band", () => {
  test("are proposed for a sweep and for a grid, over the bands of all rows", async () => {
    const opened = await open({ layout: "sweep", sweep_start: -10, sweep_stop: 10 }, edit(1), edit(2));
    const { host, el } = opened;
    expect(find(el, "sw-over-band")).toBeNull();
    await learn(opened, card(1, "war", { band: BAND }), card(2, "sea", { band: band(10, 30, 60) }));
    await press(el, "sw-over-band");
    await taken({ host });
    expect(host.last("SetSelection").command.selection).toMatchObject({ sweep_start: 10, sweep_stop: 110 });
    get<HTMLInputElement>(el, "sw-layout-grid").click();
    await taken({ host }, 2);
    await press(el, "sw-over-band");
    await taken({ host }, 3);
    expect(host.last("SetSelection").command.selection.grid_strengths).toEqual(
      gridOver({ from: 10, to: 110 }),
    );
  });
});
