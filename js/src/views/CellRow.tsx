import { useState } from "preact/hooks";
import { baselineText } from "../context";
import type { Place } from "../measures";
import { useView } from "../page";
import type { Edit, RunView } from "../protocol.gen";
import { isActive } from "../states";
import { cellName } from "../steering";
import { Cell } from "./Cell";
import { MeasurePanel } from "./MeasurePanel";

interface Props {
  run: RunView;
  at: number;
  sample: number;
  places: readonly Place[];
  /** Cells that fit the filter; null where there is none. */
  matches: ReadonlySet<number> | null;
  /** Whether the filter takes this sample away. */
  isHidden: boolean;
}

/** Texts side by side, and below them the measures of the one that was asked for. */
export function CellRow({ run, at, sample, places, matches, isHidden }: Props) {
  const { store } = useView();
  const nameOf = (edits: readonly Edit[]) =>
    cellName(edits, run.prompts.length > 1 ? at : null, run.samples > 1 ? sample : null, store.label);
  const [asked, ask] = useState<number | null>(null);
  const first = at * run.steerings.length * run.samples + sample;
  const column = run.steerings.findIndex((_, i) => first + i * run.samples === asked);
  const isRunOn = isActive(run);
  const cell = asked === null || column < 0 ? undefined : run.cells[asked];
  return (
    <>
      <div class="sw-grid-row" role="row" hidden={isHidden}>
        {run.steerings.map(({ edits }, i) => {
          const index = first + i * run.samples;
          const shown = run.cells[index];
          if (shown === undefined) return null;
          return (
            <Cell
              key={index}
              run={run.id}
              cell={shown}
              baseline={baselineText(run, index)}
              isRunOn={isRunOn}
              isMatch={matches?.has(index) ?? false}
              edits={edits}
              name={nameOf(edits)}
              sample={run.samples > 1 ? sample : null}
              places={places}
              open={asked === index}
              ask={ask}
            />
          );
        })}
      </div>
      {cell !== undefined && !isHidden && (
        <div class="sw-grid-row" role="row">
          <div class="sw-panel-place" role="cell">
            <MeasurePanel cell={cell} edits={run.steerings[column]?.edits ?? []} />
          </div>
        </div>
      )}
    </>
  );
}
