import { useState } from "preact/hooks";
import { clipped } from "../clipped";
import type { ColumnWords } from "../columns";
import { heatOf } from "../heat";
import { count } from "../numbers";
import { useView } from "../page";
import { promptText } from "../prompts";
import type { RunView } from "../protocol.gen";
import { moved } from "../roving";
import { baselineOf } from "../sifting";
import { besideBaseline, besideWords, cellsAt, heatmapOf, summaryInfo } from "../summary";
import { DataTable } from "./DataTable";
import { HeatControls } from "./HeatControls";
import { HeatHead } from "./HeatHead";
import { HeatLegend } from "./HeatLegend";
import { HeatRow } from "./HeatRow";

const MAX_PROMPT_CHARS = 300;

interface Props {
  run: RunView;
  columns: readonly ColumnWords[];
}

/** One measure of a batch: prompts down, columns across, each cell a way to its text. */
export function SummaryHeatmap({ run, columns }: Props) {
  const { results, summary, id } = useView();
  const [at, goTo] = useState<readonly [number, number]>([0, 0]);
  const info = summaryInfo(summary.measure.value);
  const baseline = baselineOf(run);
  const canCompare = info.isComparable === true && baseline >= 0;
  const isRelative = canCompare && summary.isRelative.value;
  const plain = heatmapOf(run, info);
  const rows = isRelative ? besideBaseline(plain, info, baseline) : plain;
  const heat = heatOf(rows, info, isRelative);
  const words = (value: number) => (isRelative ? besideWords(info, value) : info.words(value));
  const prompts = run.prompts.map((prompt) => clipped(promptText(prompt), MAX_PROMPT_CHARS));
  const size: readonly [number, number] = [rows.length, columns.length];
  const [row, column] = [Math.min(at[0], size[0] - 1), Math.min(at[1], size[1] - 1)];
  const shown = (cell: (typeof rows)[number][number]) => (cell.value === null ? "" : words(cell.value));
  const title = isRelative ? `${info.name}, next to the baseline` : info.name;
  return (
    <figure class="sw-heat" aria-labelledby={id("heat-title")} aria-describedby={id("heat-about")}>
      <HeatControls canCompare={canCompare} />
      <figcaption class="sw-heat-caption">
        <h4 id={id("heat-title")}>{title}</h4>
        <span id={id("heat-about")} class="sw-quiet">
          {info.hint}
          {run.samples > 1 && ` Means of ${run.samples} samples.`}
        </span>
        <HeatLegend heat={heat} words={words} isRelative={isRelative} />
      </figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling area must be reachable by keyboard */}
      <div class="sw-heat-scroll" tabIndex={0} role="region" aria-label={`${title}, heatmap`}>
        <div
          class="sw-heat-grid"
          role="grid"
          aria-labelledby={id("heat-title")}
          aria-rowcount={size[0] + 1}
          aria-colcount={size[1] + 1}
          style={{ "--sw-columns": columns.length }}
          data-testid="sw-heatmap"
          onClick={(event) => {
            const pressed = (event.target as HTMLElement).closest<HTMLElement>("[data-at]")?.dataset["at"];
            if (pressed === undefined) return;
            const [prompt = 0, under = 0] = pressed.split("-").map(Number);
            goTo([prompt, under]);
            const cells = cellsAt(run, prompt, under);
            results.showCell(cells.find((cell) => run.cells[cell]?.state === "done") ?? cells[0] ?? 0);
          }}
          onKeyDown={(event) => {
            const next = moved([row, column], size, event.key);
            if (next === null) return;
            event.preventDefault();
            goTo(next);
            const button = `[data-at="${next[0]}-${next[1]}"]`;
            event.currentTarget.querySelector<HTMLElement>(button)?.focus();
          }}
        >
          <HeatHead steerings={run.steerings} columns={columns} />
          {rows.map((means, prompt) => (
            <HeatRow
              key={prompt}
              run={run}
              prompt={prompt}
              name={prompts[prompt] ?? ""}
              means={means}
              columns={columns}
              heat={heat}
              info={info}
              words={words}
              stop={prompt === row ? column : null}
            />
          ))}
        </div>
      </div>
      <DataTable
        testId="sw-heatmap-data"
        caption={`${title}: ${count(rows.length, "prompt")}, ${count(columns.length, "column")}`}
        head={["Prompt", ...columns.map(({ whole }) => whole)]}
        rows={() => rows.map((means, prompt) => [prompts[prompt] ?? "", ...means.map(shown)])}
      />
    </figure>
  );
}
