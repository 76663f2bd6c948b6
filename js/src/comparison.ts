// Two runs side by side, as pure functions: what differs in their settings, and which of their texts belong together.
import { SETTINGS } from "./generation";
import type { Compared } from "./history";
import { promptText } from "./prompts";
import type { Edit, Generation, RunView, Steerable, Steering } from "./protocol.gen";
import { cellIndex } from "./sifting";
import { columnName } from "./steering";

/** A setting that differs; "" where one run has none. */
export interface Difference {
  readonly name: string;
  readonly left: string;
  readonly right: string;
}

/** What belongs together: numbers in the left run and the right one; null where one lacks it. */
export interface Pair {
  readonly left: number | null;
  readonly right: number | null;
  /** Whether both are the same, not only alike. */
  readonly isSame: boolean;
}

const GENERATION: readonly { readonly field: keyof Generation; readonly name: string }[] = [
  ...SETTINGS,
  { field: "stop", name: "Stop texts" },
  { field: "chat", name: "Chat template" },
];

export const columnWords = ({ edits, preserve_norm }: Steering): string =>
  columnName(edits, () => undefined) + (preserve_norm === true ? ", norm kept" : "");

function directionName(direction: Steerable): string {
  if (direction.kind === "feature") return `${direction.sae}:${direction.index}`;
  if (direction.kind === "vector") return JSON.stringify(direction);
  return `${direction.seed} like ${directionName(direction.of)}`;
}

const editName = (edit: Edit) => [
  directionName(edit.feature),
  edit.strength,
  edit.unit ?? "raw",
  edit.method ?? "add",
  edit.positions ?? "all",
  edit.skip_special ?? false,
  edit.schedule,
];

/** A column's names, from the strict one, which tells strength and all, to one of its directions alone. */
const columnNames = ({ edits, preserve_norm }: Steering): string[] => [
  JSON.stringify([edits.map(editName), preserve_norm ?? false]),
  JSON.stringify(edits.map(({ feature }) => directionName(feature))),
];

/** Pairs what has the same name: strict names first, then the looser ones of what is left. In the left run's order. */
export function align(left: readonly string[][], right: readonly string[][]): Pair[] {
  const partner = new Map<number, Pair>();
  const taken = new Set<number>();
  const nLevels = Math.max(0, ...left.map((names) => names.length));
  for (let level = 0; level < nLevels; level += 1) {
    for (const [i, names] of left.entries()) {
      if (partner.has(i)) continue;
      const j = right.findIndex((others, k) => !taken.has(k) && others[level] === names[level]);
      if (j < 0) continue;
      taken.add(j);
      partner.set(i, { left: i, right: j, isSame: level === 0 });
    }
  }
  return [
    ...left.map((_, i) => partner.get(i) ?? { left: i, right: null, isSame: false }),
    ...right.flatMap((_, j) => (taken.has(j) ? [] : [{ left: null, right: j, isSame: false }])),
  ];
}

const alignColumns = (left: RunView, right: RunView): Pair[] =>
  align(left.steerings.map(columnNames), right.steerings.map(columnNames));

/** Prompts that differ are put beside each other in their order. */
const alignPrompts = (left: RunView, right: RunView): Pair[] =>
  align(
    left.prompts.map((prompt) => [promptText(prompt), ""]),
    right.prompts.map((prompt) => [promptText(prompt), ""]),
  );

const settingWords = (value: Generation[keyof Generation]): string => {
  if (typeof value === "boolean") return value ? "on" : "off";
  if (typeof value === "object")
    return value.length > 0 ? value.map((s) => JSON.stringify(s)).join(", ") : "none";
  return String(value);
};

/** What differs in how two runs were made; nothing that is the same. */
export function differences({ runs, views }: Compared): Difference[] {
  const [left, right] = views;
  const said = ({ model, saes }: Compared["runs"][number]) => [model, ...saes].filter(Boolean).join(" + ");
  const settings = GENERATION.map(({ field, name }) => ({
    name,
    left: settingWords(left.generation[field]),
    right: settingWords(right.generation[field]),
  }));
  const all: Difference[] = [
    { name: "Model", left: said(runs[0]), right: said(runs[1]) },
    ...settings,
    { name: "Samples", left: String(left.samples), right: String(right.samples) },
    ...unlike(alignPrompts(left, right), "Prompt", (run, i) => promptText(run.prompts[i] ?? ""), left, right),
    ...unlike(
      alignColumns(left, right),
      "Column",
      (run, i) => columnWords(run.steerings[i] ?? { edits: [], preserve_norm: null }),
      left,
      right,
    ),
  ];
  return all.filter((difference) => difference.left !== difference.right);
}

function unlike(
  pairs: readonly Pair[],
  name: string,
  words: (run: RunView, i: number) => string,
  left: RunView,
  right: RunView,
): Difference[] {
  const said = (run: RunView, i: number | null) => (i === null ? "" : words(run, i));
  return pairs
    .filter(({ isSame }) => !isSame)
    .map((pair) => ({ name, left: said(left, pair.left), right: said(right, pair.right) }));
}

/** One text beside the other; null where a run lacks it. */
export interface TextPair {
  readonly key: string;
  readonly prompt: Pair;
  readonly column: Pair;
  readonly sample: number;
  readonly left: string | null;
  readonly right: string | null;
}

/** All texts of both runs, in the order of their prompts, columns and samples. */
export function textPairs(left: RunView, right: RunView): TextPair[] {
  const columns = alignColumns(left, right);
  const samples = Array.from({ length: Math.max(left.samples, right.samples) }, (_, sample) => sample);
  const all = alignPrompts(left, right).flatMap((prompt) =>
    columns.flatMap((column) =>
      samples.map((sample) => ({
        key: `${prompt.left}/${prompt.right}/${column.left}/${column.right}/${sample}`,
        prompt,
        column,
        sample,
        left: textOf(left, prompt.left, column.left, sample),
        right: textOf(right, prompt.right, column.right, sample),
      })),
    ),
  );
  return all.filter((pair) => pair.left !== null || pair.right !== null);
}

function textOf(run: RunView, prompt: number | null, column: number | null, sample: number): string | null {
  if (prompt === null || column === null || sample >= run.samples) return null;
  const cell = run.cells[cellIndex(run, prompt, column, sample)];
  return cell?.text.trimStart() ?? null; // models begin with the space behind the prompt
}
