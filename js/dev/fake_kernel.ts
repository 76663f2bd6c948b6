// For development only: plays the kernel's part with scripted texts, so that the page can be looked at
// without a notebook. Nothing of it is in the wheel.
import type { HostModel } from "../src/connection";
import { DEFAULT_GENERATION, EMPTY_SELECTION, NOTHING_LEFT, UNKNOWN_STATUS } from "../src/defaults";
import { errorInfo, invalidInput } from "../src/errors";
import type {
  Backlog,
  CellView,
  ErrorInfo,
  FeatureCard,
  FinishReason,
  PageCommand,
  PageRequest,
  Prompt,
  Reply,
  RunView,
  Selection,
  Status,
  Steering,
} from "../src/protocol.gen";
import { isActive, isUnfinished } from "../src/states";
import { FakeExploring, isExploring } from "./exploring";
import { FakeHistory } from "./fake_history";
import { atEnd, NOTHING_MEASURED, scored, tokensOf } from "./measures";
import { readNextToken, readPrompts, readTokens } from "./model";
import { FakeSets, firingOn } from "./sets";

type Callback = (...values: never[]) => void;

const TICK_MS = 60;
const SCORING_MS = 500;
/** As long as the embedded model takes for one more token. */
const NEXT_TOKEN_MS = 30;
const DIVERGES_AT = 5_000;

export class FakeKernel implements HostModel {
  readonly sent: PageRequest[] = [];
  readonly traits: Record<string, unknown>;
  readonly widget_manager = { kernel: { interrupt: () => Promise.resolve() } };
  silent = false;
  /** Whether steered columns keep the norm, as a run from Python can. */
  preserveNorm = false;
  /** Runs beside the one that is shown. */
  nOthers = 0;
  /** What `ShowLog` gives. */
  log = "";
  readonly sets = new FakeSets();
  readonly exploring: FakeExploring;
  nTicks = Number.POSITIVE_INFINITY;
  readonly history: FakeHistory;
  tickMs = TICK_MS;
  /** Tokens of a cell in each tick, and how many cells are written at once. */
  nInTick = 2;
  nAtOnce = Number.POSITIVE_INFINITY;
  readonly #listeners = new Map<string, Set<Callback>>();
  #seq = 0;
  #run: RunView | null = null;
  #timer = 0;

  constructor(
    readonly cards: readonly FeatureCard[],
    readonly texts: readonly string[],
    traits: Record<string, unknown> = {},
  ) {
    this.history = new FakeHistory(texts);
    this.exploring = new FakeExploring(cards);
    this.traits = {
      prompts: [],
      selection: { ...EMPTY_SELECTION },
      generation: { ...DEFAULT_GENERATION },
      status: { ...UNKNOWN_STATUS },
      snapshot: { type: "RunSnapshot", seq: 0, run: null, backlog: NOTHING_LEFT },
      ...traits,
    };
  }

  get(name: string): unknown {
    return this.traits[name];
  }

  set(name: string, value: unknown): void {
    this.traits[name] = value;
    this.#emit(`change:${name}`);
  }

  on(name: string, callback: Callback): void {
    this.#listeners.set(name, (this.#listeners.get(name) ?? new Set()).add(callback));
  }

  off(name?: string | null, callback?: Callback | null): void {
    if (name && callback) this.#listeners.get(name)?.delete(callback);
  }

  send(content: unknown): void {
    const request = content as PageRequest;
    this.sent.push(request);
    if (!this.silent) setTimeout(() => this.#answer(request), 5);
  }

  #emit(name: string, ...values: unknown[]): void {
    for (const callback of this.#listeners.get(name) ?? [])
      (callback as (...v: unknown[]) => void)(...values);
  }

  #reply(id: string, result: Reply["result"] = null, error: ErrorInfo | null = null): void {
    const reply: Reply = { type: "Reply", id, error, result };
    this.#emit("msg:custom", reply);
  }

