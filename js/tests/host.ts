// The kernel's end of the wire, in the test's hands: what was sent is kept, what comes is said by the test.
import type { HostModel } from "../src/connection";
import { DEFAULT_GENERATION, EMPTY_SELECTION, NOTHING_LEFT, UNKNOWN_STATUS } from "../src/defaults";
import type {
  Backlog,
  Band,
  CellView,
  Edit,
  ErrorInfo,
  FeatureCard,
  Measures,
  PageCommand,
  PageRequest,
  Reply,
  RunDelta,
  RunSnapshot,
  RunView,
  Steering,
} from "../src/protocol.gen";

type Callback = (...values: never[]) => void;
type Kind = PageCommand["type"];

export class Host implements HostModel {
  readonly sent: PageRequest[] = [];
  readonly traits: Record<string, unknown>;
  widget_manager: unknown = {};
  /** Makes every send throw, as hosts without a kernel do. */
  broken = false;
  readonly #listeners = new Map<string, Set<Callback>>();

  constructor(traits: Record<string, unknown> = {}) {
    this.traits = {
      prompts: [],
      selection: EMPTY_SELECTION,
      generation: DEFAULT_GENERATION,
      status: UNKNOWN_STATUS,
      snapshot: snapshot(0, null),
      ...traits,
    };
  }

  get(name: string): unknown {
    return this.traits[name];
  }

  on(name: string, callback: Callback): void {
    this.#listeners.set(name, (this.#listeners.get(name) ?? new Set()).add(callback));
  }

  off(name?: string | null, callback?: Callback | null): void {
    if (name && callback) this.#listeners.get(name)?.delete(callback);
  }

  send(content: unknown): void {
    if (this.broken) throw new Error("comm is closed");
    this.sent.push(structuredClone(content) as PageRequest);
  }

  /** Sets a trait as Python does. */
  set(name: string, value: unknown): void {
    this.traits[name] = value;
    this.#emit(`change:${name}`);
  }

  /** The kernel restarts: Jupyter says that the connection is gone, and what is sent fails. */
  die(): void {
    this.broken = true;
    this.#emit("comm_live_update");
  }

  say(message: Reply | RunSnapshot | RunDelta): void {
    this.#emit("msg:custom", message);
  }

  of<K extends Kind>(type: K): { id: string; command: Extract<PageCommand, { type: K }> }[] {
    return this.sent.filter((r) => r.command.type === type) as {
      id: string;
      command: Extract<PageCommand, { type: K }>;
    }[];
  }

  last<K extends Kind>(type: K): { id: string; command: Extract<PageCommand, { type: K }> } {
    const found = this.of(type).at(-1);
    if (found === undefined) throw new Error(`no ${type} was sent`);
    return found;
  }

  /** Answers the last request of this kind. */
  answer(type: Kind, result: Reply["result"] = null): void {
    this.say({ type: "Reply", id: this.last(type).id, error: null, result });
  }

  refuse(type: Kind, error: ErrorInfo): void {
    this.say({ type: "Reply", id: this.last(type).id, error, result: null });
  }

  #emit(name: string, ...values: unknown[]): void {
    for (const callback of [...(this.#listeners.get(name) ?? [])])
      (callback as (...v: unknown[]) => void)(...values);
  }
}

export const NOTHING_MEASURED: Measures = {
  dose: null,
  flags: [],
  kl_mean: null,
  kl_p95: null,
  kl_max: null,
  perplexity: null,
  repetition: null,
  distinct_1: null,
  distinct_2: null,
  activations: [],
  off_target: [],
  similarity: null,
};

export const steering = (...edits: Edit[]): Steering => ({ edits, preserve_norm: null });

export function cell(index: number, change: Partial<CellView> = {}): CellView {
  return {
    index,
    state: "queued",
    text: "",
    n_tokens: 0,
    finish: null,
    measures: NOTHING_MEASURED,
    error: null,
    ...change,
  };
}

export function runView(id: string, nCells: number, change: Partial<RunView> = {}): RunView {
  return {
    id,
    state: "running",
    prompts: ["a prompt"],
    steerings: Array.from({ length: nCells }, () => steering()),
    samples: 1,
    generation: { ...DEFAULT_GENERATION },
    cells: Array.from({ length: nCells }, (_, i) => cell(i)),
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
    ...change,
  };
}

export const snapshot = (seq: number, run: RunView | null, backlog: Backlog = NOTHING_LEFT): RunSnapshot => ({
  type: "RunSnapshot",
  seq,
  run,
  backlog,
  n_left_out: 0,
});

export function delta(seq: number, run: string, change: Partial<RunDelta> = {}): RunDelta {
  return {
    type: "RunDelta",
    seq,
    run,
    state: "running",
    cells: [],
    progress: runView(run, 0).progress,
    error: null,
    backlog: NOTHING_LEFT,
    ...change,
  };
}

export function card(index: number, label: string, change: Partial<FeatureCard> = {}): FeatureCard {
  return {
    index,
    label,
    label_confidence: null,
    density: null,
    max_act: null,
    output_score: null,
    logit_lens_up: [],
    logit_lens_down: [],
    examples: [],
    band: null,
    ...change,
  };
}

/** A band of raw strengths. */
export const band = (onset: number | null, iso_kl: number | null, collapse: number | null): Band => ({
  onset,
  iso_kl,
  collapse,
  points: [],
});

export function invalid(field: string, value: string, allowed: string): ErrorInfo {
  return {
    kind: "InvalidInput",
    message: `${field}: got ${value}; allowed: ${allowed}.`,
    details: "",
    field,
    value,
    allowed,
  };
}
