// How the shown run is looked at.
import { type Signal, signal } from "@preact/signals";

export type ResultsView = "texts" | "summary";

export class ResultsRoom {
  readonly view: Signal<ResultsView> = signal("texts");

  /** Goes to the text of this cell. */
  showCell(_index: number): void {
    this.view.value = "texts";
  }
}
