import { useView } from "../page";
import { ResultsToolbar } from "./ResultsToolbar";
import { RunError } from "./RunError";
import { RunProgress } from "./RunProgress";
import { Summary } from "./Summary";
import { Texts } from "./Texts";

/** The shown run: how far it is, and what came of it. */
export function Results() {
  const { store, results, id } = useView();
  const { run } = store.shown.value;
  if (run === null) return null;
  return (
    <section class="sw-results" aria-labelledby={id("results")} data-testid="sw-results">
      <h3 id={id("results")} class="sw-hidden">
        Results
      </h3>
      <RunProgress />
      <RunError run={run} />
      <ResultsToolbar />
      {results.view.value === "texts" ? <Texts run={run} /> : <Summary />}
    </section>
  );
}
