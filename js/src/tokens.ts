// Tokens of texts that have ended, coloured by what was measured on each: asked for as far as it is looked at.
import { batch, type Signal, signal } from "@preact/signals";
import { describe } from "./errors";
import type {
  CellView,
  ErrorInfo,
  FeatureActivation,
  PageCommand,
  Reply,
  TokenMeasures,
} from "./protocol.gen";
import { niceTop, quantile } from "./scales";

export type ColourBy = "nothing" | "kl" | "surprise" | "activation";

/** The way to the kernel, as far as tokens need it. */
export type Ask = (command: PageCommand) => Promise<Reply["result"]>;

/** asked: on its way; failed: the kernel refused it; otherwise what came. */
export type Held = "asked" | "failed" | TokenMeasures;

interface Kept {
  /** The cell as it was when its tokens were asked for; null before. */
  cell: CellView | null;
  readonly held: Signal<Held | null>;
}

/** A token with its alternatives is about a kilobyte: so many cells fit into an answer that is read at once. */
const N_IN_BATCH = 6;
const GATHERING_MS = 30;
const N_KEPT_RUNS = 4;
/** Single tokens can be far above all others: the scale ends where this share of them does. */
const TOP_SHARE = 0.95;

export const featureKey = ({ sae, index }: Pick<FeatureActivation, "sae" | "index">): string =>
  `${sae}:${index}`;

/** What the tokens of a cell are coloured by; null where that was not measured. `feature`: "" is the cell's first. */
export function valuesOf(
  tokens: TokenMeasures,
  activations: readonly FeatureActivation[],
  by: ColourBy,
  feature: string,
): readonly number[] | null {
  if (by === "nothing") return null;
  const at = feature === "" ? 0 : activations.findIndex((one) => featureKey(one) === feature);
  const values = by === "activation" ? tokens.activations[at] : tokens[by];
  return values === undefined || values.length === 0 ? null : values;
}

export class TokensRoom {
  readonly colourBy: Signal<ColourBy> = signal("nothing");
  /** Whose activation colours; "": that of each column's first feature. */
  readonly feature: Signal<string> = signal("");
  readonly error: Signal<ErrorInfo | null> = signal(null);
  /** Values at the end of the scale, by run and by what is coloured; they only grow, so that colours rest. */
  readonly tops: Signal<ReadonlyMap<string, number>> = signal(new Map());
  /** Goes up when what failed is to be asked for again. */
  readonly round: Signal<number> = signal(0);
  readonly #ask: Ask;
  readonly #runs = new Map<string, Map<number, Kept>>();
  readonly #due = new Map<CellView, string>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isReading = false;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  /** What is known of the tokens of a cell's text; null where nobody asked yet, or the text was another then. */
  held(run: string, cell: CellView): Held | null {
    const { held } = this.#kept(run, cell.index);
    const { value } = held;
    return this.#kept(run, cell.index).cell?.text === cell.text ? value : null;
  }

  /** Asks for the tokens of a cell that is looked at; returns the way to call it off while it is not sent. */
  want(run: string, cell: CellView): () => void {
    const kept = this.#kept(run, cell.index);
    const held = kept.held.peek();
    const isHere = held !== null && held !== "failed" && kept.cell === cell;
    const isSame = typeof held === "object" && held !== null && held.texts.length > 0;
    if (isHere || (isSame && kept.cell?.text === cell.text)) return () => {};
    this.#due.set(cell, run);
    this.#timer ??= setTimeout(() => void this.#read(), GATHERING_MS);
    return () => this.#due.delete(cell);
  }

  /** Asks again for what failed. */
  again(): void {
    batch(() => {
      this.error.value = null;
      for (const cells of this.#runs.values())
        for (const { held } of cells.values()) if (held.value === "failed") held.value = null;
      this.round.value += 1;
    });
  }

  /** Where the scale ends, from the values read so far. */
  top(run: string): number {
    return this.tops.value.get(this.#scale(run)) ?? 1;
  }

  #scale(run: string): string {
    const by = this.colourBy.value;
    return [run, by, by === "activation" ? this.feature.value : ""].join("/");
  }

  /** Takes values that are drawn now into the scale. */
  stretch(run: string, values: readonly number[]): void {
    const scale = this.#scale(run);
    const top = niceTop(quantile(values, TOP_SHARE));
    if (top > (this.tops.peek().get(scale) ?? 0)) this.tops.value = new Map(this.tops.peek()).set(scale, top);
  }

  #kept(run: string, index: number): Kept {
    const cells = this.#runs.get(run) ?? new Map<number, Kept>();
    const known = cells.get(index);
    if (known !== undefined) return known;
    const kept: Kept = { cell: null, held: signal(null) };
    cells.set(index, kept);
    this.#runs.delete(run);
    this.#runs.set(run, cells);
    const [oldest] = this.#runs.keys();
    if (this.#runs.size > N_KEPT_RUNS && oldest !== undefined) this.#runs.delete(oldest);
    return kept;
  }

  async #read(): Promise<void> {
    this.#timer = undefined;
    if (this.#isReading) return;
    this.#isReading = true;
    while (this.#due.size > 0) await this.#readBatch();
    this.#isReading = false;
  }

  async #readBatch(): Promise<void> {
    const [run] = this.#due.values();
    if (run === undefined) return;
    const asked = [...this.#due]
      .filter(([, of]) => of === run)
      .slice(0, N_IN_BATCH)
      .map(([cell]) => cell);
    this.#mark(run, asked, "asked");
    try {
      const result = await this.#ask({ type: "ReadCells", run, cells: asked.map(({ index }) => index) });
      const came = result?.type === "CellsRead" ? result.cells : [];
      batch(() => {
        for (const { index } of asked)
          this.#kept(run, index).held.value = came.find((one) => one.index === index)?.tokens ?? NO_TOKENS;
      });
    } catch (thrown) {
      batch(() => {
        this.error.value = describe(thrown);
        this.#mark(run, asked, "failed");
        // What is still to be asked would fail alike: `again` asks for all of it.
        for (const [cell, of] of this.#due) this.#mark(of, [cell], "failed");
      });
    }
  }

  #mark(run: string, cells: readonly CellView[], state: "asked" | "failed"): void {
    batch(() => {
      for (const cell of cells) {
        this.#due.delete(cell);
        const kept = this.#kept(run, cell.index);
        kept.cell = cell;
        kept.held.value = state;
      }
    });
  }
}

const NO_TOKENS: TokenMeasures = { kl: [], surprise: [], activations: [], alternatives: [], texts: [] };
