// The exact tokens of prompts whose preview is open, and which of them are steered.
import { effect, type Signal, signal } from "@preact/signals";
import { describe } from "./errors";
import { isBlank, isWhole } from "./prompts";
import type { ErrorInfo, PageCommand, ReadTokens, Reply, TokensRead } from "./protocol.gen";
import type { Store } from "./store";
import { visibleRows } from "./visible";

/** Typing rests so long before the tokens are asked for. */
const TOKENS_PAUSE_MS = 250;

interface Wire {
  request(command: PageCommand): Promise<Reply["result"]>;
}

export interface Preview {
  /** The last answer there was; stays while a newer one is asked for. */
  readonly read: TokensRead | null;
  /** Rows that were asked about, in the order of `read.steered`. */
  readonly rows: readonly string[];
  readonly error: ErrorInfo | null;
  /** Whether the prompt or what steers it is another by now. */
  readonly isStale: boolean;
}

export const NO_PREVIEW: Preview = { read: null, rows: [], error: null, isStale: false };

interface Wanted {
  readonly key: string;
  readonly timer: ReturnType<typeof setTimeout> | undefined;
}

/** How strong an edit is does not change which tokens it steers. */
const keyOf = (command: ReadTokens): string =>
  JSON.stringify(command, (name, value: unknown) => (name === "strength" ? undefined : value));

export class TokenPreviews {
  /** Prompts whose preview is open, by number. */
  readonly opened: Signal<ReadonlySet<number>> = signal(new Set());
  /** What is known of them. */
  readonly shown: Signal<ReadonlyMap<number, Preview>> = signal(new Map());
  /** The row whose steered tokens are marked; the first one where there is no such row. */
  readonly row: Signal<string> = signal("");
  readonly #wire: Wire;
  readonly #wanted = new Map<number, Wanted>();
  readonly #unfollow: () => void;

  constructor(store: Store, wire: Wire) {
    this.#wire = wire;
    this.#unfollow = effect(() => {
      const opened = this.opened.value;
      for (const i of this.#wanted.keys()) if (!opened.has(i)) this.#forget(i);
      if (opened.size === 0) return;
      if (store.link.value === "offline") {
        // What could not be asked is asked once the kernel answers again.
        for (const { timer } of this.#wanted.values()) clearTimeout(timer);
        this.#wanted.clear();
        return;
      }
      const rows = visibleRows(store.selection.value.value);
      const columns = rows.map(({ edit }) => ({ edits: [edit], preserve_norm: null }));
      const { chat } = store.generation.value.value;
      const prompts = store.prompts.value.value;
      for (const i of opened) {
        const prompt = prompts[i] ?? "";
        if (isBlank(prompt) || !isWhole(prompt)) this.#forget(i);
        else
          this.#want(
            i,
            { type: "ReadTokens", prompt, chat, columns },
            rows.map(({ key }) => key),
          );
      }
    });
  }

  /** A prompt was taken out: those behind it have another number. */
  removed(index: number): void {
    const kept = [...this.opened.value].filter((i) => i !== index);
    this.opened.value = new Set(kept.map((i) => (i > index ? i - 1 : i)));
  }

  toggle(index: number): void {
    const next = new Set(this.opened.value);
    if (!next.delete(index)) next.add(index);
    this.opened.value = next;
  }

  close(): void {
    this.#unfollow();
    for (const i of [...this.#wanted.keys()]) this.#forget(i);
  }

  #want(i: number, command: ReadTokens, rows: readonly string[]): void {
    const key = keyOf(command);
    const before = this.#wanted.get(i);
    if (before?.key === key) return;
    clearTimeout(before?.timer);
    const pauseMs = before === undefined ? 0 : TOKENS_PAUSE_MS;
    const timer = setTimeout(() => void this.#ask(i, key, command, rows), pauseMs);
    this.#wanted.set(i, { key, timer });
    this.#show(i, { isStale: true, error: null });
  }

  async #ask(i: number, key: string, command: ReadTokens, rows: readonly string[]): Promise<void> {
    const isWanted = () => this.#wanted.get(i)?.key === key;
    try {
      const result = await this.#wire.request(command);
      if (isWanted() && result?.type === "TokensRead")
        this.#show(i, { read: result, rows, error: null, isStale: false });
    } catch (thrown) {
      if (isWanted()) this.#show(i, { read: null, rows: [], error: describe(thrown), isStale: false });
    }
  }

  #show(i: number, change: Partial<Preview>): void {
    const shown = this.shown.peek();
    this.shown.value = new Map(shown).set(i, { ...(shown.get(i) ?? NO_PREVIEW), ...change });
  }

  #forget(i: number): void {
    clearTimeout(this.#wanted.get(i)?.timer);
    this.#wanted.delete(i);
    const next = new Map(this.shown.peek());
    if (next.delete(i)) this.shown.value = next;
  }
}
