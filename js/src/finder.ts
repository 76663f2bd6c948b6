// The search box of one view: what is typed, what was found, which hit is active.
import { useRef, useState } from "preact/hooks";
import { type Hit, ranked } from "./finding";
import { useView } from "./page";

/** Hits come within 50 ms, so the next key is what is waited for. */
const TYPING_PAUSE_MS = 60;

/** What was asked: these words, or what fires on the prompt. */
type Question = { readonly text: string } | "firing";

export interface Answer {
  readonly question: Question;
  readonly hits: readonly Hit[];
}

export interface Finder {
  readonly text: string;
  /** The hits last found; they stay until newer ones come. */
  readonly answer: Answer | null;
  readonly active: number;
  /** What was found, in the order in which it is shown. */
  readonly hits: readonly Hit[];
  /** How well each of `hits` steers, where that ranks them; undefined while it is not known. */
  readonly scores: readonly (number | null | undefined)[];
  readonly isOpen: boolean;
  /** Whether it was asked what fires and the answer is not there yet. */
  readonly isReading: boolean;
  type(text: string): void;
  /** Asks again, as after a choice of another SAE. */
  again(): void;
  fire(): void;
  close(): void;
  point(at: number): void;
  /** Ranks what was found by how well it steers, or no more. */
  rank(isRanked: boolean): void;
  add(hit: Hit): void;
  /** Takes the active hit, or the first one of words that were just typed. */
  take(): Promise<void>;
}

const same = (a: Question | undefined, b: Question): boolean =>
  a === b || (typeof a === "object" && typeof b === "object" && a.text === b.text);

export function useFinder(): Finder {
  const { store, actions, finding } = useView();
  const [text, setText] = useState("");
  const [answer, setAnswer] = useState<Answer | null>(null);
  const [pointed, pointAt] = useState<Hit | null>(null);
  const [isReading, setReading] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const typed = text.trim();
  const isRanked = finding.isRanked.value;
  const found = answer?.hits ?? [];
  const known = isRanked ? finding.scores(found) : [];
  const hits = isRanked ? ranked(found, known) : found;
  // A hit that was pointed at stays the active one when others come before it.
  const active = Math.max(0, pointed === null ? 0 : hits.indexOf(pointed));

  const close = () => {
    clearTimeout(timer.current);
    finding.forget();
    setAnswer(null);
    setReading(false);
    pointAt(null);
  };
  const ask = async (question: Question): Promise<readonly Hit[] | null> => {
    clearTimeout(timer.current);
    setReading(question === "firing");
    const hits = await (question === "firing" ? finding.firing() : finding.words(question.text));
    if (hits === null) return null;
    setReading(false);
    setAnswer({ question, hits });
    pointAt(null);
    if (finding.isRanked.peek()) void finding.score(hits);
    return hits;
  };
  const add = (hit: Hit) => {
    actions.addFeature(hit.card, undefined, hit.sae);
    // Of what fires on the prompt several are wanted; what was typed is done with.
    if (answer?.question === "firing") return;
    setText("");
    close();
  };

  const again = () => {
    const firing = answer?.question === "firing" || isReading;
    if (firing) void ask("firing");
    else if (typed !== "") void ask({ text: typed });
  };

  return {
    text,
    answer,
    active,
    hits,
    scores: hits.map((hit) => known[found.indexOf(hit)]),
    isOpen: isReading || (answer !== null && (answer.question === "firing" || typed !== "")),
    isReading,
    type: (next) => {
      setText(next);
      store.ui.fail("search", null);
      clearTimeout(timer.current);
      const words = next.trim();
      if (words === "") close();
      else timer.current = setTimeout(() => void ask({ text: words }), TYPING_PAUSE_MS);
    },
    again,
    fire: () => {
      setText("");
      setAnswer(null);
      void ask("firing");
    },
    close,
    point: (at) => pointAt(hits[at] ?? null),
    rank: (isOn) => {
      finding.isRanked.value = isOn;
      if (answer === null) again();
      else if (isOn) void finding.score(found);
    },
    add,
    take: async () => {
      const question: Question = typed === "" ? "firing" : { text: typed };
      if (same(answer?.question, question)) {
        const hit = hits[active];
        if (hit !== undefined) add(hit);
      } else if (typed !== "") {
        const [first] = (await ask(question)) ?? []; // Enter does not wait for the pause in typing
        if (first !== undefined) add(first);
      }
    },
  };
}
