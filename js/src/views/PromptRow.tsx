import { clipped } from "../clipped";
import type { Place } from "../measures";
import { promptText } from "../prompts";
import type { Prompt, RunView } from "../protocol.gen";
import { CellRow } from "./CellRow";

/** Two lines are drawn, and as much as a pointer resting there may want. */
const MAX_CHARS = 2_000;

interface Props {
  run: RunView;
  prompt: Prompt;
  at: number;
  /** Numbers of the samples that are shown. */
  samples: readonly number[];
  places: readonly Place[];
  matches: ReadonlySet<number> | null;
}

/** A prompt above the rows of its texts, one for each sample. */
export function PromptRow({ run, prompt, at, samples, places, matches }: Props) {
  const text = clipped(promptText(prompt), MAX_CHARS);
  return (
    <div class="sw-block" role="rowgroup" data-testid={`sw-prompt-row-${at}`}>
      <div class="sw-grid-row" role="row">
        <div class="sw-prompt-head" role="rowheader">
          <span class="sw-prompt-text" dir="auto" title={text}>
            {text}
          </span>
        </div>
      </div>
      {samples.map((sample) => (
        <CellRow key={sample} run={run} at={at} sample={sample} places={places} matches={matches} />
      ))}
    </div>
  );
}
