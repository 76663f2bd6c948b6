// What the page can do, as the buttons name it.
import type { Connection } from "./connection";
import { saeOf, searchedSae } from "./directions";
import { describe } from "./errors";
import { EXAMPLE_PENALTY } from "./examples";
import { isDefault } from "./generation";
import { dialOf, methodOf, startOf } from "./methods";
import { isBlank, withoutPrompt, withPrompt } from "./prompts";
import type {
  Feature,
  FeatureCard,
  Generation,
  Log,
  Prompt,
  SelectedEdit,
  Selection,
  Unit,
} from "./protocol.gen";
import { rowKeys, withRow } from "./rows";
import { isActive } from "./states";
import type { Store } from "./store";
import { inUnit, startStrength } from "./strength";

const TEXT_PAUSE_MS = 400;
const DIAL_PAUSE_MS = 150;
const RUN_PATIENCE_MS = 1_000;
const STOP_PATIENCE_MS = 1_000;
/** A queued Stop is answered when the running cell ends, however long that takes. */
const STOP_TIMEOUT_MS = 3_600_000;

export class Actions {
  readonly #store: Store;
  readonly #connection: Connection;

  constructor(store: Store, connection: Connection) {
    this.#store = store;
    this.#connection = connection;
  }

  get canInterrupt(): boolean {
    return this.#connection.canInterrupt;
  }

  /** Asks again for everything if the kernel did not answer before. */
  wake(): void {
    if (this.#store.link.value === "offline") void this.#connection.sync();
  }

  // ---- prompts

  setPrompt(i: number, prompt: Prompt): void {
    this.#store.ui.fail("run", null);
    this.#store.prompts.change(
      `prompt/${i}`,
      (all, madeOn) => withPrompt(all, madeOn, i, prompt),
      TEXT_PAUSE_MS,
    );
  }

  leavePrompt(i: number): void {
    if (isBlank(this.#store.prompts.value.value[i] ?? "")) this.#store.ui.touch(i);
    void this.#store.prompts.flush();
  }

  addPrompt(): void {
    this.#store.prompts.reshape((all) => [...(all.length === 0 ? [""] : all), ""]);
  }

  removePrompt(i: number): void {
    this.#store.ui.touched.value = new Set();
    this.#store.prompts.reshape((all, madeOn) => withoutPrompt(all, madeOn, i));
  }

  // ---- features

  addFeature(card: Pick<FeatureCard, "index" | "label">, strength?: number, sae = ""): void {
    const { status, selection } = this.#store;
    const feature: Feature = { kind: "feature", index: card.index, label: card.label, sae };
    const edit: SelectedEdit = {
      feature,
      strength: strength ?? startStrength(saeOf(feature, status.value.saes)),
      unit: "raw",
      method: null,
      positions: "all",
      skip_special: null,
      schedule: null,
      more_strengths: [],
      is_hidden: false,
    };
    this.#store.ui.fail("search", null);
    selection.reshape((s) => ({ ...s, edits: [...s.edits, edit] }));
  }

  changeEdit(row: string, field: keyof SelectedEdit, change: (edit: SelectedEdit) => SelectedEdit): void {
    const delay = field === "strength" ? DIAL_PAUSE_MS : 0;
    this.#store.ui.fail("run", null);
    this.#store.selection.change(
      `${field}/${row}`,
      (s) => ({ ...s, edits: withRow(s.edits, row, (edit) => [change(edit)]) }),
      delay,
    );
  }

  setUnit(row: string, unit: Unit): void {
    const { status, ui } = this.#store;
    ui.forget((field) => field === `strength/${row}`);
    this.changeEdit(row, "unit", (edit) =>
      inUnit(edit, unit, saeOf(edit.feature, status.value.saes), this.#store.known(edit.feature)),
    );
  }

  /** A method that is dialled otherwise gets a strength and unit of its own; those left wait in `setAside`. */
  setMethod(row: string, method: string): void {
    const { selection, status, ui } = this.#store;
    const { edits } = selection.value.value;
    const edit = edits[rowKeys(edits).indexOf(row)];
    if (edit === undefined) return;
    const [left, entered] = [dialOf(methodOf(edit)), dialOf(method)];
    if (left === entered) {
      this.changeEdit(row, "method", (e) => ({ ...e, method }));
      return;
    }
    ui.forget((field) => field === `strength/${row}`);
    const { strength, unit, more_strengths } = edit;
    ui.setAside.set(`${left}/${row}`, { strength, unit, more_strengths });
    const dialled = ui.setAside.get(`${entered}/${row}`) ?? startOf(edit, method, status.value.saes);
    this.changeEdit(row, "method", (e) => ({ ...e, method, ...dialled }));
  }

  setLayout(change: Partial<Selection>): void {
    this.#store.selection.change(Object.keys(change).join(), (s) => ({ ...s, ...change }));
  }

  /** Learns label, activation and examples of a feature that came from Python. */
  async learn(index: number, sae = ""): Promise<void> {
    const { status, ui } = this.#store;
    const searched = searchedSae(sae, status.value.saes);
    if (searched === null || ui.cards.value.has(`${searched}:${index}`)) return;
    try {
      const result = await this.#connection.request({
        type: "Search",
        text: String(index),
        limit: 1,
        sae: searched,
      });
      if (result?.type === "Found") ui.learn(result.cards, searched);
      ui.fail("card", null);
    } catch (thrown) {
      ui.fail("card", describe(thrown)); // one box, however many features there are
    }
  }