  #answer({ id, command }: PageRequest): void {
    const past = this.history.answer(command);
    if (past !== null) {
      const opened = command.type === "OpenRun" ? this.history.view(command.run) : undefined;
      if (opened !== undefined) this.#show(opened);
      this.#reply(id, "result" in past ? past.result : null, "error" in past ? past.error : null);
      return;
    }
    if (isExploring(command)) {
      const isLong = command.type === "FindBand";
      setTimeout(
        () => this.#reply(id, this.exploring.answer(command, this.#run)),
        isLong ? 3 * SCORING_MS : 80,
      );
      return;
    }
    switch (command.type) {
      case "Sync":
        this.#snapshot();
        this.#reply(id);
        break;
      case "Ack":
        break;
      case "Search":
        this.#reply(id, { type: "Found", cards: this.#search(command.text, command.limit) });
        break;
      case "FindFiring":
        setTimeout(() => this.#reply(id, firingOn(command.prompt, this.cards)), SCORING_MS);
        break;
      case "ListSets":
      case "SaveSet":
      case "UseSet":
      case "DeleteSet":
        this.#sets(command);
        this.#reply(id, this.sets.list());
        break;
      case "Run":
        this.#reply(id, { type: "Started", run: this.#start() });
        break;
      case "Stop":
        this.#end("stopped");
        this.#reply(id);
        break;
      case "Retry":
        this.#retry(command.cells);
        this.#reply(id);
        break;
      case "Reload":
        this.#status("ready");
        this.#reply(id);
        break;
      case "ShowLog":
        this.#reply(id, { type: "Log", error: this.log, tail: "" });
        break;
      case "ReadTokens":
        this.#reply(id, readTokens(command));
        break;
      case "ReadNextToken":
        setTimeout(() => this.#reply(id, readNextToken(command)), NEXT_TOKEN_MS);
        break;
      case "ReadPromptFile":
        this.#reply(id, readPrompts(command.name, command.content));
        break;
      case "ReadCells":
        this.#reply(id, {
          type: "CellsRead",
          run: command.run,
          cells: command.cells.flatMap((index) => {
            const cell = this.#run?.cells[index];
            return cell === undefined ? [] : [{ index, tokens: tokensOf(cell) }];
          }),
        });
        break;
      case "SetPrompts":
      case "SetSelection":
      case "SetGeneration":
        this.#reply(id, null, this.#set(command));
        break;
      default:
        this.#reply(id, null, errorInfo("GenerationError", `The scripted kernel has no ${command.type}.`));
    }
  }

  #set(command: Extract<PageCommand, { type: `Set${string}` }>): ErrorInfo | null {
    if (command.type === "SetPrompts") this.set("prompts", command.prompts);
    if (command.type === "SetSelection") this.set("selection", command.selection);
    if (command.type !== "SetGeneration") return null;
    const { temperature } = command.generation;
    if (temperature < 0) return invalidInput("temperature", String(temperature), "0 (greedy) or above");
    this.set("generation", command.generation);
    return null;
  }

  #sets(command: Extract<PageCommand, { type: `${string}Set` | "ListSets" }>): void {
    const selection = this.traits["selection"] as Selection;
    if (command.type === "SaveSet") this.sets.save(command.name, selection.edits);
    if (command.type === "DeleteSet") this.sets.remove(command.name);
    if (command.type !== "UseSet") return;
    const edits = this.sets.edits(command.name);
    const kept = command.is_added ? selection.edits : [];
    this.set("selection", { ...selection, edits: [...kept, ...edits] });
  }

  #search(text: string, limit: number): FeatureCard[] {
    const index = /^\d+$/.test(text) ? Number(text) : null;
    const found = this.cards.filter((card) =>
      index === null ? card.label.toLowerCase().includes(text.toLowerCase()) : card.index === index,
    );
    return found.slice(0, limit);
  }

  /** Shows a past run with its prompts and generation settings. */
  #show(run: RunView): void {
    this.#run = run;
    this.#seq += 1;
    this.set("prompts", run.prompts);
    this.set("generation", run.generation);
    this.#snapshot();
  }

  #snapshot(): void {
    this.#emit("msg:custom", {
      type: "RunSnapshot",
      seq: this.#seq,
      run: this.#run,
      backlog: this.#backlog(),
    });
  }

  #start(): string {
    const { edits, layout, baseline, samples } = this.traits["selection"] as Selection;
    const steered = layout === "combined" ? (edits.length > 0 ? [edits] : []) : edits.map((e) => [e]);
    const columns: Steering[] = [...(baseline ? [[]] : []), ...steered].map((all) => ({
      edits: all,
      preserve_norm: this.preserveNorm && all.length > 0,
    }));
    const prompts = this.traits["prompts"] as Prompt[];
    const cells: CellView[] = Array.from(
      { length: prompts.length * columns.length * samples },
      (_, index) => ({
        index,
        state: "queued",
        text: "",
        n_tokens: 0,
        finish: null,
        measures: NOTHING_MEASURED,
        error: null,
      }),
    );
    this.#run = {
      id: `run-${this.sent.length}`,
      state: "running",
      prompts,
      steerings: columns,
      samples,
      generation: { ...DEFAULT_GENERATION },
      cells,
      progress: {
        fraction: 0,
        n_tokens: 0,
        n_cells_ended: 0,
        tokens_per_s: null,
        eta_s: null,
        elapsed_s: 0,
        is_overtaken: false,
      },
      error: null,
    };
    this.#seq += 1;
    this.#status("busy");
    this.#snapshot();
    this.#play();
    return this.#run.id;
  }

  /** Runs failed and stopped cells again. */
  #retry(asked: readonly number[]): void {
    const run = this.#run;
    if (run === null) return;
    const cells = run.cells.map((cell, i): CellView => {
      const again = isUnfinished(cell) && (asked.length === 0 || asked.includes(i));
      return again ? { ...cell, state: "queued", text: "", n_tokens: 0, finish: null, error: null } : cell;
    });
    this.#run = { ...run, state: "running", cells, error: null };
    this.#seq += 1;
    this.#status("busy");
    this.#snapshot();
    this.#play();
  }

  #backlog(): Backlog {
    const n_runs = (isActive(this.#run) ? 1 : 0) + this.nOthers;
    const eta_s = n_runs === 0 ? null : (this.#run?.progress.eta_s ?? 0) + 90 * this.nOthers;
    return { n_runs, n_waiting: this.nOthers, n_tokens_left: 100 * n_runs, eta_s };
  }

  #play(): void {
    let tick = 0;
    clearInterval(this.#timer);
    this.#timer = window.setInterval(() => {
      tick += 1;
      if (tick > this.nTicks) return;
      this.#grow(tick);
    }, this.tickMs);
  }

  #status(worker: Status["worker"]): void {
    this.set("status", { ...(this.traits["status"] as Status), worker });
  }

  #grow(tick: number): void {
    const run = this.#run;
    if (run === null) return;
    const total = run.generation.max_new_tokens;
    const words = (cell: number) => (this.texts[cell % this.texts.length] ?? "").split(/(?<=\s)/);
    const grown = run.cells.map((cell, i): CellView => {
      const all = words(i);
      const turn = Number.isFinite(this.nAtOnce) ? Math.floor(i / this.nAtOnce) : 0;
      const since = tick - turn * Math.ceil(all.length / this.nInTick + 3);
      const n = Math.min(total, since * this.nInTick - (i % 4));
      if (n <= 0 || cell.state === "done") return cell;
      const ended = n >= all.length || n >= total;
      const ending: CellView = {
        ...cell,
        state: ended ? "done" : "running",
        text: all.slice(0, n).join(""),
        n_tokens: Math.min(n, all.length),
        finish: ended ? this.#finish(i, n >= total) : null,
      };
      return ended ? { ...ending, measures: atEnd(ending, this.#steering(i)) } : ending;
    });
    const patches = grown
      .filter((cell, i) => cell !== run.cells[i])
      .map((cell) => ({
        index: cell.index,
        append: cell.text.slice((run.cells[cell.index]?.text ?? "").length),
        n_tokens: cell.n_tokens,
        done: cell.state === "done" ? cell : null,
      }));
    const nTokens = grown.reduce((sum, cell) => sum + cell.n_tokens, 0);
    const nEnded = grown.filter((cell) => cell.state === "done").length;
    const fraction = Math.min(1, nTokens / (grown.length * 48));
    const done = nEnded === grown.length;
    this.#run = {
      ...run,
      cells: grown,
      progress: {
        fraction: done ? 1 : fraction,
        n_tokens: nTokens,
        n_cells_ended: nEnded,
        tokens_per_s: 212 + (tick % 9),
        eta_s: (1 - fraction) * 8,
        elapsed_s: tick * 0.2,
        is_overtaken: false,
      },
    };
    this.#delta(patches);
    if (done) {
      clearInterval(this.#timer);
      setTimeout(() => this.#score(), SCORING_MS);
    }
  }

  #finish(cell: number, full: boolean): FinishReason {
    const diverges = this.#steering(cell).edits.some((edit) => Math.abs(edit.strength) >= DIVERGES_AT);
    return diverges ? "diverged" : full ? "length" : "eos";
  }

  #steering(cell: number): Steering {
    const { steerings = [], samples = 1 } = this.#run ?? {};
    return steerings[Math.floor(cell / samples) % steerings.length] ?? { edits: [], preserve_norm: null };
  }

  /** Measures come after the texts, each cell once more and whole, some at a time; the run ends with the last. */
  #score(from = 0): void {
    const run = this.#run;
    if (run === null) return;
    const n = Math.min(this.nAtOnce, run.cells.length);
    const isNow = (i: number): boolean => i >= from && i < from + n;
    const cells = run.cells.map((cell, i) =>
      isNow(i) ? { ...cell, measures: scored(cell, this.#steering(i)) } : cell,
    );
    this.#run = { ...run, cells };
    this.#delta(
      cells
        .filter((_, i) => isNow(i))
        .map((cell) => ({ index: cell.index, append: "", n_tokens: cell.n_tokens, done: cell })),
    );
    if (from + n < cells.length) setTimeout(() => this.#score(from + n), SCORING_MS / 5);
    else this.#end("done");
  }

  #delta(cells: { index: number; append: string; n_tokens: number; done: CellView | null }[]): void {
    const run = this.#run;
    if (run === null) return;
    this.#seq += 1;
    const { id, state, progress, error } = run;
    const backlog = this.#backlog();
    this.#emit("msg:custom", {
      type: "RunDelta",
      seq: this.#seq,
      run: id,
      state,
      cells,
      progress,
      error,
      backlog,
    });
  }

  /** Ends the run as the kernel would. */
  #end(state: "done" | "stopped"): void {
    clearInterval(this.#timer);
    const run = this.#run;
    if (run === null) return;
    const cells = run.cells.map(
      (cell): CellView => (cell.state === "done" ? cell : { ...cell, state: "stopped", finish: "stopped" }),
    );
    this.#run = { ...run, state, cells, progress: { ...run.progress, n_cells_ended: cells.length } };
    this.#delta(
      cells
        .filter((cell, i) => cell !== run.cells[i])
        .map((cell) => ({ index: cell.index, append: "", n_tokens: cell.n_tokens, done: cell })),
    );
    this.#status("ready");
  }

  /** Fails the run, as after the death of the worker. */
  fail(error: ErrorInfo): void {
    clearInterval(this.#timer);
    const run = this.#run;
    if (run === null) return;
    const cells = run.cells.map(
      (cell): CellView =>
        cell.state === "done" ? cell : { ...cell, state: "failed", finish: "failed", error },
    );
    this.#run = { ...run, state: "failed", cells, error };
    this.#delta(
      cells.map((cell) => ({ index: cell.index, append: "", n_tokens: cell.n_tokens, done: cell })),
    );
    this.#status("failed");
  }
}
