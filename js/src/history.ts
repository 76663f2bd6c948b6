// Past runs: what the list shows, what was deleted last, which two are compared. State and actions of that tab.
import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { Connection } from "./connection";
import { download } from "./download";
import { describe } from "./errors";
import type { ErrorInfo, ExportFormat, PageCommand, PastRun, Reply, RunView } from "./protocol.gen";
import type { UiState } from "./ui";

const N_RUNS = 30;
/** As many as the kernel gives at once. */
const MAX_RUNS = 200;
const TYPING_PAUSE_MS = 150;
/** How long a deletion can be undone from the page. */
export const UNDO_MS = 30_000;
const N_COMPARED = 2;

/** Two runs side by side: as they are listed, and whole. */
export interface Compared {
  readonly runs: readonly [PastRun, PastRun];
  readonly views: readonly [RunView, RunView];
}

export class HistoryRoom {
  /** What fits the search, as far as it was asked for; null until the first answer. */
  readonly runs: Signal<readonly PastRun[] | null> = signal(null);
  /** How many fit in all. */
  readonly nAll: Signal<number> = signal(0);
  readonly tags: Signal<readonly string[]> = signal([]);
  /** Whether runs of this kernel are written down. */
  readonly isRecording: Signal<boolean> = signal(true);
  readonly text: Signal<string> = signal("");
  /** The tag that is searched for; "" for none. */
  readonly tag: Signal<string> = signal("");
  /** Errors by the command that failed, until it is tried again or they are closed. */
  readonly failed: Signal<Readonly<Partial<Record<PageCommand["type"], ErrorInfo>>>> = signal({});
  /** The run that was opened last, where its settings could not be selected, and why. */
  readonly notSelected: Signal<{ run: string; error: ErrorInfo } | null> = signal(null);
  /** The run that is being opened. */
  readonly opening: Signal<string> = signal("");
  /** The run whose name and tags are being written. */
  readonly noting: Signal<string> = signal("");
  /** Ids of the last deletion, while it can be undone. */
  readonly deleted: Signal<readonly string[]> = signal([]);
  /** Runs that are marked for comparison, the one marked first in front. */
  readonly marked: Signal<readonly PastRun[]> = signal([]);
  readonly compared: Signal<Compared | null> = signal(null);
  readonly isSearching: ReadonlySignal<boolean> = computed(
    () => this.text.value.trim() !== "" || this.tag.value !== "",
  );
  readonly #connection: Connection;
  readonly #ui: UiState;
  #nAsked = 0;
  #typing: ReturnType<typeof setTimeout> | undefined;
  #undo: ReturnType<typeof setTimeout> | undefined;

  constructor(connection: Connection, ui: UiState) {
    this.#connection = connection;
    this.#ui = ui;
  }

  // ---- the list

  /** Reads again as many runs as are shown. */
  refresh(): Promise<void> {
    return this.#list(0, Math.max(N_RUNS, Math.min(this.runs.value?.length ?? 0, MAX_RUNS)));
  }

  more(): Promise<void> {
    return this.#list(this.runs.value?.length ?? 0, N_RUNS);
  }

