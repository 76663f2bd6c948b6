import { useRef } from "preact/hooks";
import { useView } from "../page";
import type { RunView } from "../protocol.gen";
import { type Sifted, Sifter } from "../sifting";
import { CellDialog } from "./CellDialog";
import { PinStrip } from "./PinStrip";
import { ResultsToolbar } from "./ResultsToolbar";
import { RunError } from "./RunError";
import { RunProgress } from "./RunProgress";
import { Summary } from "./Summary";
import { Texts } from "./Texts";

/** What the filter leaves of a run, in order. */
function useSifted(run: RunView | null): Sifted | null {
  const { results } = useView();
  const sifter = useRef<Sifter>(null);
  sifter.current ??= new Sifter();
  return run && sifter.current.show(run, results.sifting.value);
}

/** The shown run: how far it is, and what came of it. */
export function Results() {
  const { store, results, id } = useView();
  const { run } = store.shown.value;
  const sifted = useSifted(run);
  if (run === null || sifted === null) return null;
  return (
    <section class="sw-results" aria-labelledby={id("results")} data-testid="sw-results">
      <h3 id={id("results")} class="sw-hidden">
        Results
      </h3>
      <RunProgress />
      <RunError run={run} />
      <ResultsToolbar run={run} nShown={sifted.rows.length} />
      {results.view.value === "texts" ? (
        <>
          <PinStrip />
          <Texts run={run} sifted={sifted} />
        </>
      ) : (
        <Summary />
      )}
      <CellDialog />
    </section>
  );
}
