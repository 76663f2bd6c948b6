// State of the page alone: typed drafts, what is open, what is under way. Never synced.
import { type Signal, signal } from "@preact/signals";
import type { Dialled } from "./methods";
import type { Band, ErrorInfo, FeatureCard } from "./protocol.gen";

/** What the widget shows below its head. */
export type Tab = "steer" | "history" | "worker";

export class UiState {
  readonly tab: Signal<Tab> = signal("steer");
  /** Text of number boxes that are being typed in or hold something that is no number, by field. */
  readonly drafts: Signal<Readonly<Record<string, string>>> = signal({});
  /** What the page itself refuses, by field; each blocks Run. */
  readonly refused: Signal<Readonly<Record<string, ErrorInfo>>> = signal({});
  /** Errors of actions, by action; shown until the action is tried again or they are closed. */
  readonly failed: Signal<Readonly<Record<string, ErrorInfo>>> = signal({});
  /** Prompts that were left empty or were run empty, by number. */
  readonly touched: Signal<ReadonlySet<number>> = signal(new Set());
  /** By the SAE's name, empty for the first one, and the feature's index: "name:5". */
  readonly cards: Signal<ReadonlyMap<string, FeatureCard>> = signal(new Map());
  /** Bands that were found since, or are not on cards, by `directionKey`; null: never calibrated. */
  readonly bands: Signal<ReadonlyMap<string, Band | null>> = signal(new Map());
  readonly opened: Signal<ReadonlySet<string>> = signal(new Set());
  /** Strengths left behind by a change of method, by kind of dial and row: taken up again on the way back. */
  readonly setAside = new Map<string, Dialled>();
  readonly generationOpen: Signal<boolean> = signal(false);
  /** True from the click on Run until the kernel has answered. */
  readonly submitting: Signal<boolean> = signal(false);
  /** The run that was started here and is not drawn yet; until then Run stays closed. */
  readonly started: Signal<string | null> = signal(null);
  /** The run that Retry was pressed for, until it is drawn going on; until then nothing else starts. */
  readonly retrying: Signal<string | null> = signal(null);
  /** True from the press on Reload until the kernel has answered. */
  readonly reloading: Signal<boolean> = signal(false);
  /** The run that Stop was pressed for. */
  readonly stopping: Signal<string | null> = signal(null);
  /** True when Stop had no answer for a second. */
  readonly stopLate: Signal<boolean> = signal(false);

  draft(field: string, text: string | null): void {
    this.drafts.value = withKey(this.drafts.value, field, text);
  }

  refuse(field: string, error: ErrorInfo | null): void {
    this.refused.value = withKey(this.refused.value, field, error);
  }

  fail(action: string, error: ErrorInfo | null): void {
    this.failed.value = withKey(this.failed.value, action, error);
  }

  touch(prompt: number): void {
    this.touched.value = new Set(this.touched.value).add(prompt);
  }

  toggle(row: string): void {
    const next = new Set(this.opened.value);
    if (!next.delete(row)) next.add(row);
    this.opened.value = next;
  }

  learn(cards: readonly FeatureCard[], sae: string): void {
    const next = new Map(this.cards.value);
    for (const card of cards) next.set(`${sae}:${card.index}`, card);
    this.cards.value = next;
  }

  /** Forgets what was typed into fields that are gone or set otherwise. */
  forget(gone: (field: string) => boolean): void {
    const keep = <V>(all: Readonly<Record<string, V>>): Record<string, V> =>
      Object.fromEntries(Object.entries(all).filter(([field]) => !gone(field)));
    this.drafts.value = keep(this.drafts.value);
    this.refused.value = keep(this.refused.value);
  }
}

function withKey<V>(all: Readonly<Record<string, V>>, key: string, value: V | null): Record<string, V> {
  const { [key]: _old, ...rest } = all;
  return value === null ? rest : { ...rest, [key]: value };
}
