import type { RefObject } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import { focusOn } from "../focus";
import { type Place, placesOf } from "../measures";
import { useView } from "../page";
import type { RunView } from "../protocol.gen";
import { isFiltered, NO_FILTER, placeOf, type Sifted } from "../sifting";
import { Sight, SightProvider } from "../sight";
import { useWidth } from "../width";
import { ColumnHead } from "./ColumnHead";
import { NothingFits } from "./NothingFits";
import { PromptRow } from "./PromptRow";
import { TokenTips } from "./TokenTips";

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

const TEXT_LINE_PX = 21.7;
const CELL_REST_PX = 112;
const PROMPT_PX = 34;

/** Roughly how high the rows of a prompt become; rows far away take this room without being laid out. */
const blockPx = (run: RunView, lines: number): number =>
  PROMPT_PX + run.samples * (lines * TEXT_LINE_PX + CELL_REST_PX);

/** Rows that fill any screen are drawn at once, those below them a few in each frame. */
const N_FIRST_ROWS = 4;

interface Row {
  readonly at: number;
  /** The samples that are shown; null: none, the prompt is filtered away. */
  readonly samples: readonly number[] | null;
}

/** All rows, those that are filtered away last: they stay drawn, and come back at once. */
function withHidden(nPrompts: number, { rows }: Sifted): readonly Row[] {
  const shown = new Set(rows.map(({ at }) => at));
  const hidden = Array.from({ length: nPrompts }, (_, at) => at).filter((at) => !shown.has(at));
  return [...rows, ...hidden.map((at) => ({ at, samples: null }))];
}

/** Brings the cell that was asked for into view, in the view in which it was asked for. */
function useWanted(area: RefObject<HTMLDivElement | null>, run: RunView, sifted: Sifted): void {
  const { results } = useView();
  const wanted = results.wanted.value;
  useEffect(() => {
    const { current } = area;
    if (wanted === null || current === null) return;
    if (wanted.root !== null && !wanted.root.contains(current)) return;
    const { at, sample } = placeOf(run, wanted.index);
    if (!sifted.rows.some((row) => row.at === at && row.samples.includes(sample))) {
      if (isFiltered(results.sifting.value)) results.sift(NO_FILTER);
      else results.wanted.value = null;
      return;
    }
    const cell = current.querySelector<HTMLElement>(`[data-testid="sw-cell-${wanted.index}"]`);
    if (cell === null) {
      // Its row is drawn in one of the next frames.
      return results.frames.add(() => {
        results.wanted.value = { ...wanted };
      });
    }
    results.wanted.value = null;
    cell.scrollIntoView?.({ block: "center", inline: "nearest" });
    focusOn(cell);
  }, [area, results, run, wanted, sifted]);
}

/** The shown run: prompts down, steerings across, baseline first. */
export function Texts({ run, sifted }: { run: RunView; sifted: Sifted }) {
  const { store, id } = useView();
  const [area, widthPx] = useWidth<HTMLDivElement>(true);
  useWanted(area, run, sifted);
  const sight = useMemo(() => new Sight(), []);
  useEffect(() => (area.current === null ? undefined : sight.open(area.current)), [area, sight]);
  const rows = useMemo(() => withHidden(run.prompts.length, sifted), [run.prompts.length, sifted]);
  const similarity =
    store.status.value.measures.includes("similarity") ||
    run.cells.some(({ measures }) => measures.similarity !== null);
  const several = run.steerings.some(({ edits }) => edits.length > 1);
  const places = useMemo(() => placesOf(similarity, several), [similarity, several]);
  const columnPx = Math.max(MIN_COLUMN_PX, widthPx / run.steerings.length);
  const lines = reservedLines(run, columnPx);
  return (
    <TokenTips name="texts">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling area must be reachable by keyboard */}
      <div ref={area} class="sw-scroll" tabIndex={0} role="region" aria-label="Texts side by side">
        <div
          class="sw-grid"
          data-wide={columnPx >= WIDE_COLUMN_PX}
          role="table"
          aria-labelledby={id("results")}
          style={{
            "--sw-columns": run.steerings.length,
            "--sw-lines": lines,
            "--sw-places": placesInRow(places, columnPx),
            "--sw-block": `${blockPx(run, lines)}px`,
          }}
        >
          <div class="sw-grid-row sw-heads" role="row">
            {run.steerings.map((steering, column) => (
              <ColumnHead key={column} steering={steering} />
            ))}
          </div>
          <SightProvider value={sight}>
            {rows.map(({ at, samples }, i) => (
              <PromptRow
                key={at}
                run={run}
                at={at}
                samples={samples}
                places={places}
                matches={sifted.matches}
                isFirst={i < N_FIRST_ROWS}
              />
            ))}
          </SightProvider>
          {sifted.rows.length === 0 && <NothingFits />}
        </div>
      </div>
    </TokenTips>
  );
}
