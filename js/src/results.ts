// How the results are looked at: what the page alone knows of them. Never synced.
import { type Signal, signal } from "@preact/signals";
import type { Store } from "./store";

export type ResultsView = "texts" | "summary";

/** A cell to be brought into view and focused. */
export interface Wanted {
  readonly index: number;
  /** The view of the widget in which it was asked for; null: any. */
  readonly root: Element | null;
}

export class ResultsRoom {
  readonly view: Signal<ResultsView> = signal("texts");
  readonly wanted: Signal<Wanted | null> = signal(null);
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Brings a cell of the shown run into view and focuses it, whatever is shown now. */
  showCell(index: number): void {
    this.#store.ui.tab.value = "steer";
    this.view.value = "texts";
    this.wanted.value = { index, root: document.activeElement?.closest(".sw-root") ?? null };
  }
}
