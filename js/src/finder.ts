// The search box of one view: what is typed, what was found, which hit is active.
import { useRef, useState } from "preact/hooks";
import type { Hit } from "./finding";
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
  readonly isOpen: boolean;
  /** Whether it was asked what fires and the answer is not there yet. */
  readonly isReading: boolean;
  type(text: string): void;
  /** Asks again, as after a choice of another SAE. */
  again(): void;
  fire(): void;
  close(): void;
  point(at: number): void;
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
  const [active, point] = useState(0);
  const [isReading, setReading] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const typed = text.trim();

  const close = () => {
    clearTimeout(timer.current);
    finding.forget();
    setAnswer(null);
    setReading(false);
    point(0);
  };
  const ask = async (question: Question): Promise<readonly Hit[] | null> => {
    clearTimeout(timer.current);
    setReading(question === "firing");
    const hits = await (question === "firing" ? finding.firing() : finding.words(question.text));
    if (hits === null) return null;
    setReading(false);
    setAnswer({ question, hits });
    point(0);
    return hits;
  };
  const add = (hit: Hit) => {
    actions.addFeature(hit.card, undefined, hit.sae);
    // Of what fires on the prompt several are wanted; what was typed is done with.
    if (answer?.question === "firing") return;
    setText("");
    close();
  };

  return {
    text,
    answer,
    active,
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
    again: () => {
      const firing = answer?.question === "firing" || isReading;
      if (firing) void ask("firing");
      else if (typed !== "") void ask({ text: typed });
    },
    fire: () => {
      setText("");
      setAnswer(null);
      void ask("firing");
    },
    close,
    point,
    add,
    take: async () => {
      const question: Question = typed === "" ? "firing" : { text: typed };
      if (same(answer?.question, question)) {
        const hit = answer?.hits[active];
        if (hit !== undefined) add(hit);
      } else if (typed !== "") {
        const [first] = (await ask(question)) ?? []; // Enter does not wait for the pause in typing
        if (first !== undefined) add(first);
      }
    },
  };
}
