import { useEffect, useRef, useState } from "preact/hooks";
import { clipped } from "../clipped";
import type { Place } from "../measures";
import { useView } from "../page";
import { promptText } from "../prompts";
import type { RunView } from "../protocol.gen";
import { cellIndex } from "../sifting";
import { isActive } from "../states";
import { CellRow } from "./CellRow";

/** Two lines are drawn, and as much as a pointer resting there may want. */
const MAX_CHARS = 2_000;
/** What it takes to draw the cells of a prompt for the first time. */
const DRAWING_COST_MS = 4;

interface Props {
  run: RunView;
  at: number;
  /** Numbers of the samples that are shown; null: none, the prompt is filtered away. */
  samples: readonly number[] | null;
  places: readonly Place[];
  matches: ReadonlySet<number> | null;
  /** Whether its cells are drawn at once, and not a little later. */
  isFirst: boolean;
}

/** What the cells of a prompt are drawn from. */
function partsOf({ run, at, samples, places, matches }: Props): readonly unknown[] {
  const first = cellIndex(run, at, 0, 0);
  const cells = run.cells.slice(first, first + run.steerings.length * run.samples);
  const marks = [isActive(run), samples?.join() ?? "", matches === null];
  const fits = matches === null ? [] : cells.map(({ index }) => matches.has(index));
  return [run.id, run.steerings, run.samples, places, ...marks, ...cells, ...fits];
}

/** The rows of a prompt, drawn anew only where one of its cells has changed. */
function Rows(props: Props) {
  const { run, at, samples, places, matches } = props;
  const parts = partsOf(props);
  const draw = () =>
    Array.from({ length: run.samples }, (_, sample) => (
      <CellRow
        key={sample}
        run={run}
        at={at}
        sample={sample}
        places={places}
        matches={matches}
        isHidden={samples?.includes(sample) === false}
      />
    ));
  const last = useRef({ parts: [] as readonly unknown[], drawn: [] as ReturnType<typeof draw> });
  const { current } = last;
  const isSame = parts.length === current.parts.length && parts.every((part, i) => part === current.parts[i]);
  // What is filtered away is not drawn until it comes back.
  const isResting = samples === null && current.parts[0] === run.id;
  if (!isSame && !isResting) last.current = { parts, drawn: draw() };
  return <>{last.current.drawn}</>;
}

/** A prompt above the rows of its texts, one for each sample. */
export function PromptRow(props: Props) {
  const { run, at, samples, isFirst } = props;
  const { results } = useView();
  const [isDrawn, setDrawn] = useState(isFirst);
  useEffect(() => {
    if (!isDrawn) return results.frames.add(() => setDrawn(true), DRAWING_COST_MS);
  }, [isDrawn, results]);
  const text = clipped(promptText(run.prompts[at] ?? ""), MAX_CHARS);
  return (
    <div
      class="sw-block"
      role="rowgroup"
      hidden={samples === null}
      data-drawn={isDrawn}
      data-testid={`sw-prompt-row-${at}`}
    >
      <div class="sw-grid-row" role="row">
        <div class="sw-prompt-head" role="rowheader">
          <span class="sw-prompt-text" dir="auto" title={text}>
            {text}
          </span>
        </div>
      </div>
      {isDrawn && <Rows {...props} />}
    </div>
  );
}
