// The live mode: shortly after a dial rests, what is selected runs again, instead of the run that is on.
import { effect, type Signal, signal, untracked } from "@preact/signals";
import type { Actions } from "./actions";
import type { RunView } from "./protocol.gen";
import { isActive } from "./states";
import type { Store } from "./store";

/** Dials, prompts and settings rest so long before they run. */
export const REST_MS = 350;

const sameShape = (a: RunView, b: RunView): boolean =>
  a.samples === b.samples &&
  a.prompts.length === b.prompts.length &&
  a.steerings.length === b.steerings.length;

/** The texts of the cells; where one has none yet, what stood at its place. */
const textsOf = (run: RunView, kept: readonly string[]): string[] =>
  run.cells.map(({ text }, i) => text || kept[i] || "");

export class Live {
  readonly isOn: Signal<boolean> = signal(false);
  /** Texts of the run before, cell by cell: they stay, dimmed, until the new ones come. */
  readonly kept: Signal<readonly string[]> = signal([]);
  readonly #store: Store;
  readonly #actions: Pick<Actions, "run">;
  readonly #unfollow: (() => void)[];
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Inputs as they were last looked at. */
  #seen = "";
  /** Inputs that ask for no run: they have run, were refused, or came with a run that was opened. */
  #settled = "";
  /** Inputs of the shown run, as far as it was seen to begin. */
  #runsAs = "";
  /** Rested while a run was being asked for: it goes next. */
  #isDue = false;
  /** Inputs of the run that was asked for on this page and is not drawn yet; "" where there is none. */
  #startsAs = "";
  #openedMs = Number.NEGATIVE_INFINITY;
  #shown: RunView | null = null;

  constructor(store: Store, actions: Pick<Actions, "run">) {
    this.#store = store;
    this.#actions = actions;
    this.#unfollow = [
      effect(() => this.#followRun(store.shown.value.run)),
      effect(() => this.#followInputs()),
      effect(() => {
        if (store.ui.submitting.value) this.#startsAs = untracked(() => this.#inputs());
      }),
      effect(() => {
        if (!store.isStarting.value && this.#isDue) untracked(() => void this.#run());
      }),
      effect(() => {
        if (store.link.value === "offline") this.turn(false);
      }),
    ];
  }

  /** Turned on, it runs what is selected, unless that is what is shown. */
  turn(on: boolean): void {
    if (on === this.isOn.peek()) return;
    clearTimeout(this.#timer);
    this.#isDue = false;
    this.#settled = this.#runsAs;
    this.#seen = "";
    this.kept.value = [];
    this.isOn.value = on;
  }

  close(): void {
    clearTimeout(this.#timer);
    for (const stop of this.#unfollow) stop();
  }

  #inputs(): string {
    const { prompts, selection, generation } = this.#store;
    return JSON.stringify([prompts.value.value, selection.value.value, generation.value.value]);
  }

  #followInputs(): void {
    if (!this.isOn.value) return;
    const inputs = this.#inputs();
    if (inputs === this.#seen) return; // Python has taken what was changed here
    this.#seen = inputs;
    if (performance.now() - this.#openedMs < REST_MS) this.#settled = inputs;
    clearTimeout(this.#timer);
    this.#isDue = false;
    if (inputs !== this.#settled) this.#timer = setTimeout(() => void this.#run(), REST_MS);
  }

  async #run(): Promise<void> {
    const { isStarting, unready, shown } = this.#store;
    const { run } = shown.value;
    this.#followRun(run);
    this.#isDue = isStarting.value;
    if (this.#isDue || !this.isOn.value || unready.value !== "") return;
    // Also where it fails: the same would fail again, so it waits for a change.
    this.#settled = this.#inputs();
    if (this.#settled === this.#runsAs) return; // Run was pressed meanwhile
    await this.#actions.run(isActive(run) ? run.id : "");
  }

  #followRun(run: RunView | null): void {
    const before = this.#shown;
    this.#shown = run;
    if (run === null || run.id === before?.id) return;
    untracked(() => {
      const startsAs = this.#startsAs;
      this.#startsAs = "";
      if (before !== null || isActive(run)) this.#runsAs = startsAs || this.#inputs();
      if (!this.isOn.value) return;
      if (!isActive(run) && startsAs === "") this.#opened();
      this.kept.value = before !== null && sameShape(run, before) ? textsOf(before, this.kept.value) : [];
    });
  }

  /** A past run was opened, and what it was made of comes with it: it is there to be read. */
  #opened(): void {
    clearTimeout(this.#timer);
    this.#openedMs = performance.now();
    this.#settled = this.#inputs();
  }
}
