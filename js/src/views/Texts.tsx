import type { RefObject } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import { type Place, placesOf } from "../measures";
import { useView } from "../page";
import type { RunView } from "../protocol.gen";
import { useWidth } from "../width";
import { ColumnHead } from "./ColumnHead";
import { PromptRow } from "./PromptRow";

const CHARS_PER_TOKEN = 4.2;
const CHAR_PX = 7.4;
const CELL_PADDING_PX = 24;
const MIN_COLUMN_PX = 212;
const WIDE_COLUMN_PX = 400;
const MAX_RESERVED_LINES = 14;

/** Lines a cell will roughly need, reserved beforehand so that nothing jumps while texts grow. */
function reservedLines(run: RunView, columnPx: number): number {
  const textPx = run.generation.max_new_tokens * CHARS_PER_TOKEN * CHAR_PX;
  const lines = Math.ceil(textPx / (columnPx - CELL_PADDING_PX));
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

/** Brings the cell that was asked for into view, in the view in which it was asked for. */
function useWanted(area: RefObject<HTMLDivElement | null>): void {
  const { results } = useView();
  const wanted = results.wanted.value;
  useEffect(() => {
    const { current } = area;
    if (wanted === null || current === null) return;
    if (wanted.root !== null && !wanted.root.contains(current)) return;
    const cell = current.querySelector<HTMLElement>(`[data-testid="sw-cell-${wanted.index}"]`);
    if (cell === null) return;
    results.wanted.value = null;
    cell.scrollIntoView({ block: "center", inline: "nearest" });
    cell.focus({ preventScroll: true });
  }, [area, results, wanted]);
}

/** The shown run: prompts down, steerings across, baseline first. */
export function Texts({ run }: { run: RunView }) {
  const { store, id } = useView();
  const [area, widthPx] = useWidth<HTMLDivElement>(true);
  useWanted(area);
  const similarity =
    store.status.value.measures.includes("similarity") ||
    run.cells.some(({ measures }) => measures.similarity !== null);
  const several = run.steerings.some(({ edits }) => edits.length > 1);
  const places = useMemo(() => placesOf(similarity, several), [similarity, several]);
  const columnPx = Math.max(MIN_COLUMN_PX, widthPx / run.steerings.length);
  return (
    <>
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
    </>
  );
}
