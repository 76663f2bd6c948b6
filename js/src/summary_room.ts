// What the summary shows of a run; kept while the texts are looked at.
import { type Signal, signal } from "@preact/signals";
import type { SummaryKind } from "./curves";
import type { SummaryMeasure } from "./summary";

export class SummaryRoom {
  /** The picture that was chosen; null takes the best one for the run. */
  readonly kind: Signal<SummaryKind | null> = signal(null);
  readonly measure: Signal<SummaryMeasure> = signal("kl");
  /** Whether the heatmap shows what differs from the baseline. */
  readonly isRelative: Signal<boolean> = signal(false);
}
