// Which rows of a run are shown and in which order: pure functions of the run and of what was chosen.
import { flagsOf } from "./flags";
import { promptText } from "./prompts";
import type { CellState, CellView, Flag, Measures, RunView } from "./protocol.gen";
import { isActive } from "./states";

export type SortKey =
  | "prompt"
  | "perplexity"
  | "activation"
  | "dose"
  | "kl"
  | "similarity"
  | "repetition"
  | "length";

export interface Sifting {
  /** Words that the prompt or the text has. */
  readonly text: string;
  readonly state: CellState | "any";
  readonly flag: Flag | "any" | "some" | "none";
  readonly by: SortKey;
  /** The column whose measure sorts; null: the mean of the steered ones. */
  readonly column: number | null;
  /** Whether the measure's difference from the baseline's sorts, not the measure itself. */
  readonly isDifference: boolean;
  readonly isDescending: boolean;
}

export const NOTHING_SIFTED: Sifting = {
  text: "",
  state: "any",
  flag: "any",
  by: "prompt",
  column: null,
  isDifference: false,
  isDescending: true,
};

/** What takes every filter away and leaves the order. */
export const NO_FILTER = { text: "", state: "any", flag: "any" } as const satisfies Partial<Sifting>;

/** A prompt that is shown, with those of its samples that are. */
export interface SiftedRow {
  readonly at: number;
  readonly samples: readonly number[];
}

export interface Sifted {
  readonly rows: readonly SiftedRow[];
  /** Cells that fit what was asked for; null where everything does. */
  readonly matches: ReadonlySet<number> | null;
}

export const isFiltered = ({ text, state, flag }: Sifting): boolean =>
  text.trim() !== "" || state !== "any" || flag !== "any";

export const isSorted = ({ by }: Sifting): boolean => by !== "prompt";

/** Cells stand in the order prompt, steering, sample. */
export const cellIndex = (run: RunView, at: number, column: number, sample: number): number =>
  (at * run.steerings.length + column) * run.samples + sample;

export interface CellPlace {
  readonly at: number;
  readonly column: number;
  readonly sample: number;
}

export function placeOf(run: RunView, index: number): CellPlace {
  const perPrompt = run.steerings.length * run.samples;
  const inPrompt = index % perPrompt;
  return {
    at: Math.floor(index / perPrompt),
    column: Math.floor(inPrompt / run.samples),
    sample: inPrompt % run.samples,
  };
}

/** The unsteered column; -1 where there is none. */
export const baselineOf = (run: RunView): number =>
  run.steerings.findIndex(({ edits }) => edits.length === 0);

const mean = (values: readonly number[]): number | null =>
  values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;

const VALUES: Readonly<Record<Exclude<SortKey, "prompt" | "length">, (measures: Measures) => number | null>> =
  {
    perplexity: ({ perplexity }) => perplexity,
    activation: ({ activations }) => mean(activations.map((one) => one.mean)),
    dose: ({ dose }) => dose,
    kl: ({ kl_mean }) => kl_mean,
    similarity: ({ similarity }) => similarity,
    repetition: ({ repetition }) => repetition,
  };

function measured(cell: CellView | undefined, by: SortKey): number | null {
  if (cell === undefined || by === "prompt") return null;
  if (by === "length") return cell.state === "queued" ? null : cell.n_tokens;
  return VALUES[by](cell.measures);
}

/** What a prompt is sorted by: the mean over its samples and, without a column, over the steered columns. */
function keyOf(run: RunView, at: number, { by, column, isDifference }: Sifting): number | null {
  const baseline = baselineOf(run);
  const steered = run.steerings.map((_, i) => i).filter((i) => i !== baseline);
  const chosen = column === null || column >= run.steerings.length ? steered : [column];
  const columns = chosen.length > 0 ? chosen : [baseline];
  const values = columns.flatMap((i) =>
    Array.from({ length: run.samples }, (_, sample) => {
      const value = measured(run.cells[cellIndex(run, at, i, sample)], by);
      if (!isDifference) return value;
      const unsteered = baseline < 0 ? null : measured(run.cells[cellIndex(run, at, baseline, sample)], by);
      return value === null || unsteered === null ? null : value - unsteered;
    }),
  );
  return mean(values.filter((value) => value !== null));
}

