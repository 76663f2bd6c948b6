// Past runs for tests, and the history's tab opened on them.
import type { PastRun } from "../src/protocol.gen";
import { type Mounted, press, sent, settle } from "./mount";

export const past = (id: string, change: Partial<PastRun> = {}): PastRun => ({
  id,
  name: "",
  tags: [],
  created_at: "2026-01-02T03:04:05+00:00",
  state: "done",
  model: "org/SmolLM2",
  saes: ["demo"],
  prompts: [`prompt of ${id}`],
  n_prompts: 1,
  n_steerings: 2,
  n_cells: 2,
  n_done: 2,
  steerings: ["baseline", "3 war +70"],
  features: [null, { kind: "feature", index: 3, label: "war", sae: "" }],
  thumbnail: ["plain words", "steered words"],
  is_open: false,
  ...change,
});

interface Listed {
  n_all?: number;
  tags?: string[];
  is_recording?: boolean;
}

/** Answers the last question for past runs. */
export function listRuns({ host }: Mounted, runs: PastRun[], change: Listed = {}): Promise<void> {
  const { n_all = runs.length, tags = [], is_recording = true } = change;
  host.answer("ListRuns", { type: "PastRuns", runs, n_all, tags, is_recording });
  return settle();
}

/** Opens the tab; the kernel answers with these runs. */
export async function openHistory(page: Mounted, runs: PastRun[], change: Listed = {}): Promise<void> {
  const nAsked = page.host.of("ListRuns").length;
  await press(page.el, "sw-tab-history");
  await sent(page.host, "ListRuns", nAsked + 1);
  await listRuns(page, runs, change);
}
