// Everything the views draw from. Values that Python owns come in here; what only the page knows is in `ui`.
import { batch, computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { Colours } from "./colours";
import type { LinkState } from "./connection";
import { DEFAULT_GENERATION, EMPTY_SELECTION, UNKNOWN_STATUS } from "./defaults";
import { isOfFirstSae } from "./directions";
import { invalidInput, place } from "./errors";
import { Shared } from "./pending";
import type {
  ErrorInfo,
  Feature,
  FeatureCard,
  Generation,
  PageCommand,
  Prompt,
  RunSnapshot,
  Selection,
  Status,
} from "./protocol.gen";
import { isActive, NOTHING_SHOWN, type Outcome, type RunEvent, reduce, type Shown } from "./reducer";
import { UiState } from "./ui";

export type Send = (command: PageCommand) => Promise<unknown>;

export const isBlank = (prompt: Prompt): boolean =>
  typeof prompt === "string" ? prompt.trim() === "" : prompt.every((turn) => turn.content.trim() === "");

export class Store {
  readonly prompts: Shared<Prompt[]>;
  readonly selection: Shared<Selection>;
  readonly generation: Shared<Generation>;
  readonly status: Signal<Status> = signal(UNKNOWN_STATUS);
  readonly link: Signal<LinkState> = signal("waiting");
  /** The run as drawn: follows the run as received once per animation frame. */
  readonly shown: Signal<Shown> = signal(NOTHING_SHOWN);
  readonly ui = new UiState();
  readonly colours = new Colours();
  readonly fieldErrors: ReadonlySignal<Readonly<Record<string, ErrorInfo>>>;
  readonly generalErrors: ReadonlySignal<readonly [string, ErrorInfo][]>;
  readonly nColumns: ReadonlySignal<number>;
  /** Why Run cannot be pressed; "" when it can. */
  readonly blocked: ReadonlySignal<string>;
  #received: Shown = NOTHING_SHOWN;
  #frame = 0;
  /** The run whose refused value was last shown at its field. */
  #refusedRun = "";

  constructor(
    send: Send,
    readonly drawn: (seq: number) => void,
  ) {
    this.prompts = new Shared<Prompt[]>([], {
      send: (prompts) => send({ type: "SetPrompts", prompts }),
      sendable: (prompts) => !prompts.some(isBlank),
    });
    this.selection = new Shared<Selection>(EMPTY_SELECTION, {
      send: (selection) => send({ type: "SetSelection", selection }),
    });
    this.generation = new Shared<Generation>(DEFAULT_GENERATION, {
      send: (generation) => send({ type: "SetGeneration", generation }),
    });
    const placed = computed(() => this.#placed());
    this.fieldErrors = computed(() => placed.value.fields);
    this.generalErrors = computed(() => placed.value.general);
    this.nColumns = computed(() => {
      const { edits, combine, baseline } = this.selection.value.value;
      return (combine ? Math.min(1, edits.length) : edits.length) + (baseline ? 1 : 0);
    });
    this.blocked = computed(() => this.#blocked());
  }

  /** What is known of a feature; only the first SAE's have cards. */
  card(feature: Pick<Feature, "index" | "sae"> | null): FeatureCard | undefined {
    if (feature === null || !isOfFirstSae(feature.sae, this.status.value.saes)) return undefined;
    return this.ui.cards.value.get(feature.index);
  }

  /** Takes a message of the run in and has it drawn with the next frame. */
  receive(event: RunEvent): Outcome {
    const [next, outcome] = reduce(this.#received, event);
    if (outcome === "applied") {
      this.#received = next;
      if (this.#frame === 0) this.#frame = requestAnimationFrame(() => this.draw());
    }
    return outcome;
  }

  /** Brings what is drawn up to what was received. */
  draw(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    batch(() => this.#show());
  }

  #show(): void {
    this.shown.value = this.#received;
    const { run } = this.#received;
    if (run?.id === this.ui.started.value) this.ui.started.value = null;
    if (!isActive(run)) {
      this.ui.stopping.value = null;
      this.ui.stopLate.value = false;
    }
    if (run?.error?.field && run.id !== this.#refusedRun) {
      this.#refusedRun = run.id;
      if (this.#field(run.error) !== "") this.ui.fail("run", run.error);
    }
    if (run !== null) this.drawn(this.#received.seq);
  }

  /** Id of the run as received, which may be newer than the one drawn. */
  get runId(): string | null {
    return this.#received.run?.id ?? null;
  }

  receiveTrait(name: string, value: unknown): void {
    if (value === null || value === undefined) return;
    if (name === "prompts") this.prompts.receive(value as Prompt[]);
    else if (name === "selection") this.selection.receive({ ...EMPTY_SELECTION, ...(value as Selection) });
    else if (name === "generation")
      this.generation.receive({ ...DEFAULT_GENERATION, ...(value as Generation) });
    else if (name === "status") this.status.value = { ...UNKNOWN_STATUS, ...(value as Status) };
    else if (name === "snapshot" && "seq" in (value as RunSnapshot)) this.receive(value as RunSnapshot);
  }

  /** Closes a general error. */
  dismiss(source: string): void {
    if (source === "prompts" || source === "selection" || source === "generation")
      this[source].error.value = null;
    else this.ui.fail(source, null);
  }

  #placed(): { fields: Record<string, ErrorInfo>; general: [string, ErrorInfo][] } {
    const prompts = this.prompts.value.value;
    const fields: Record<string, ErrorInfo> = {};
    const general: [string, ErrorInfo][] = [];
    const sources: [string, ErrorInfo | null][] = [
      ["prompts", this.prompts.error.value],
      ["selection", this.selection.error.value],
      ["generation", this.generation.error.value],
      ...Object.entries(this.ui.failed.value),
    ];
    for (const [source, error] of sources) {
      if (error === null) continue;
      const field = source === "search" ? "search" : this.#field(error);
      if (field === "") general.push([source, error]);
      else fields[field] = error;
    }
    for (const i of this.ui.touched.value) {
      if (isBlank(prompts[i] ?? ""))
        fields[`prompt/${i}`] = invalidInput("prompt", "", "text that is not empty");
    }
    return { fields: { ...fields, ...this.ui.refused.value }, general };
  }

  #field(error: ErrorInfo): string {
    return place(error, this.selection.value.value, this.prompts.value.value);
  }

  #blocked(): string {
    if (this.link.value === "offline") return "The kernel does not answer.";
    const refused = Object.values(this.ui.refused.value)[0];
    if (refused !== undefined) return refused.message;
    const prompts = this.prompts.value.value;
    if (prompts.length === 0 || prompts.some(isBlank)) return "Type a prompt to run.";
    if (this.nColumns.value === 0) return "Choose a feature, or turn the baseline on.";
    if (this.ui.submitting.value || this.ui.started.value !== null) return "Starting…";
    if (isActive(this.shown.value.run)) return "A run is on.";
    return "";
  }
}
