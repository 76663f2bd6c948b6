import { useMemo } from "preact/hooks";
import { bandIn, commonBand } from "../band";
import { lineName, strengthUnit } from "../columns";
import { linesOf, overSteered, unitOf } from "../curves";
import { count } from "../numbers";
import { useView } from "../page";
import { plotOf, spreadOf } from "../plot";
import type { RunView } from "../protocol.gen";
import { type SummaryMeasure, summaryInfo } from "../summary";
import { useWidth } from "../width";
import { CurveChart } from "./CurveChart";
import { CurveLegend } from "./CurveLegend";

const DRAWN: readonly SummaryMeasure[] = ["kl", "perplexity", "activation", "repetition"];
const TWO_COLUMNS_PX = 640;
const GAP_PX = 20;

/** What each measure does as the strength grows: four small charts with one axis of strengths. */
export function SummaryCurves({ run }: { run: RunView }) {
  const { store } = useView();
  const [area, areaPx] = useWidth<HTMLDivElement>(true);
  const lines = useMemo(() => linesOf(run.steerings), [run.steerings]);
  const zone = useMemo(() => overSteered(run, lines), [run, lines]);
  const bands = lines.map(({ edit }) => bandIn(edit, store.status.value.saes, store.known(edit.feature)));
  const band = unitOf(lines) === null ? null : commonBand(bands);
  const isWide = areaPx >= TWO_COLUMNS_PX;
  const widthPx = isWide ? Math.floor((areaPx - GAP_PX) / 2) : areaPx;
  const plots = useMemo(
    () => DRAWN.map((measure) => plotOf(run, lines, summaryInfo(measure), widthPx)),
    [run, lines, widthPx],
  );
  const named = lines.map((line) => ({
    line,
    name: lineName(line, store.label),
    colour: store.colours.of(line.edit.feature),
  }));
  const onLines = new Set(lines.flatMap(({ stops }) => stops.flatMap(({ columns }) => columns)));
  const nOthers = run.steerings.filter(({ edits }, i) => edits.length > 0 && !onLines.has(i)).length;
  const nTexts = run.prompts.length * run.samples;
  return (
    <div class="sw-curves">
      <CurveLegend
        named={named}
        hasBaseline={plots.some(({ baseline }) => baseline !== null)}
        hasZone={zone.low !== null || zone.high !== null}
        hasBand={band !== null}
      />
      <p class="sw-quiet">
        {nTexts > 1
          ? `Each point is the mean over ${count(nTexts, "text")} (${count(run.prompts.length, "prompt")} × ${count(run.samples, "sample")}); ${
              spreadOf(run, lines) === "dots"
                ? "small dots are the single texts."
                : "the band holds the middle 80 % of them."
            }`
          : "Each point is one text."}
        {nOthers > 0 && ` ${count(nOthers, "column")} that are no steps of one strength are not drawn.`}
      </p>
      <div ref={area} class="sw-charts" data-wide={isWide}>
        {plots.map((plot) => (
          <CurveChart
            key={plot.info.id}
            plot={plot}
            named={named}
            xLabel={strengthUnit(unitOf(lines))}
            zone={zone}
            band={band}
          />
        ))}
      </div>
    </div>
  );
}
