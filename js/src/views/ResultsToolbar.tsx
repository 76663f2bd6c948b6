import { useView } from "../page";
import { Segments } from "./Segments";

/** How the results are looked at. */
export function ResultsToolbar() {
  const { results, id } = useView();
  return (
    <div class="sw-toolbar" data-testid="sw-toolbar">
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
    </div>
  );
}