/** Prompts in order; those without a value come last, whichever way. */
function ordered(run: RunView, sifting: Sifting): number[] {
  const all = run.prompts.map((_, at) => at);
  if (!isSorted(sifting)) return all;
  const keys = all.map((at) => keyOf(run, at, sifting));
  const sign = sifting.isDescending ? -1 : 1;
  return all.sort((a, b) => {
    const [x, y] = [keys[a] ?? null, keys[b] ?? null];
    if (x === null || y === null) return (x === null ? 1 : 0) - (y === null ? 1 : 0) || a - b;
    return sign * (x - y) || a - b;
  });
}

function fits(cell: CellView, prompt: string, { text, state, flag }: Sifting): boolean {
  const flags = flagsOf(cell);
  const words = text.trim().toLowerCase();
  return (
    (state === "any" || cell.state === state) &&
    (flag === "any" ||
      (flag === "some" ? flags.length > 0 : flag === "none" ? flags.length === 0 : flags.includes(flag))) &&
    (words === "" || prompt.includes(words) || cell.text.toLowerCase().includes(words))
  );
}

export function everything(run: RunView): Sifted {
  const samples = Array.from({ length: run.samples }, (_, i) => i);
  return { rows: run.prompts.map((_, at) => ({ at, samples })), matches: null };
}

/** Rows stay whole where one of their cells fits, so that it can still be compared with the others. */
export function sift(run: RunView, sifting: Sifting): Sifted {
  const order = ordered(run, sifting);
  const samples = Array.from({ length: run.samples }, (_, i) => i);
  if (!isFiltered(sifting)) return { rows: order.map((at) => ({ at, samples })), matches: null };
  const matches = new Set<number>();
  for (const [index, cell] of run.cells.entries()) {
    const prompt = promptText(run.prompts[placeOf(run, index).at] ?? "").toLowerCase();
    if (fits(cell, prompt, sifting)) matches.add(index);
  }
  const isShown = (at: number, sample: number): boolean =>
    run.steerings.some((_, column) => matches.has(cellIndex(run, at, column, sample)));
  const rows = order
    .map((at) => ({ at, samples: samples.filter((sample) => isShown(at, sample)) }))
    .filter((row) => row.samples.length > 0);
  return { rows, matches };
}

const isAlike = (a: RunView, b: RunView): boolean =>
  a.samples === b.samples &&
  a.steerings.length === b.steerings.length &&
  JSON.stringify(a.prompts) === JSON.stringify(b.prompts);

/** Sifts a run that changes: while it is on, rows stay where they are unless something else is chosen. */
export class Sifter {
  #last: { run: RunView; sifting: Sifting; sifted: Sifted; isFinal: boolean } | null = null;

  show(run: RunView, sifting: Sifting): Sifted {
    const last = this.#last;
    const isFinal = !isActive(run);
    if (last !== null && last.sifting === sifting && last.run.cells === run.cells && last.isFinal === isFinal)
      return last.sifted;
    this.#last = { run, sifting, isFinal, sifted: this.#sift(run, sifting, isFinal) };
    return this.#last.sifted;
  }

  #sift(run: RunView, sifting: Sifting, isFinal: boolean): Sifted {
    const last = this.#last;
    if (isFinal) return sift(run, sifting);
    const isSame = last !== null && last.run.id === run.id;
    if (isSame) return last.sifting === sifting ? last.sifted : sift(run, sifting);
    // A run of the same prompts keeps the order of the one before.
    if (last !== null && isAlike(last.run, run)) return { rows: last.sifted.rows, matches: null };
    return everything(run);
  }
}
