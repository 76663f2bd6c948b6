// A run whose texts have ended, and a page that shows it.
import type { CellView, Edit, RunView } from "../src/protocol.gen";
import { cell, NOTHING_MEASURED, runView, snapshot, steering } from "./host";
import { edit, get, type Mounted, mount, settle } from "./mount";

export const TEXTS = [" I saw a man.", " I saw the soldiers.", " He went home.", " He went to war."];

export const ended = (index: number, change: Partial<CellView> = {}): CellView =>
  cell(index, {
    state: "done",
    text: TEXTS[index % TEXTS.length] ?? "",
    n_tokens: 4,
    finish: "length",
    ...change,
    measures: {
      ...NOTHING_MEASURED,
      perplexity: 5 + index,
      activations: index % 2 === 0 ? [] : [{ index: 7, sae: "demo", mean: 1, max: 3 }],
      ...change.measures,
    },
  });

/** Two prompts, the baseline and one steered column. */
export const aRun = (change: Partial<RunView> = {}): RunView =>
  runView("r1", 4, {
    state: "done",
    prompts: ["Yesterday", "Today"],
    steerings: [steering(), steering(edit(7, 70, "war") as Edit)],
    cells: TEXTS.map((_, i) => ended(i)),
    ...change,
  });

export async function show(run: RunView): Promise<Mounted> {
  const page = await mount();
  page.host.say(snapshot(1, run));
  await settle();
  await settle();
  return page;
}

/** Frames enough for work that waits. */
export async function rest(): Promise<void> {
  for (let i = 0; i < 4; i += 1) await settle();
}

export async function choose(el: HTMLElement, testId: string, value: string): Promise<void> {
  const select = get<HTMLSelectElement>(el, testId);
  select.value = value;
  select.dispatchEvent(new Event("change", { bubbles: true }));
  await rest();
}
