import { useMemo } from "preact/hooks";
import { type Place, placesOf } from "../measures";
import { useView } from "../page";
import type { RunView } from "../protocol.gen";
import { useWidth } from "../width";
import { ColumnHead } from "./ColumnHead";
import { PromptRow } from "./PromptRow";
import { RunError } from "./RunError";
import { RunProgress } from "./RunProgress";

const CHARS_PER_TOKEN = 4.2;
const CHAR_PX = 7.4;
const CELL_PADDING_PX = 24;
/** Lines end at words. */
const LOST_PER_LINE_PX = 20;
/** Texts differ in the length of their tokens: half a line more, or every other row grows by one. */
const SPARE_LINES = 0.5;
const MIN_COLUMN_PX = 212;
const WIDE_COLUMN_PX = 400;
const MAX_RESERVED_LINES = 14;

/** Lines a cell will roughly need, reserved beforehand so that nothing jumps while texts grow. */
function reservedLines(run: RunView, columnPx: number): number {
  const textPx = run.generation.max_new_tokens * CHARS_PER_TOKEN * CHAR_PX;
  const lines = Math.ceil(textPx / (columnPx - CELL_PADDING_PX - LOST_PER_LINE_PX) + SPARE_LINES);
  return Math.min(MAX_RESERVED_LINES, Math.max(2, lines));
}

const PLACE_PX = 70;
const PLACE_GAP_PX = 6;
const PLACES_PADDING_PX = 47;

/** Badges in a row: all of them, half of them, or two, so that no single one stands below the others. */
function placesInRow(places: readonly Place[], columnPx: number): number {
  const all = places.reduce((sum, { wide }) => sum + (wide ? 2 : 1), 0);
  const fits = (n: number) => n * (PLACE_PX + PLACE_GAP_PX) - PLACE_GAP_PX <= columnPx - PLACES_PADDING_PX;
  return [all, Math.ceil(all / 2)].find(fits) ?? 2;
}

/** The shown run: prompts down, steerings across, baseline first. */
export function Results() {
  const { store, id } = useView();
  const { run } = store.shown.value;
  const [area, widthPx] = useWidth<HTMLDivElement>(run !== null);
  const similarity =
    store.status.value.measures.includes("similarity") ||
    (run?.cells.some(({ measures }) => measures.similarity !== null) ?? false);
  const several = run?.steerings.some(({ edits }) => edits.length > 1) ?? false;
  const places = useMemo(() => placesOf(similarity, several), [similarity, several]);
  if (run === null) return null;
  const columnPx = Math.max(MIN_COLUMN_PX, widthPx / run.steerings.length);
  return (
    <section class="sw-results" aria-labelledby={id("results")} data-testid="sw-results">
      <h3 id={id("results")} class="sw-hidden">
        Results
      </h3>
      <RunProgress />
      <RunError run={run} />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling area must be reachable by keyboard */}
      <div ref={area} class="sw-scroll" tabIndex={0} role="region" aria-label="Texts side by side">
        <div
          class="sw-grid"
          data-wide={columnPx >= WIDE_COLUMN_PX}
          role="table"
          aria-labelledby={id("results")}
          style={{
            "--sw-columns": run.steerings.length,
            "--sw-lines": reservedLines(run, columnPx),
            "--sw-places": placesInRow(places, columnPx),
          }}
        >
          <div class="sw-grid-row" role="row">
            {run.steerings.map((steering, column) => (
              <ColumnHead key={column} steering={steering} />
            ))}
          </div>
          {run.prompts.map((prompt, at) => (
            <PromptRow key={at} run={run} prompt={prompt} at={at} places={places} />
          ))}
        </div>
      </div>
    </section>
  );
}
