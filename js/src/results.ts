// How the results are looked at: what the page alone knows of them. Never synced.
import { effect, type Signal, signal } from "@preact/signals";
import { type CellContext, contextOf, renewed } from "./context";
import { Frames } from "./frames";
import { featuresOf } from "./run_features";
import { NOTHING_SIFTED, type Sifting } from "./sifting";
import type { Store } from "./store";
import { type Ask, TokensRoom } from "./tokens";

export type ResultsView = "texts" | "summary";

/** A cell to be brought into view and focused. */
export interface Wanted {
  readonly index: number;
  /** The view of the widget in which it was asked for; null: any. */
  readonly root: Element | null;
}

/** A cell that is read by itself, in the view of the widget in which it was asked for. */
export interface Expanded {
  readonly context: CellContext;
  readonly view: string;
}

export class ResultsRoom {
  readonly view: Signal<ResultsView> = signal("texts");
  readonly wanted: Signal<Wanted | null> = signal(null);
  /** Whether what differs from the baseline is marked. */
  readonly marksChanges: Signal<boolean> = signal(false);
  /** Whether what only the baseline has is shown too. */
  readonly showsRemoved: Signal<boolean> = signal(false);
  readonly sifting: Signal<Sifting> = signal(NOTHING_SIFTED);
  readonly isSiftingOpen: Signal<boolean> = signal(false);
  /** Cells kept above the table, in the order in which they were pinned. */
  readonly pins: Signal<readonly CellContext[]> = signal([]);
  readonly expanded: Signal<Expanded | null> = signal(null);
  readonly tokens: TokensRoom;
  readonly frames = new Frames();
  readonly #store: Store;

  constructor(store: Store, ask: Ask) {
    this.#store = store;
    this.tokens = new TokensRoom(ask);
    // A pinned cell goes on as its run does; of a run that is shown no more it stays as it was.
    effect(() => {
      const { run } = store.shown.value;
      const pins = this.pins.value.map((pin) => renewed(pin, run));
      if (pins.some((pin, i) => pin !== this.pins.value[i])) this.pins.value = pins;
    });
    // The feature that colours was chosen among those of one run: another run may not have it.
    effect(() => {
      const { feature } = this.tokens;
      const { run } = store.shown.value;
      if (feature.value === "" || run === null) return;
      if (!featuresOf(run.steerings, store).some(({ key }) => key === feature.value)) feature.value = "";
    });
  }

  /** Brings a cell of the shown run into view and focuses it, whatever is shown now. */
  showCell(index: number): void {
    this.#store.ui.tab.value = "steer";
    this.view.value = "texts";
    this.wanted.value = { index, root: document.activeElement?.closest(".sw-root") ?? null };
  }

  sift(change: Partial<Sifting>): void {
    this.sifting.value = { ...this.sifting.value, ...change };
  }

  isPinned(run: string, index: number): boolean {
    return this.pins.value.some((pin) => pin.run === run && pin.cell.index === index);
  }

  /** Pins a cell of the shown run, or takes it out again. */
  togglePin(run: string, index: number): void {
    if (this.isPinned(run, index)) this.unpin(run, index);
    else {
      const context = this.find(run, index);
      if (context !== null) this.pins.value = [...this.pins.value, context];
    }
  }

  unpin(run: string, index: number): void {
    this.pins.value = this.pins.value.filter((pin) => pin.run !== run || pin.cell.index !== index);
  }

  /** Opens a cell by itself; `view`: what the ids of the view begin with. */
  expand(run: string, index: number, view: string): void {
    const context = this.find(run, index);
    if (context !== null) this.expanded.value = { context, view };
  }

  /** A cell of the shown run, or a pinned one of another. */
  find(run: string, index: number): CellContext | null {
    const shown = this.#store.shown.value.run;
    if (shown?.id === run) return contextOf(shown, index);
    return this.pins.value.find((pin) => pin.run === run && pin.cell.index === index) ?? null;
  }
}
