import { useView } from "../page";
import type { RunView } from "../protocol.gen";
import { featuresOf } from "../run_features";
import { baselineOf, isFiltered, isSorted } from "../sifting";
import { Button } from "./Button";
import { ChangesChoice } from "./ChangesChoice";
import { ColourChoice } from "./ColourChoice";
import { Segments } from "./Segments";
import { SiftBar } from "./SiftBar";
import { TokenLegend } from "./TokenLegend";

/** Why differences cannot be marked; "" where they can. */
function reasonOf(run: RunView): string {
  if (baselineOf(run) < 0) return "no baseline in this run";
  return run.steerings.length < 2 ? "nothing but a baseline in this run" : "";
}

/** How the results are looked at. */
export function ResultsToolbar({ run, nShown }: { run: RunView; nShown: number }) {
  const { store, results, id } = useView();
  const isTexts = results.view.value === "texts";
  const isOpen = results.isSiftingOpen.value;
  const sifting = results.sifting.value;
  const isSifted = isFiltered(sifting) || isSorted(sifting);
  return (
    <div class="sw-toolbar" data-testid="sw-toolbar">
      <div class="sw-toolbar-row">
        <Segments
          legend="What is shown of the results"
          name={id("results-view")}
          value={results.view.value}
          options={[
            { value: "texts", words: "Texts", hint: "Every text, beside the baseline's" },
            { value: "summary", words: "Summary", hint: "All measures at a glance" },
          ]}
          testId="sw-view"
          onChange={(view) => {
            results.view.value = view;
          }}
        />
        {isTexts && (
          <>
            <Button
              class="sw-sift"
              icon="sift"
              aria-expanded={isOpen}
              aria-controls={isOpen ? id("sifting") : undefined}
              data-on={isSifted}
              testId="sw-sift"
              onPress={() => {
                results.isSiftingOpen.value = !isOpen;
              }}
            >
              Filter and sort
              {isSifted && <span class="sw-quiet"> on</span>}
            </Button>
            <ChangesChoice reason={reasonOf(run)} prefix="sw" />
            <ColourChoice features={featuresOf(run.steerings, store)} prefix="sw" />
          </>
        )}
      </div>
      {isTexts && isOpen && <SiftBar run={run} nShown={nShown} />}
      {isTexts && <TokenLegend run={run.id} />}
    </div>
  );
}
