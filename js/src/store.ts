// Everything the views draw from. Values that Python owns come in here; what only the page knows is in `ui`.
import { batch, computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { Colours } from "./colours";
import type { LinkState } from "./connection";
import { DEFAULT_GENERATION, EMPTY_SELECTION, UNKNOWN_STATUS } from "./defaults";
import { directionKey, featureOf, labelOf, searchedSae } from "./directions";
import { invalidInput, place } from "./errors";
import { countColumns, layoutProblem } from "./layout";
import { LoadingClock } from "./loading";
import { Shared } from "./pending";
import { HALF_A_CHARACTER, isBlank, isWhole } from "./prompts";
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
  Steerable,
} from "./protocol.gen";
import { NOTHING_SHOWN, type Outcome, type RunEvent, reduce, reduceSaved, type Shown } from "./reducer";
import { countUnfinished, isActive } from "./states";
import type { Known } from "./strength";
import { UiState } from "./ui";

/** The way to the kernel, as far as the store needs it. */
export interface Wire {
  request(command: PageCommand): Promise<unknown>;
  /** Asks for everything; over when it has come, or nobody answers: then false. */
  sync(): Promise<boolean>;
}

export class Store {
  readonly prompts: Shared<Prompt[]>;
  readonly selection: Shared<Selection>;
  readonly generation: Shared<Generation>;
  readonly status: Signal<Status> = signal(UNKNOWN_STATUS);
  readonly link: Signal<LinkState> = signal("waiting");
  /** Whether all can only be read: it was saved, or its kernel is gone. */
  readonly isAlone: Signal<boolean> = signal(false);
  /** The run as drawn: follows the run as received once per animation frame. */
  readonly shown: Signal<Shown> = signal(NOTHING_SHOWN);
  readonly ui = new UiState();
  readonly colours = new Colours(
    [() => this.selection.value.value.edits.map((edit) => edit.feature), () => this.#shownDirections.value],
    () => this.status.value.saes,
  );
  readonly fieldErrors: ReadonlySignal<Readonly<Record<string, ErrorInfo>>>;
  readonly generalErrors: ReadonlySignal<readonly [string, ErrorInfo][]>;
  readonly nColumns: ReadonlySignal<number>;
  /** Why there is nothing to run; "" where there is. */
  readonly unready: ReadonlySignal<string>;
  /** Why Run cannot be pressed; "" when it can. */
  readonly blocked: ReadonlySignal<string>;
  /** Whether a run was asked for, by Run or Retry, and is not drawn yet. */
  readonly isStarting: ReadonlySignal<boolean>;
  /** How many cells of the shown run failed or were stopped, once it has ended. */
  readonly nUnfinished: ReadonlySignal<number>;
  readonly canRetry: ReadonlySignal<boolean>;
  readonly loading = new LoadingClock();
  readonly #steerings = computed(() => this.shown.value.run?.steerings ?? []);
  readonly #shownDirections = computed(() =>
    this.#steerings.value.flatMap(({ edits }) => edits.map((edit) => edit.feature)),
  );
  #received: Shown = NOTHING_SHOWN;
  #frame = 0;
  /** The run whose refused value was last shown at its field. */
  #refusedRun = "";

