import { useMemo } from "preact/hooks";
import type { ColumnWords } from "../columns";
import { FLAGS, flagsOf } from "../flags";
import type { Heat } from "../heat";
import type { CellState, RunView } from "../protocol.gen";
import { cellsAt, type Mean, type SummaryInfo } from "../summary";

interface Props {
  run: RunView;
  prompt: number;
  name: string;
  means: readonly Mean[];
  columns: readonly ColumnWords[];
  heat: Heat;
  info: SummaryInfo;
  words: (value: number) => string;
  /** The column that the tab key stops at; null where it is in another row. */
  stop: number | null;
}

const MISSING: Readonly<Record<CellState, string>> = {
  queued: "not written yet",
  running: "being written",
  done: "not measured",
  stopped: "stopped",
  failed: "failed",
};

/** What a cell is, in one line: its number, of how many texts it is, and what they are flagged as. */
function about(run: RunView, cells: readonly number[], mean: Mean, props: Props): string {
  const found = cells.flatMap((cell) => run.cells[cell] ?? []);
  if (mean.value === null) return `${props.info.name} missing, ${MISSING[found[0]?.state ?? "queued"]}`;
  const flags = [...new Set(found.filter(({ state }) => state === "done").flatMap(flagsOf))];
  const of = run.samples > 1 ? `, mean of ${mean.n} of ${run.samples} samples` : "";
  const named = flags.map((flag) => FLAGS[flag].name).join(", ");
  return `${props.info.name} ${props.words(mean.value)}${of}${named === "" ? "" : `; ${named}`}`;
}

/** The cells of one prompt; drawn again only where something in it changed. */
export function HeatRow(props: Props) {
  const { run, prompt, name, means, columns, heat, words, stop } = props;
  const cells = means.map((mean, column) => ({
    number: mean.value === null ? "–" : words(mean.value),
    level: mean.value === null ? null : Number(heat.level(mean.value).toFixed(3)),
    told: `Prompt ${prompt + 1}, ${columns[column]?.whole ?? ""}: ${about(run, cellsAt(run, prompt, column), mean, props)}`,
  }));
  return useMemo(
    () => (
      <div class="sw-heat-row" role="row">
        <span class="sw-heat-prompt" role="rowheader" title={name}>
          <span class="sw-heat-label" dir="auto">
            {name}
          </span>
        </span>
        {cells.map(({ number, level, told }, column) => (
          <span key={column} class="sw-heat-cell" role="gridcell">
            <button
              type="button"
              tabIndex={column === stop ? 0 : -1}
              data-at={`${prompt}-${column}`}
              data-side={level === null ? "missing" : level < 0 ? "low" : "high"}
              data-testid={`sw-heat-${prompt}-${column}`}
              style={level === null ? undefined : { "--sw-level": Math.abs(level) }}
              aria-label={`${told}. Show the text.`}
              title={told}
            >
              {number}
            </button>
          </span>
        ))}
      </div>
    ),
    [JSON.stringify(cells), name, prompt, stop],
  );
}
