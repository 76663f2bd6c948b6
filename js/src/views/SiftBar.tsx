import { FLAGS } from "../flags";
import { count } from "../numbers";
import { useView } from "../page";
import type { RunView } from "../protocol.gen";
import { baselineOf, isFiltered, isSorted, NOTHING_SIFTED, type Sifting } from "../sifting";
import { isActive } from "../states";
import { columnName } from "../steering";
import { Button } from "./Button";
import { Check } from "./Check";
import { Choice } from "./Choice";
import { IconButton } from "./IconButton";

const STATES = [
  { value: "any", name: "any state" },
  "done",
  "stopped",
  "failed",
  { value: "running", name: "writing" },
  "queued",
] as const;

const FLAG_CHOICES: readonly { value: Sifting["flag"]; name: string }[] = [
  { value: "any", name: "flagged or not" },
  { value: "some", name: "any flag" },
  ...(["empty", "looping", "over_steered", "diverged"] as const).map((flag) => ({
    value: flag,
    name: FLAGS[flag].name,
  })),
  { value: "none", name: "no flag" },
];

const KEYS = [
  { value: "prompt", name: "order of prompts" },
  "perplexity",
  { value: "activation", name: "feature's activation" },
  "dose",
  { value: "kl", name: "KL divergence" },
  "similarity",
  "repetition",
  { value: "length", name: "length in tokens" },
] as const;

/** Which prompts are shown, and in which order. */
export function SiftBar({ run, nShown }: { run: RunView; nShown: number }) {
  const { store, results, id } = useView();
  const sifting = results.sifting.value;
  const { text, state, flag, by, column, isDifference, isDescending } = sifting;
  const isOn = isFiltered(sifting) || isSorted(sifting);
  const columns = run.steerings.map(({ edits }, i) => ({
    value: String(i),
    name: `in ${columnName(edits, store.label)}`,
  }));
  return (
    <div
      class="sw-sifting"
      id={id("sifting")}
      role="group"
      aria-label="Filter and sort"
      data-testid="sw-sifting"
    >
      <div class="sw-tools">
        <input
          class="sw-input sw-sift-text"
          type="search"
          aria-label="Words in prompt or text"
          placeholder="Words in prompt or text"
          value={text}
          data-testid="sw-sift-text"
          onInput={({ currentTarget }) => results.sift({ text: currentTarget.value })}
        />
        <Choice
          label="State"
          value={state}
          options={STATES}
          testId="sw-sift-state"
          onChange={(value) => results.sift({ state: value })}
        />
        <Choice
          label="Flag"
          value={flag}
          options={FLAG_CHOICES}
          testId="sw-sift-flag"
          onChange={(value) => results.sift({ flag: value })}
        />
      </div>
      <div class="sw-tools">
        <span aria-hidden>Sort by</span>
        <Choice
          label="Sort prompts by"
          value={by}
          options={KEYS}
          testId="sw-sort-by"
          onChange={(value) => results.sift({ by: value })}
        />
        {by !== "prompt" && (
          <>
            <Choice
              label="Column to sort by"
              value={column === null || column >= columns.length ? "" : String(column)}
              options={[{ value: "", name: "in all steered columns" }, ...columns]}
              testId="sw-sort-column"
              class="sw-sort-column"
              onChange={(value) => results.sift({ column: value === "" ? null : Number(value) })}
            />
            <IconButton
              icon="arrow"
              class={isDescending ? "sw-down" : ""}
              label={
                isDescending
                  ? "Largest first; press for smallest first"
                  : "Smallest first; press for largest first"
              }
              testId="sw-sort-turn"
              onPress={() => results.sift({ isDescending: !isDescending })}
            />
            <Check
              title="Sorts by how much the measure differs from the baseline's"
              isOn={isDifference}
              isDisabled={baselineOf(run) < 0}
              testId="sw-sort-difference"
              onChange={(on) => results.sift({ isDifference: on })}
            >
              minus baseline
            </Check>
          </>
        )}
        <span class="sw-quiet" role="status" data-testid="sw-sift-count">
          {isFiltered(sifting) && `${nShown} of ${count(run.prompts.length, "prompt")}. `}
          {isOn && isActive(run) && "Rows stay where they are until the run has ended."}
        </span>
        {isOn && (
          <Button
            kind="link"
            testId="sw-sift-reset"
            onPress={() => {
              results.sifting.value = NOTHING_SIFTED;
            }}
          >
            Reset
          </Button>
        )}
      </div>
    </div>
  );
}