  constructor(
    wire: () => Wire,
    readonly drawn: (seq: number) => void,
  ) {
    const refresh = () => wire().sync();
    this.prompts = new Shared<Prompt[]>([], {
      send: (prompts, instead_of) => wire().request({ type: "SetPrompts", prompts, instead_of }),
      sendable: (prompts) => prompts.every((prompt) => !isBlank(prompt) && isWhole(prompt)),
      refresh,
    });
    this.selection = new Shared<Selection>(EMPTY_SELECTION, {
      send: (selection, instead_of) => wire().request({ type: "SetSelection", selection, instead_of }),
      refresh,
    });
    this.generation = new Shared<Generation>(DEFAULT_GENERATION, {
      send: (generation, instead_of) => wire().request({ type: "SetGeneration", generation, instead_of }),
      refresh,
    });
    const placed = computed(() => this.#placed());
    this.fieldErrors = computed(() => placed.value.fields);
    this.generalErrors = computed(() => placed.value.general);
    this.nColumns = computed(() => countColumns(this.selection.value.value));
    this.unready = computed(() => this.#unready());
    this.blocked = computed(() => this.#blocked());
    this.isStarting = computed(
      () => this.ui.submitting.value || this.ui.started.value !== null || this.ui.retrying.value !== null,
    );
    this.nUnfinished = computed(() => countUnfinished(this.shown.value.run));
    this.canRetry = computed(
      () => this.nUnfinished.value > 0 && !this.isStarting.value && this.link.value !== "offline",
    );
  }

  /** What is known of a feature. */
  readonly card = (feature: Pick<Feature, "index" | "sae"> | null): FeatureCard | undefined => {
    const sae = feature === null ? null : searchedSae(feature.sae, this.status.value.saes);
    return sae === null ? undefined : this.ui.cards.value.get(`${sae}:${feature?.index}`);
  };

  /** What strengths are counted by: the feature's maximum, and the direction's band. */
  readonly known = (direction: Steerable): Known => {
    const card = this.card(featureOf(direction));
    const band = this.ui.bands.value.get(directionKey(direction));
    // A control pushes another way than what it is the control of.
    const ofCard = direction.kind === "feature" ? (card?.band ?? null) : null;
    return { max_act: card?.max_act ?? null, band: band === undefined ? ofCard : band };
  };

  /** The label that is known of a feature beside its own. */
  readonly label = (feature: Pick<Feature, "index" | "sae"> | null): string | undefined =>
    this.card(feature)?.label;

  /** What a direction is called; "" for a feature that nobody has named. */
  readonly nameOf = (direction: Steerable): string => labelOf(direction, this.label(featureOf(direction)));

  /** Takes a message of the run in and has it drawn with the next frame. */
  receive(event: RunEvent): Outcome {
    return this.#take(reduce(this.#received, event));
  }

  #take([next, outcome]: [Shown, Outcome]): Outcome {
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
    if (isActive(run)) {
      this.ui.retrying.value = null;
    } else {
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

  /** Takes a trait in; "gap" where it tells that a message was lost. */
  receiveTrait(name: string, value: unknown): Outcome {
    if (value === null || value === undefined) return "ignored";
    if (name === "prompts") this.prompts.receive(value as Prompt[]);
    else if (name === "selection") this.selection.receive({ ...EMPTY_SELECTION, ...(value as Selection) });
    else if (name === "generation")
      this.generation.receive({ ...DEFAULT_GENERATION, ...(value as Generation) });
    else if (name === "status") this.#receiveStatus({ ...UNKNOWN_STATUS, ...(value as Status) });
    else if (name === "snapshot" && "seq" in (value as RunSnapshot))
      return this.#take(reduceSaved(this.#received, value as RunSnapshot));
    return "applied";
  }

  #receiveStatus(status: Status): void {
    this.loading.observe(status, performance.now() / 1000);
    this.status.value = status;
  }

  /** Takes in whether the kernel answers; where it does, what could not be sent goes again. */
  setLink(state: LinkState, isAlone = false): void {
    this.link.value = state;
    this.isAlone.value = isAlone;
    if (state === "online")
      for (const shared of [this.prompts, this.selection, this.generation]) shared.resend();
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
    for (const [i, prompt] of prompts.entries())
      if (!isWhole(prompt)) fields[`prompt/${i}`] = invalidInput("prompt", "…", HALF_A_CHARACTER);
    return { fields: { ...fields, ...this.ui.refused.value }, general };
  }

  #field(error: ErrorInfo): string {
    return place(error, this.selection.value.value, this.prompts.value.value);
  }

  #unready(): string {
    if (this.link.value === "offline") return "The kernel does not answer.";
    const refused = Object.values(this.ui.refused.value)[0];
    if (refused !== undefined) return refused.message;
    const prompts = this.prompts.value.value;
    if (prompts.length === 0 || prompts.some(isBlank)) return "Type a prompt to run.";
    if (!prompts.every(isWhole)) return `A prompt cannot be sent; allowed: ${HALF_A_CHARACTER}.`;
    const problem = layoutProblem(this.selection.value.value);
    if (problem !== "") return problem;
    if (this.nColumns.value === 0) return "Choose a feature, or turn the baseline on.";
    return "";
  }

  #blocked(): string {
    if (this.unready.value !== "") return this.unready.value;
    if (this.isStarting.value) return "Starting…";
    if (isActive(this.shown.value.run)) return "A run is on.";
    return "";
  }
}
