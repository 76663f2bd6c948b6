// The list of prompts as the page shows it: how much of it, lines that could be prompts, a file's prompts.
import { batch, computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { describe, errorInfo } from "./errors";
import { asChat, asText, isBlank, linesOf, withPrompt } from "./prompts";
import type { ErrorInfo, PageCommand, Prompt, Reply } from "./protocol.gen";
import type { Store } from "./store";

/** So many prompts are shown at first, and their tools with them; more make the list a compact one. */
export const N_SHOWN = 5;
/** Boxes for more take the browser seconds, and nobody edits them by hand. */
export const MAX_SHOWN = 200;

const PROMPT = "prompt/";

export interface Wire {
  request(command: PageCommand): Promise<Reply["result"]>;
}

/** A pasted text of several lines. */
interface Pasted {
  readonly index: number;
  readonly text: string;
}

/** What was read from a file and not taken yet. */
export interface PromptFile {
  readonly name: string;
  readonly prompts: readonly Prompt[];
}

export class PromptList {
  readonly showsAll: Signal<boolean> = signal(false);
  /** Prompts of a compact list whose tools are shown, by number. */
  readonly opened: Signal<ReadonlySet<number>> = signal(new Set());
  /** The prompt that was typed in last, by number. */
  readonly focused: Signal<number> = signal(0);
  readonly file: Signal<PromptFile | null> = signal(null);
  readonly fileError: Signal<ErrorInfo | null> = signal(null);
  readonly isReading: Signal<boolean> = signal(false);
  readonly isCompact: ReadonlySignal<boolean>;
  readonly nShown: ReadonlySignal<number>;
  readonly #pasted: Signal<Pasted | null> = signal(null);
  readonly #store: Store;
  readonly #wire: Wire;
  #nRead = 0;

  constructor(store: Store, wire: Wire) {
    this.#store = store;
    this.#wire = wire;
    this.isCompact = computed(() => store.prompts.value.value.length > N_SHOWN);
    this.nShown = computed(() => {
      const n = Math.max(1, store.prompts.value.value.length);
      // An error is never behind a closed door.
      const troubled = Object.keys(store.fieldErrors.value)
        .filter((field) => field.startsWith(PROMPT))
        .map((field) => Number(field.slice(PROMPT.length)) + 1);
      return Math.min(n, Math.max(this.showsAll.value ? MAX_SHOWN : N_SHOWN, ...troubled));
    });
  }

  toggle(index: number): void {
    const next = new Set(this.opened.value);
    if (!next.delete(index)) next.add(index);
    this.opened.value = next;
  }

  /** Places have changed: what is open at one of them was another prompt's. */
  moved(): void {
    this.opened.value = new Set();
    this.#pasted.value = null;
  }

  // ---- pasted lines

  /** A text was pasted into an empty box, or instead of all there was. */
  pasted(index: number, text: string): void {
    const plain = text.replace(/\r\n?/g, "\n");
    this.#pasted.value = linesOf(plain).length > 1 ? { index, text: plain } : null;
  }

  /** The lines that could be prompts of their own; none once the text has changed. */
  offer(index: number, prompt: Prompt): string[] {
    const pasted = this.#pasted.value;
    return pasted?.index === index && pasted.text === prompt ? linesOf(pasted.text) : [];
  }

  declineOffer(): void {
    this.#pasted.value = null;
  }

  /** Makes a prompt of each line, at the place of the one that had them. */
  split(index: number): void {
    const pasted = this.#pasted.value;
    if (pasted === null) return;
    this.moved();
    this.#store.prompts.reshape((all) => {
      const at = all[index] === pasted.text ? index : all.indexOf(pasted.text);
      return at < 0 ? all : [...all.slice(0, at), ...linesOf(pasted.text), ...all.slice(at + 1)];
    });
  }

  // ---- chats

  toChat(index: number): void {
    this.#turn(index, (prompt) => (typeof prompt === "string" ? asChat(prompt) : prompt));
  }

  toText(index: number): void {
    this.#turn(index, (prompt) => (typeof prompt === "string" ? prompt : asText(prompt)));
  }

  #turn(index: number, turned: (prompt: Prompt) => Prompt): void {
    this.#store.prompts.reshape((all, madeOn) => withPrompt(all, madeOn, index, turned(madeOn[index] ?? "")));
  }

  // ---- files

  async readFile(name: string, content: string): Promise<void> {
    this.#nRead += 1;
    const mine = this.#nRead;
    batch(() => {
      this.isReading.value = true;
      this.file.value = null;
      this.fileError.value = null;
    });
    let error: ErrorInfo | null = null;
    let prompts: readonly Prompt[] = [];
    try {
      const result = await this.#wire.request({ type: "ReadPromptFile", name, content });
      prompts = result?.type === "PromptsRead" ? result.prompts.filter((one) => !isBlank(one)) : [];
      if (prompts.length === 0)
        error = errorInfo("NoPrompts", `There are no prompts in ${name}. Choose another file.`);
    } catch (thrown) {
      error = describe(thrown);
    }
    if (mine !== this.#nRead) return; // another file was chosen meanwhile
    batch(() => {
      this.isReading.value = false;
      this.fileError.value = error;
      this.file.value = error === null ? { name, prompts } : null;
    });
  }

  failFile(thrown: unknown): void {
    this.fileError.value = describe(thrown);
  }

  /** Takes the file's prompts, besides those there are or instead of them; blank ones give way. */
  takeFile(how: "add" | "replace"): void {
    const { file } = this;
    const prompts = file.value?.prompts ?? [];
    file.value = null;
    this.moved();
    this.#store.ui.touched.value = new Set();
    this.#store.prompts.reshape((all) =>
      how === "replace" ? [...prompts] : [...all.filter((one) => !isBlank(one)), ...prompts],
    );
  }

  /** Leaves the file's prompts, or its error, where they are. */
  dismissFile(): void {
    this.#nRead += 1;
    batch(() => {
      this.isReading.value = false;
      this.file.value = null;
      this.fileError.value = null;
    });
  }
}
