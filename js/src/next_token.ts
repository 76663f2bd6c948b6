// The next token's probabilities, unsteered and steered, as they follow the dials while those move.
import { batch, effect, type Signal, signal } from "@preact/signals";
import { describe } from "./errors";
import type { PromptList } from "./prompt_list";
import { isBlank, isWhole } from "./prompts";
import type {
  Alternative,
  Edit,
  ErrorInfo,
  NextTokenRead,
  PageCommand,
  ReadNextToken,
  Reply,
} from "./protocol.gen";
import type { Store } from "./store";
import { scaled, visibleRows } from "./visible";

export const N_TOKENS = 8;
/** A question that another page or the notebook has overtaken is asked again after so long. */
const AGAIN_MS = 250;

interface Wire {
  request(command: PageCommand): Promise<Reply["result"]>;
}

/** What was asked about. */
export interface Asked {
  readonly prompt: number;
  readonly edits: readonly Edit[];
}

export interface NextToken extends Asked {
  /** Each at the place it keeps while it is among the likeliest; null: none was left for this place. */
  readonly places: readonly (Alternative | null)[];
  readonly kl: number;
  readonly dose: number;
}

/** Puts tokens where they were before; those that are new take the places that have become free. */
export function placed(
  before: readonly (Alternative | null)[],
  tokens: readonly Alternative[],
): (Alternative | null)[] {
  const byId = new Map(tokens.map((token) => [token.token_id, token]));
  const places = Array.from({ length: Math.max(N_TOKENS, tokens.length) }, (_, i): Alternative | null => {
    const id = before[i]?.token_id;
    const stays = id === undefined ? undefined : byId.get(id);
    if (id !== undefined) byId.delete(id);
    return stays ?? null;
  });
  const entered = [...byId.values()];
  return places.map((token) => token ?? entered.shift() ?? null);
}

/** Why nothing can be asked; "" where it can. */
type Idle = string;

interface Question {
  readonly command: ReadNextToken;
  readonly asked: Asked;
}

export class NextTokens {
  readonly isOn: Signal<boolean> = signal(false);
  readonly shown: Signal<NextToken | null> = signal(null);
  readonly error: Signal<ErrorInfo | null> = signal(null);
  readonly idle: Signal<Idle> = signal("");
  readonly #store: Store;
  readonly #promptList: PromptList;
  readonly #wire: Wire;
  readonly #unfollow: () => void;
  #wanted: Question | null = null;
  #isAsking = false;
  /** The last question that was asked or waits, to tell whether there is a new one. */
  #key = "";
  /** Prompt and chat of the last answer: tokens of another one have no places yet. */
  #context = "";
  /** The row that was dialled last, and how the rows were before. */
  #row = "";
  #rows = new Map<string, string>();

  constructor(store: Store, promptList: PromptList, wire: Wire) {
    this.#store = store;
    this.#promptList = promptList;
    this.#wire = wire;
    this.#unfollow = effect(() => this.#follow());
  }

  turn(on: boolean): void {
    batch(() => {
      this.isOn.value = on;
      if (!on) {
        this.shown.value = null;
        this.error.value = null;
      }
    });
  }

  close(): void {
    this.#unfollow();
    this.#key = "";
    this.#wanted = null;
  }

  #follow(): void {
    const edits = this.#edits();
    if (!this.isOn.value) {
      this.#key = "";
      this.#wanted = null;
      return;
    }
    const prompts = this.#store.prompts.value.value;
    const at = Math.min(this.#promptList.focused.value, Math.max(0, prompts.length - 1));
    const prompt = prompts[at] ?? "";
    const { worker } = this.#store.status.value;
    this.idle.value =
      this.#store.link.value === "offline"
        ? "The kernel does not answer."
        : isBlank(prompt) || !isWhole(prompt)
          ? "Type a prompt to see what comes next."
          : worker === "ready" || worker === "busy"
            ? ""
            : "Shown once the model is loaded.";
    if (this.idle.value !== "") {
      this.#key = "";
      this.#wanted = null;
      return;
    }
    const { chat } = this.#store.generation.value.value;
    const command: ReadNextToken = {
      type: "ReadNextToken",
      prompt,
      chat,
      steering: { edits, preserve_norm: null },
      k: N_TOKENS,
    };
    const key = JSON.stringify(command);
    if (key === this.#key) return;
    this.#key = key;
    this.#wanted = { command, asked: { prompt: at, edits } };
    if (!this.#isAsking) void this.#ask();
  }

  /** All visible rows where they are one column, else the one that was dialled last. */
  #edits(): Edit[] {
    const selection = this.#store.selection.value.value;
    const rows = visibleRows(selection);
    const now = new Map(rows.map(({ key, edit }) => [key, JSON.stringify(edit)]));
    const moved = rows.find(({ key }) => this.#rows.has(key) && this.#rows.get(key) !== now.get(key));
    const added = this.#rows.size > 0 ? rows.find(({ key }) => !this.#rows.has(key)) : undefined;
    this.#row = (moved ?? added)?.key ?? this.#row;
    this.#rows = now;
    const followed = rows.find(({ key }) => key === this.#row) ?? rows[0];
    const chosen = selection.layout === "combined" ? rows : followed === undefined ? [] : [followed];
    return chosen.map(({ edit }) => scaled(edit, selection.master));
  }

  /** One question at a time; what has changed meanwhile is the next, and only the newest of it. */
  async #ask(): Promise<void> {
    this.#isAsking = true;
    while (this.#wanted !== null) {
      const question: Question = this.#wanted;
      this.#wanted = null;
      try {
        const result = await this.#wire.request(question.command);
        if (result?.type === "NextTokenRead" && this.#key !== "") this.#show(question, result);
      } catch (thrown) {
        const error = describe(thrown);
        if (error.kind === "Superseded") this.#askAgain(question);
        else if (this.#key !== "") this.error.value = error;
      }
    }
    this.#isAsking = false;
  }

  /** The newest question of the kernel is another page's: this one waits for it, unless there is a newer one here. */
  #askAgain(question: Question): void {
    if (this.#wanted !== null || this.#key === "") return;
    const key = this.#key;
    setTimeout(() => {
      if (this.#key !== key || this.#isAsking) return;
      this.#wanted = question;
      void this.#ask();
    }, AGAIN_MS);
  }

  #show({ command, asked }: Question, { tokens, kl, dose }: NextTokenRead): void {
    const context = JSON.stringify([command.prompt, command.chat]);
    const before = context === this.#context ? (this.shown.value?.places ?? []) : [];
    this.#context = context;
    batch(() => {
      this.error.value = null;
      this.shown.value = { ...asked, places: placed(before, tokens), kl, dose };
    });
  }
}
