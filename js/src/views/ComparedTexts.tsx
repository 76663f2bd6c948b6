import { useMemo, useState } from "preact/hooks";
import { clipped } from "../clipped";
import { type TextPair, textPairs } from "../comparison";
import type { Compared } from "../history";
import { whole } from "../numbers";
import { promptText } from "../prompts";
import { Button } from "./Button";
import { ComparedPair } from "./ComparedPair";

const N_AT_ONCE = 24;
const MAX_PROMPT_CHARS = 2_000;

/** Texts of both runs by prompt, equal columns beside each other. */
export function ComparedTexts({ compared }: { compared: Compared }) {
  const [left, right] = compared.views;
  const pairs = useMemo(() => textPairs(left, right), [left, right]);
  const [nShown, setShown] = useState(N_AT_ONCE);
  const nLeft = pairs.length - nShown;
  const promptOf = (run: Compared["views"][number], at: number | null) =>
    at === null ? "" : clipped(promptText(run.prompts[at] ?? ""), MAX_PROMPT_CHARS);
  const isFirst = (pair: TextPair, i: number) => pairs[i - 1]?.prompt !== pair.prompt;
  return (
    <>
      <div class="sw-compared" role="table" aria-label="Texts of both runs side by side">
        {pairs.slice(0, nShown).map((pair, i) => (
          <div key={pair.key} class="sw-compared-block" role="rowgroup">
            {isFirst(pair, i) && (
              <div class="sw-compared-prompt" role="row" data-both={pair.prompt.isSame}>
                {pair.prompt.isSame ? (
                  <span role="cell" dir="auto">
                    {promptOf(left, pair.prompt.left)}
                  </span>
                ) : (
                  <>
                    <span role="cell" dir="auto">
                      {promptOf(left, pair.prompt.left) || "no prompt"}
                    </span>
                    <span role="cell" dir="auto">
                      {promptOf(right, pair.prompt.right) || "no prompt"}
                    </span>
                  </>
                )}
              </div>
            )}
            <ComparedPair pair={pair} left={left} right={right} at={i} />
          </div>
        ))}
      </div>
      {nLeft > 0 && (
        <Button
          class="sw-history-more"
          testId="sw-compared-more"
          onPress={() => setShown(nShown + N_AT_ONCE)}
        >
          Show more <span class="sw-quiet">({whole(nLeft)} texts)</span>
        </Button>
      )}
    </>
  );
}
