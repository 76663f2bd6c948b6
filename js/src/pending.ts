// A value that Python owns and the page changes: what the page wants is kept as changes on top of what
// Python says, so that a change from either side never undoes one of the other.
import { batch, computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { describe } from "./errors";
import type { ErrorInfo } from "./protocol.gen";

interface Change<T> {
  /** Changes of one key replace each other: only the newest position of a dial counts. */
  readonly key: string;
  readonly apply: (value: T) => T;
}

export interface SharedOptions<T> {
  send(value: T): Promise<unknown>;
  /** False holds the value back, such as while a prompt is still empty. */
  sendable?(value: T): boolean;
}

const equal = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

export class Shared<T> {
  /** What Python holds, as the trait says. */
  readonly held: Signal<T>;
  /** What the page shows: what Python holds with the page's own changes on top. */
  readonly value: ReadonlySignal<T>;
  /** Why Python refused the last value sent; null when it took it. */
  readonly error: Signal<ErrorInfo | null> = signal(null);
  readonly #changes: Signal<readonly Change<T>[]> = signal([]);
  readonly #options: SharedOptions<T>;
  #inFlight: { value: T; changes: ReadonlySet<Change<T>> } | null = null;
  #sending: Promise<boolean> | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(start: T, options: SharedOptions<T>) {
    this.#options = options;
    this.held = signal(start);
    this.value = computed(() =>
      this.#changes.value.reduce((value, change) => change.apply(value), this.held.value),
    );
  }

  /** The trait changed in Python. */
  receive(value: T): void {
    batch(() => {
      this.held.value = value;
      if (this.#inFlight !== null && equal(value, this.#inFlight.value)) this.#drop(this.#inFlight.changes);
    });
  }

  /** Shows a change at once and sends it after `delayMs` without another. */
  change(key: string, apply: (value: T) => T, delayMs = 0): void {
    const inFlight = this.#inFlight?.changes;
    const kept = this.#changes.value.filter((c) => c.key !== key || inFlight?.has(c));
    this.#want([...kept, { key, apply }], delayMs);
  }

  /** Like `change`, for one that the changes so far are already part of. */
  replace(value: T): void {
    this.#want([{ key: "all", apply: () => value }], 0);
  }

  #want(changes: readonly Change<T>[], delayMs: number): void {
    batch(() => {
      this.#changes.value = changes;
      this.error.value = null;
    });
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.flush(), delayMs);
  }

  /** Sends what is not sent yet; true when Python holds everything the page shows. */
  async flush(): Promise<boolean> {
    clearTimeout(this.#timer);
    while (this.#sending !== null) await this.#sending;
    if (this.#changes.value.length === 0) return true;
    if (this.#options.sendable?.(this.value.value) === false) return false;
    this.#sending = this.#send();
    try {
      return await this.#sending;
    } finally {
      this.#sending = null;
    }
  }

  async #send(): Promise<boolean> {
    const sent = { value: this.value.value, changes: new Set(this.#changes.value) };
    const before = this.held.value;
    this.#inFlight = sent;
    try {
      await this.#options.send(sent.value);
    } catch (thrown) {
      this.#inFlight = null;
      if (this.#changes.value.some((change) => !sent.changes.has(change))) return this.#sendRest();
      this.error.value = describe(thrown);
      return false;
    }
    batch(() => {
      // The trait's own message normally came first; if not, the reply says the same.
      if (this.held.value === before) this.held.value = sent.value;
      this.#drop(sent.changes);
      this.error.value = null;
    });
    this.#inFlight = null;
    return this.#changes.value.length === 0 ? true : this.#sendRest();
  }

  /** Changes made while the last value was on its way. */
  #sendRest(): Promise<boolean> {
    if (this.#options.sendable?.(this.value.value) === false) return Promise.resolve(false);
    return this.#send();
  }

  #drop(changes: ReadonlySet<Change<T>>): void {
    this.#changes.value = this.#changes.value.filter((change) => !changes.has(change));
  }
}
