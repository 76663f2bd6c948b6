import { useEffect, useMemo, useRef } from "preact/hooks";
import { differences } from "../comparison";
import { enter } from "../focus";
import type { Compared } from "../history";
import { useView } from "../page";
import type { PastRun } from "../protocol.gen";
import { ComparedTexts } from "./ComparedTexts";
import { DifferenceTable } from "./DifferenceTable";
import { PastRunFacts } from "./PastRunFacts";

function Head({ run, side }: { run: PastRun; side: string }) {
  return (
    <div class="sw-compared-head">
      <h4>{side}</h4>
      <span class="sw-past-name" dir="auto">
        {run.name || run.prompts[0]}
      </span>
      <PastRunFacts run={run} />
    </div>
  );
}

/** Two runs side by side: what differs in how they were made, and in what came out. */
export function RunComparison({ compared }: { compared: Compared }) {
  const { history } = useView();
  const back = useRef<HTMLButtonElement>(null);
  useEffect(() => enter(back.current), []);
  const found = useMemo(() => differences(compared), [compared]);
  const [left, right] = compared.runs;
  return (
    <div class="sw-comparison" data-testid="sw-comparison">
      <div class="sw-history-bar">
        <button
          ref={back}
          type="button"
          class="sw-button"
          data-testid="sw-comparison-back"
          onClick={() => {
            history.compared.value = null;
          }}
        >
          Back to all runs
        </button>
      </div>
      <div class="sw-compared-heads">
        <Head run={left} side="Older" />
        <Head run={right} side="Newer" />
      </div>
      <DifferenceTable differences={found} />
      <ComparedTexts compared={compared} />
    </div>
  );
}
