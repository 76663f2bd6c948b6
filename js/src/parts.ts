// Tokens that the reader points at, of texts and of prompts: which features fire there, and which tell them apart.
import { computed, effect, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { baselineText } from "./context";
import type { Finding } from "./finding";
import type { CellPart, FindAt, FindContrast, Part, Prompt, PromptPart } from "./protocol.gen";
import type { ResultsRoom } from "./results";
import { baselineOf, cellIndex, placeOf } from "./sifting";
import { isEnded } from "./states";
import type { Store } from "./store";
import type { TokenPreviews } from "./token_preview";

const N_FEATURES = 20;

/** First and last token. */
export type Range = readonly [number, number];

/** A text or a prompt, or some tokens of it. */
export interface Spot {
  /** Of which run it is a cell; "" for a prompt. */
  readonly run: string;
  /** Number of the cell, or of the prompt. */
  readonly at: number;
  /** null: all of it. */
  readonly range: Range | null;
  /** A place in the text, in characters, where its tokens are not told apart yet. */
  readonly char?: number;
  /** The prompt as its tokens were read. */
  readonly prompt?: Prompt;
}

export type Side = "a" | "b";

const isSameText = (one: Spot | null, other: Spot): boolean =>
  one !== null && one.run === other.run && one.at === other.at;

const numbers = ([from, to]: Range): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);

/** Number of the token that has this character. */
function tokenAt(texts: readonly string[], char: number): number {
  let end = 0;
  const found = texts.findIndex((text) => {
    end += text.length;
    return char < end;
  });
  return found < 0 ? texts.length - 1 : found;
}

export class PartsRoom {
  readonly a: Signal<Spot | null> = signal(null);
  /** What `a` is compared with. */
  readonly b: Signal<Spot | null> = signal(null);
  /** What the next token that is pressed becomes, while it is waited for. */
  readonly picking: Signal<Side | null> = signal(null);
  /** Where the panel hangs: the id of what it is in. */
  readonly host: Signal<string> = signal("");
  /** Goes up when the keyboard is to enter the panel. */
  readonly entered: Signal<number> = signal(0);
  /** What is to be asked; null: nothing, or it cannot be asked yet. */
  readonly command: ReadonlySignal<FindAt | FindContrast | null>;
  readonly #store: Store;
  readonly #results: ResultsRoom;
  readonly #previews: TokenPreviews;
  /** Where a stretch began. */
  #anchor = 0;

  constructor(store: Store, results: ResultsRoom, previews: TokenPreviews, finding: Finding) {
    this.#store = store;
    this.#results = results;
    this.#previews = previews;
    this.command = computed(() => {
      const [a, b] = [this.#part(this.a.value), this.#part(this.b.value)];
      if (a === null || (this.b.value !== null && b === null)) return null;
      const rest = { limit: N_FEATURES, sae: finding.saeName };
      return b === null
        ? { type: "FindAt", part: a, ...rest }
        : { type: "FindContrast", a: [a], b: [b], ...rest };
    });
    effect(() => {
      const prompts = store.prompts.value.value;
      for (const side of [this.a, this.b]) {
        this.#settle(side);
        // What was marked in a prompt is gone once the prompt is another.
        const spot = side.value;
        if (spot?.run === "" && spot.prompt !== prompts[spot.at]) this.close();
      }
    });
  }

  /** Whether anything is marked. */
  get isOpen(): boolean {
    return this.a.value !== null;
  }

  /** What was marked last. */
  get last(): Spot | null {
    return this.b.value ?? this.a.value;
  }

  /** Marks tokens in place of what was marked; the second of two where it was asked for. `enters`: so does the keyboard. */
  mark(spot: Spot, host: string, enters = true): void {
    if (this.#store.isAlone.peek()) return; // nobody could say what fires there
    const side = this.picking.peek() ?? "a";
    if (side === "a") this.b.value = null;
    this[side].value = spot;
    this.#anchor = spot.range?.[0] ?? 0;
    this.picking.value = null;
    this.host.value = host;
    if (enters) this.entered.value += 1;
  }

  /** Marks all tokens from where the stretch began to this one. */
  widen(spot: Spot, host: string, enters = true): void {
    const side = isSameText(this.b.peek(), spot) ? "b" : "a";
    if (!isSameText(this[side].peek(), spot) || this[side].peek()?.range == null || spot.range === null) {
      this.mark(spot, host, enters);
      return;
    }
    const [to] = spot.range;
    this[side].value = { ...spot, range: [Math.min(this.#anchor, to), Math.max(this.#anchor, to)] };
    this.host.value = host;
  }

  /** Compares with the unsteered text of the same prompt and sample. */
  againstBaseline(): void {
    const spot = this.baseline;
    if (spot === null) return;
    this.picking.value = "b";
    this.mark(spot, this.host.peek());
  }

  /** The baseline's text for the first cell; null where there is none, or not yet. */
  get baseline(): Spot | null {
    const { run } = this.#store.shown.value;
    const spot = this.a.value;
    if (run === null || spot?.run !== run.id || baselineText(run, spot.at) === null) return null;
    const { at, sample } = placeOf(run, spot.at);
    return { run: run.id, at: cellIndex(run, at, baselineOf(run), sample), range: null };
  }

  close(): void {
    this.a.value = null;
    this.b.value = null;
    this.picking.value = null;
  }

  /** Which tokens of a text are marked: "a3-5 b7-7", "a" for all of it. */
  marks(run: string, at: number): string {
    return (["a", "b"] as const)
      .flatMap((side) => {
        const spot = this[side].value;
        return isSameText(spot, { run, at, range: null }) ? [side + (spot?.range?.join("-") ?? "")] : [];
      })
      .join(" ");
  }

  /** The tokens of a text, where they are told apart. */
  texts({ run, at }: Spot): readonly string[] {
    if (run === "") return this.#previews.shown.value.get(at)?.read?.tokens.map(({ text }) => text) ?? [];
    const cell = this.#results.find(run, at)?.cell;
    const held = cell && this.#results.tokens.held(run, cell);
    return typeof held === "object" && held !== null ? held.texts : [];
  }

  /** Why nothing can be asked of a text yet; "" where it can. */
  problem(spot: Spot | null): string {
    if (spot === null || spot.run === "") return "";
    const cell = this.#results.find(spot.run, spot.at)?.cell;
    if (cell === undefined) return "This text is shown no more.";
    if (!isEnded(cell)) return "The text is still being written: what fires in it is told once it has ended.";
    return spot.char === undefined ? "" : "Telling its tokens apart…";
  }

  #part(spot: Spot | null): Part | null {
    if (spot === null || this.problem(spot) !== "") return null;
    const tokens = spot.range === null ? [] : numbers(spot.range);
    if (spot.run !== "") return { type: "CellPart", run: spot.run, cell: spot.at, tokens } satisfies CellPart;
    const { chat } = this.#store.generation.value.value;
    return { type: "PromptPart", prompt: spot.prompt ?? "", chat, tokens } satisfies PromptPart;
  }

  /** A place becomes its token once tokens are told apart; where they never are, it is all of the text. */
  #settle(side: Signal<Spot | null>): void {
    const spot = side.value;
    if (spot?.char === undefined) return;
    const cell = this.#results.find(spot.run, spot.at)?.cell;
    const held = cell && this.#results.tokens.held(spot.run, cell);
    if (held === undefined || held === null || held === "asked") return;
    const { char, ...rest } = spot;
    const token = held === "failed" || held.texts.length === 0 ? null : tokenAt(held.texts, char);
    this.#anchor = token ?? 0;
    side.value = { ...rest, range: token === null ? null : [token, token] };
  }
}