  search(text: string): void {
    this.text.value = text;
    clearTimeout(this.#typing);
    this.#typing = setTimeout(() => void this.#list(0, N_RUNS), TYPING_PAUSE_MS);
  }

  /** Only runs with this tag, or all again. */
  searchTag(tag: string): void {
    this.tag.value = this.tag.value === tag ? "" : tag;
    clearTimeout(this.#typing);
    void this.#list(0, N_RUNS);
  }

  async #list(start: number, n_runs: number): Promise<void> {
    this.#nAsked += 1;
    const mine = this.#nAsked;
    const [text, tag] = [this.text.value.trim(), this.tag.value];
    const result = await this.#ask({ type: "ListRuns", text, tag, n_runs, start });
    if (mine !== this.#nAsked || result?.type !== "PastRuns") return; // a newer question has overtaken it
    const before = start === 0 ? [] : (this.runs.value ?? []);
    const known = new Set(before.map(({ id }) => id));
    this.runs.value = [...before, ...result.runs.filter(({ id }) => !known.has(id))];
    this.nAll.value = result.n_all;
    this.tags.value = result.tags;
    this.isRecording.value = result.is_recording;
  }

  // ---- one run

  /** Shows a run with its settings, and goes where it is shown; whether it did. */
  async open(run: string): Promise<boolean> {
    if (this.opening.value !== "") return false;
    this.opening.value = run;
    this.notSelected.value = null;
    try {
      const result = await this.#ask({ type: "OpenRun", run });
      if (result?.type !== "RunOpened") return false;
      this.notSelected.value = result.not_selected && { run, error: result.not_selected };
      this.#ui.tab.value = "steer";
      return true;
    } finally {
      this.opening.value = "";
    }
  }

  /** Keeps name and tags; false where they were refused. */
  async note(run: string, name: string, tags: string[]): Promise<boolean> {
    if ((await this.#ask({ type: "NoteRun", run, name, tags })) === undefined) return false;
    this.noting.value = "";
    await this.refresh();
    return true;
  }

  async export(run: string, format: ExportFormat): Promise<void> {
    const result = await this.#ask({ type: "ExportRun", run, format });
    if (result?.type === "File") download(result);
  }

  // ---- deleting

  async delete(runs: readonly string[]): Promise<void> {
    if ((await this.#ask({ type: "DeleteRuns", runs: [...runs] })) === undefined) return;
    const isLeft = ({ id }: PastRun) => !runs.includes(id);
    this.runs.value = this.runs.value?.filter(isLeft) ?? null;
    this.marked.value = this.marked.value.filter(isLeft);
    this.#forgetDeleted();
    this.deleted.value = runs;
    this.#undo = setTimeout(() => this.#forgetDeleted(), UNDO_MS);
    await this.refresh();
  }

  async undo(): Promise<void> {
    const runs = [...this.deleted.value];
    if (runs.length === 0) return;
    if ((await this.#ask({ type: "RestoreRuns", runs })) === undefined) return; // it can be tried again
    this.#forgetDeleted();
    await this.refresh();
  }

  #forgetDeleted(): void {
    clearTimeout(this.#undo);
    this.deleted.value = [];
  }

  // ---- comparing

  /** Marks a run, or takes the mark away; of three, the one marked first goes. */
  mark(run: PastRun): void {
    const others = this.marked.value.filter(({ id }) => id !== run.id);
    const isNew = others.length === this.marked.value.length;
    this.marked.value = isNew ? [...others, run].slice(-N_COMPARED) : others;
  }

  /** Reads both marked runs, the older one first. */
  async compare(): Promise<void> {
    const [a, b] = [...this.marked.value].sort((x, y) => x.created_at.localeCompare(y.created_at));
    if (a === undefined || b === undefined) return;
    const [left, right] = await Promise.all([this.#read(a.id), this.#read(b.id)]);
    if (left !== null && right !== null) this.compared.value = { runs: [a, b], views: [left, right] };
  }

  async #read(run: string): Promise<RunView | null> {
    const result = await this.#ask({ type: "ReadRun", run });
    return result?.type === "RunRead" ? result.run : null;
  }

  // ---- errors

  dismiss(command: PageCommand["type"]): void {
    const { [command]: _gone, ...rest } = this.failed.value;
    this.failed.value = rest;
  }

  /** The answer; undefined where it failed, which is shown then. */
  async #ask(command: PageCommand): Promise<Reply["result"] | undefined> {
    try {
      const result = await this.#connection.request(command);
      this.dismiss(command.type);
      return result;
    } catch (thrown) {
      this.failed.value = { ...this.failed.value, [command.type]: describe(thrown) };
      return undefined;
    }
  }
}
