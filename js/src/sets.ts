// Named sets of features and of prompts: kept by the kernel, used, shared as files.
import { type Signal, signal } from "@preact/signals";
import type { Connection } from "./connection";
import { download } from "./download";
import { describe, LAYOUT_FIELDS } from "./errors";
import type { ErrorInfo, PageCommand, SetInfo, SetKind } from "./protocol.gen";
import type { Store } from "./store";

/** What the page knows of the sets of one kind. */
export class SetShelf {
  /** By name; null until they have been asked for. */
  readonly sets: Signal<readonly SetInfo[] | null> = signal(null);
  /** Why the last wish was refused. */
  readonly error: Signal<ErrorInfo | null> = signal(null);
  /** What Python says beside a wish that it fulfilled, such as that a set was made on another SAE. */
  readonly note: Signal<string> = signal("");
  /** True while a wish is on its way. */
  readonly isBusy: Signal<boolean> = signal(false);
}

export class Sets {
  readonly features = new SetShelf();
  readonly prompts = new SetShelf();
  readonly #store: Store;
  readonly #connection: Connection;

  constructor(store: Store, connection: Connection) {
    this.#store = store;
    this.#connection = connection;
  }

  list(kind: SetKind): Promise<boolean> {
    return this.#ask(kind, { type: "ListSets", kind });
  }

  /** Keeps what is selected; what was changed here and is not in Python yet goes there first. */
  async save(kind: SetKind, name: string): Promise<boolean> {
    const isHeld = await this.#shared(kind).flush();
    return isHeld && (await this.#ask(kind, { type: "SaveSet", kind, name }));
  }

  /** Python sets what is selected; drafts of fields that this changes are gone. */
  async use(kind: SetKind, name: string, isAdded: boolean): Promise<boolean> {
    if (!(await this.#shared(kind).flush()) && isAdded) return false;
    const isDone = await this.#ask(kind, { type: "UseSet", kind, name, is_added: isAdded });
    if (isDone && !isAdded) this.#forget(kind);
    return isDone;
  }

  remove(kind: SetKind, name: string): Promise<boolean> {
    return this.#ask(kind, { type: "DeleteSet", kind, name });
  }

  /** Hands the set to the user as a file. */
  share(kind: SetKind, name: string): Promise<boolean> {
    return this.#ask(kind, { type: "ExportSet", kind, name });
  }

  /** Keeps the set that a file holds. */
  take(kind: SetKind, content: string): Promise<boolean> {
    return this.#ask(kind, { type: "ImportSet", kind, content });
  }

  fail(kind: SetKind, thrown: unknown): void {
    this[kind].error.value = describe(thrown);
  }

  async #ask(kind: SetKind, command: PageCommand): Promise<boolean> {
    const shelf = this[kind];
    shelf.isBusy.value = true;
    shelf.error.value = null;
    try {
      const result = await this.#connection.request(command);
      if (result?.type === "Sets") {
        shelf.sets.value = result.sets;
        shelf.note.value = result.note;
      }
      if (result?.type === "File") download(result);
      return true;
    } catch (thrown) {
      this.fail(kind, thrown);
      return false;
    } finally {
      shelf.isBusy.value = false;
    }
  }

  #shared(kind: SetKind): { flush(): Promise<boolean> } {
    return kind === "features" ? this.#store.selection : this.#store.prompts;
  }

  #forget(kind: SetKind): void {
    const { ui } = this.#store;
    if (kind === "features")
      ui.forget((field) => LAYOUT_FIELDS.includes(field) || /^(more_)?strengths?\//.test(field));
    else ui.touched.value = new Set();
  }
}
