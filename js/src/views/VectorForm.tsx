import { useState } from "preact/hooks";
import { useView } from "../page";
import { PLAIN_TEXT } from "../plain_text";
import { linesOf } from "../prompts";
import type { Pool } from "../sets";
import { Button } from "./Button";
import { Segments } from "./Segments";

const SIDES = [
  {
    side: "positive",
    words: "Texts of one kind",
    hint: "What I love about this: it is calm\nA quiet morning",
  },
  {
    side: "negative",
    words: "Texts of the other kind",
    hint: "What I hate about this: it is loud\nA hectic day",
  },
] as const;

const POOLS = [
  { value: "mean", words: "mean", hint: "The mean over each text's tokens." },
  {
    value: "last",
    words: "last",
    hint: "Each text's last token: for texts that differ in their end.",
  },
] as const;

/** Makes a vector of two sets of texts: the difference of their mean activations, at the first SAE's hook point. */
export function VectorForm({ names }: { names: readonly string[] }) {
  const { store, sets, id } = useView();
  const [name, setName] = useState("");
  const [texts, setTexts] = useState({ positive: "", negative: "" });
  const [pool, setPool] = useState<Pool>("mean");
  const wanted = name.trim();
  const positive = linesOf(texts.positive);
  const negative = linesOf(texts.negative);
  const { worker } = store.status.value;
  const isBusy = sets.vectors.isBusy.value;
  const missing =
    worker !== "ready" && worker !== "busy"
      ? "The model is not loaded."
      : positive.length === 0 || negative.length === 0
        ? "Texts of both kinds, one a line; some ten of each make a good direction."
        : "";
  const make = async () => {
    if (await sets.makeVector(wanted, positive, negative, pool)) setName("");
  };
  return (
    <div class="sw-save-as">
      {SIDES.map(({ side, words, hint }) => (
        <label key={side} class="sw-save-as">
          <span>{words}, one a line</span>
          <textarea
            class="sw-input"
            rows={3}
            placeholder={hint}
            value={texts[side]}
            data-testid={`sw-vector-${side}`}
            onInput={({ currentTarget }) => setTexts({ ...texts, [side]: currentTarget.value })}
          />
        </label>
      ))}
      <div class="sw-save-line">
        <Segments
          legend="Tokens that count"
          name={id("pool")}
          value={pool}
          options={POOLS}
          testId="sw-vector-pool"
          onChange={setPool}
        />
        <input
          class="sw-input"
          aria-label="Name of the vector"
          placeholder="Name"
          {...PLAIN_TEXT}
          maxLength={120}
          value={name}
          data-testid="sw-vector-name"
          onInput={({ currentTarget }) => setName(currentTarget.value)}
        />
        <Button
          disabled={missing !== "" || wanted === "" || isBusy}
          testId="sw-make-vector"
          onPress={() => void make()}
        >
          {names.includes(wanted) ? "Replace" : "Make"}
        </Button>
      </div>
      <span class="sw-quiet" role="status">
        {isBusy ? "Reading…" : missing}
      </span>
    </div>
  );
}
