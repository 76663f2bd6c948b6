import type { RefObject } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import { type Place, placesOf } from "../measures";
import { useView } from "../page";
import type { RunView } from "../protocol.gen";
import { isFiltered, NOTHING_SIFTED, type Sifted } from "../sifting";
import { Sight, SightProvider } from "../sight";
import { useWidth } from "../width";
import { ColumnHead } from "./ColumnHead";
import { NothingFits } from "./NothingFits";
import { PromptRow } from "./PromptRow";
import { TokenTips } from "./TokenTips";

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

const TEXT_LINE_PX = 21.7;
const CELL_REST_PX = 112;
const PROMPT_PX = 34;

/** Roughly how high the rows of a prompt become; rows far away take this room without being laid out. */
const blockPx = (run: RunView, lines: number): number =>
  PROMPT_PX + run.samples * (lines * TEXT_LINE_PX + CELL_REST_PX);

/** Brings the cell that was asked for into view, in the view in which it was asked for. */
function useWanted(area: RefObject<HTMLDivElement | null>, sifted: Sifted): void {
  const { results } = useView();
  const wanted = results.wanted.value;
  useEffect(() => {
    const { current } = area;
    if (wanted === null || current === null) return;
    if (wanted.root !== null && !wanted.root.contains(current)) return;
    const cell = current.querySelector<HTMLElement>(`[data-testid="sw-cell-${wanted.index}"]`);
    if (cell === null) {
      // Filtered away: it comes with all the others.
      const { text, state, flag } = NOTHING_SIFTED;
      if (isFiltered(results.sifting.value)) results.sift({ text, state, flag });
      return;
    }
    results.wanted.value = null;
    cell.scrollIntoView?.({ block: "center", inline: "nearest" });
    cell.focus({ preventScroll: true });
  }, [area, results, wanted, sifted]);
}

/** The shown run: prompts down, steerings across, baseline first. */
export function Texts({ run, sifted }: { run: RunView; sifted: Sifted }) {
  const { store, results, id } = useView();
  const [area, widthPx] = useWidth<HTMLDivElement>(true);
  useWanted(area, sifted);
  const sight = useMemo(() => new Sight(), []);
  useEffect(() => (area.current === null ? undefined : sight.open(area.current)), [area, sight]);
  const similarity =
    store.status.value.measures.includes("similarity") ||
    run.cells.some(({ measures }) => measures.similarity !== null);
  const several = run.steerings.some(({ edits }) => edits.length > 1);
  const places = useMemo(() => placesOf(similarity, several), [similarity, several]);
  const columnPx = Math.max(MIN_COLUMN_PX, widthPx / run.steerings.length);
  const lines = reservedLines(run, columnPx);
  return (
    <TokenTips>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling area must be reachable by keyboard */}
      <div ref={area} class="sw-scroll" tabIndex={0} role="region" aria-label="Texts side by side">
        <div
          class="sw-grid"
          data-wide={columnPx >= WIDE_COLUMN_PX}
          data-colour-by={results.tokens.colourBy.value}
          role="table"
          aria-labelledby={id("results")}
          style={{
            "--sw-columns": run.steerings.length,
            "--sw-lines": lines,
            "--sw-places": placesInRow(places, columnPx),
            "--sw-block": `${blockPx(run, lines)}px`,
            "--sw-top": results.tokens.top(run.id),
          }}
        >
          <div class="sw-grid-row sw-heads" role="row">
            {run.steerings.map((steering, column) => (
              <ColumnHead key={column} steering={steering} />
            ))}
          </div>
          <SightProvider value={sight}>
            {sifted.rows.map(({ at, samples }) => (
              <PromptRow
                key={at}
                run={run}
                prompt={run.prompts[at] ?? ""}
                at={at}
                samples={samples}
                places={places}
                matches={sifted.matches}
              />
            ))}
          </SightProvider>
          {sifted.rows.length === 0 && <NothingFits />}
        </div>
      </div>
    </TokenTips>
  );
}