  // ---- generation

  setGeneration(change: Partial<Generation>): void {
    this.#store.ui.fail("run", null);
    this.#store.generation.change(Object.keys(change).join(), (g) => ({ ...g, ...change }), DIAL_PAUSE_MS);
  }

  resetGeneration(defaults: Generation): void {
    this.#store.ui.forget((field) => field.startsWith("generation/"));
    this.#store.generation.reshape(() => defaults);
  }

  // ---- runs

  /**
   * One run per press: the guard is set before anything is sent, and cleared by reply or error.
   * `replaces`: the run that is on and is to be stopped for it; empty: none may be on.
   */
  async run(replaces = ""): Promise<void> {
    const { ui, prompts, selection, generation, blocked, unready } = this.#store;
    if ((replaces === "" ? blocked : unready).value !== "") {
      const shown = prompts.value.value.length === 0 ? [""] : prompts.value.value;
      for (const [i, prompt] of shown.entries()) if (isBlank(prompt)) ui.touch(i);
      return;
    }
    ui.submitting.value = true;
    ui.fail("run", null);
    ui.fail("stop", null);
    try {
      const held = await Promise.all([prompts.flush(), selection.flush(), generation.flush()]);
      if (!held.every(Boolean)) return;
      const result = await this.#connection.request({ type: "Run", replaces });
      if (result?.type === "Started") this.#awaitRun(result.run);
    } catch (thrown) {
      ui.fail("run", describe(thrown));
    } finally {
      ui.submitting.value = false;
    }
  }

  /** The reply may come before the run itself; Run stays closed until it is drawn, or asked for and not there. */
  #awaitRun(run: string): void {
    if (this.#store.runId === run) {
      this.#store.draw();
      return;
    }
    const { started } = this.#store.ui;
    started.value = run;
    setTimeout(async () => {
      if (started.value !== run) return;
      await this.#connection.sync();
      started.value = null;
    }, RUN_PATIENCE_MS);
  }

  async stop(): Promise<void> {
    const { ui, shown } = this.#store;
    const { run } = shown.value;
    if (!isActive(run) || ui.stopping.value === run.id) return;
    ui.stopping.value = run.id;
    ui.fail("stop", null);
    const late = setTimeout(() => {
      ui.stopLate.value = ui.stopping.value === run.id;
    }, STOP_PATIENCE_MS);
    try {
      await this.#connection.request({ type: "Stop", run: run.id }, STOP_TIMEOUT_MS);
    } catch (thrown) {
      ui.stopping.value = null;
      ui.fail("stop", describe(thrown));
    } finally {
      clearTimeout(late);
      ui.stopLate.value = false;
    }
  }

  /** Runs cells of the shown run again that failed or were stopped: these, or without numbers all of them. */
  async retry(cells: readonly number[] = []): Promise<void> {
    const { ui, shown } = this.#store;
    const { run } = shown.value;
    if (run === null || !this.#store.canRetry.value) return;
    ui.retrying.value = run.id;
    ui.fail("retry", null);
    ui.fail("run", null);
    ui.fail("stop", null);
    try {
      await this.#connection.request({ type: "Retry", run: run.id, cells: [...cells] });
    } catch (thrown) {
      ui.retrying.value = null;
      ui.fail("retry", describe(thrown));
      return;
    }
    // The run goes on by a message of its own; should that be lost, everything is asked for.
    setTimeout(async () => {
      if (ui.retrying.value !== run.id) return;
      await this.#connection.sync();
      ui.retrying.value = null;
    }, RUN_PATIENCE_MS);
  }

  /** Starts the worker again. */
  async reload(): Promise<void> {
    const { ui } = this.#store;
    if (ui.reloading.value) return;
    ui.reloading.value = true;
    ui.fail("reload", null);
    try {
      await this.#connection.request({ type: "Reload" });
    } catch (thrown) {
      ui.fail("reload", describe(thrown));
    } finally {
      ui.reloading.value = false;
    }
  }

  /** The worker's last error in full and its log. */
  async askLog(): Promise<Log | null> {
    const result = await this.#connection.request({ type: "ShowLog" });
    return result?.type === "Log" ? result : null;
  }

  async interrupt(): Promise<void> {
    try {
      await this.#connection.interrupt();
    } catch (thrown) {
      this.#store.ui.fail("interrupt", describe(thrown));
    }
  }

  /** Fills in an example and runs it; what was typed already stays. */
  useExample(prompt: string, card: Pick<FeatureCard, "index" | "label">, strength: number): void {
    if (this.#store.prompts.value.value.every(isBlank))
      this.#store.prompts.reshape((all) => (all.every(isBlank) ? [prompt] : all));
    const { edits } = this.#store.selection.value.value;
    const chosen = edits.some(({ feature }) => feature.kind === "feature" && feature.index === card.index);
    if (!chosen) this.addFeature(card, strength);
    const generation = this.#store.generation.value.value;
    if (isDefault("temperature", generation) && isDefault("repetition_penalty", generation))
      this.setGeneration({ repetition_penalty: EXAMPLE_PENALTY });
    void this.run();
  }
}
