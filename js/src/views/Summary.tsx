import { useMemo } from "preact/hooks";
import { columnWords } from "../columns";
import { kindsOf, type SummaryKind } from "../curves";
import { useView } from "../page";
import type { RunView } from "../protocol.gen";
import { useSettled } from "../settled";
import { Segments } from "./Segments";
import { SummaryCurves } from "./SummaryCurves";
import { SummaryHeatmap } from "./SummaryHeatmap";
import { SummaryTable } from "./SummaryTable";

const KINDS: Readonly<Record<SummaryKind, { words: string; hint: string }>> = {
  curves: { words: "Curves", hint: "Measures against the strength." },
  heatmap: { words: "Heatmap", hint: "One measure, prompts down and columns across." },
  table: { words: "Table", hint: "All measures of each column." },
};

/** The shown run in numbers: curves for a sweep, a heatmap for a batch, a table for anything. */
export function Summary() {
  const { store } = useView();
  const { run } = store.shown.value;
  return run === null ? null : <SummaryOf run={run} />;
}

function SummaryOf({ run }: { run: RunView }) {
  const { store, summary, id } = useView();
  const settled = useSettled(run);
  const kinds = useMemo(() => kindsOf(run), [run.steerings, run.prompts]);
  const chosen = summary.kind.value;
  const kind = chosen !== null && kinds.includes(chosen) ? chosen : (kinds[0] ?? "table");
  const columns = run.steerings.map((steering) => columnWords(steering, store.label));
  // Texts grow with every frame: the picture is drawn again only for what it shows.
  const picture = useMemo(() => {
    if (kind === "curves") return <SummaryCurves run={settled} />;
    if (kind === "heatmap") return <SummaryHeatmap run={settled} columns={columns} />;
    return <SummaryTable run={settled} columns={columns} />;
  }, [kind, settled, JSON.stringify(columns)]);
  return (
    <div class="sw-summary" data-testid="sw-summary" data-kind={kind}>
      {kinds.length > 1 && (
        <Segments
          legend="Summary as"
          name={id("summary-kind")}
          value={kind}
          options={kinds.map((value) => ({ value, ...KINDS[value] }))}
          testId="sw-summary-kind"
          onChange={(value) => {
            summary.kind.value = value;
          }}
        />
      )}
      {picture}
    </div>
  );
}
