// Named sets of features, of prompts and of vectors: kept by the kernel, used, shared as files.
import { type Signal, signal } from "@preact/signals";
import { base64Of } from "./base64";
import type { Connection } from "./connection";
import { download } from "./download";
import { describe, invalidInput, LAYOUT_FIELDS, RequestError } from "./errors";
import { whole } from "./numbers";
import type { ErrorInfo, MakeVector, PageCommand, SelectedKind, SetInfo, SetKind } from "./protocol.gen";
import type { Store } from "./store";

/** In base64 it passes what Jupyter servers let through, 10 MiB. */
const MAX_FILE_BYTES = 7_000_000;
/** The worker reads the texts, after what it does now. */
const READING_TIMEOUT_MS = 120_000;

export type Pool = MakeVector["pool"];

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
  readonly vectors = new SetShelf();
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
  async save(kind: SelectedKind, name: string): Promise<boolean> {
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
  async take(kind: SetKind, file: File): Promise<void> {
    if (file.size > MAX_FILE_BYTES) {
      const inPython = kind === "vectors" ? kind : `${kind.slice(0, -1)}_sets`;
      this.fail(
        kind,
        new RequestError(
          invalidInput(
            file.name,
            `${whole(file.size)} bytes`,
            `at most ${whole(MAX_FILE_BYTES)} bytes here; larger ones in Python, steerer.${inPython}.import_file(path)`,
          ),
        ),
      );
      return;
    }
    await this.#ask(kind, { type: "ImportSet", kind, content: await base64Of(file), name: file.name });
  }

  /** Keeps the direction that tells two sets of texts apart. */
  makeVector(name: string, positive: string[], negative: string[], pool: Pool): Promise<boolean> {
    const command: PageCommand = { type: "MakeVector", name, positive, negative, pool };
    return this.#ask("vectors", command, READING_TIMEOUT_MS);
  }

  fail(kind: SetKind, thrown: unknown): void {
    this[kind].error.value = describe(thrown);
  }

  async #ask(kind: SetKind, command: PageCommand, timeoutMs?: number): Promise<boolean> {
    const shelf = this[kind];
    shelf.isBusy.value = true;
    shelf.error.value = null;
    try {
      const result = await this.#connection.request(command, timeoutMs);
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
    return kind === "prompts" ? this.#store.prompts : this.#store.selection;
  }

  #forget(kind: SetKind): void {
    const { ui } = this.#store;
    if (kind !== "prompts")
      ui.forget((field) => LAYOUT_FIELDS.includes(field) || /^(more_)?strengths?\//.test(field));
    else ui.touched.value = new Set();
  }
}
