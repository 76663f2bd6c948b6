// Questions about features whose answers stay on the page: each is asked once, and again where it failed.
import { type Signal, signal } from "@preact/signals";
import type { Connection } from "./connection";
import { describe } from "./errors";
import type { ErrorInfo, PageCommand, Reply } from "./protocol.gen";
import type { Store } from "./store";

/** The worker reads; before that it may have to load, or to finish what it does. */
export const READING_TIMEOUT_MS = 120_000;
const N_KEPT = 200;

export type Result = NonNullable<Reply["result"]>;

/** What came of a question: nothing yet, that it is on its way, why it failed, or its answer. */
export interface Answer {
  readonly isAsked: boolean;
  readonly error: ErrorInfo | null;
  readonly result: Result | null;
}

export const NOT_ASKED: Answer = { isAsked: false, error: null, result: null };

export class Asked {
  readonly #store: Store;
  readonly #connection: Connection;
  readonly #answers = new Map<string, Signal<Answer>>();

  constructor(store: Store, connection: Connection) {
    this.#store = store;
    this.#connection = connection;
  }

  /** What is known of the question by now. */
  of(command: PageCommand): Answer {
    return this.#answer(command).value;
  }

  /** Asks, unless the answer is here or on its way. */
  async ask(command: PageCommand): Promise<Answer> {
    const answer = this.#answer(command);
    const { isAsked, result } = answer.peek();
    if (isAsked || result !== null) return answer.peek();
    answer.value = { ...NOT_ASKED, isAsked: true };
    try {
      const found = await this.#connection.request(command, READING_TIMEOUT_MS);
      if (found !== null && "cards" in found)
        this.#store.ui.learn(found.cards, "sae" in found ? found.sae : "sae" in command ? command.sae : "");
      answer.value = { ...NOT_ASKED, result: found };
    } catch (thrown) {
      answer.value = { ...NOT_ASKED, error: describe(thrown) };
    }
    return answer.peek();
  }

  #answer(command: PageCommand): Signal<Answer> {
    const key = JSON.stringify(command);
    const known = this.#answers.get(key) ?? signal(NOT_ASKED);
    this.#answers.delete(key);
    this.#answers.set(key, known);
    const [oldest = ""] = this.#answers.keys();
    if (this.#answers.size > N_KEPT) this.#answers.delete(oldest);
    return known;
  }
}
