import { useMemo } from "preact/hooks";
import type { Place } from "../measures";
import { useView } from "../page";
import type { CellView, Edit } from "../protocol.gen";
import { CellFoot } from "./CellFoot";
import { CellMeasures } from "./CellMeasures";
import { CellText } from "./CellText";
import { ErrorBox } from "./ErrorBox";
import { KeptText } from "./KeptText";

interface Props {
  run: string;
  cell: CellView;
  /** The text it is compared with, once that has ended. */
  baseline: string | null;
  isRunOn: boolean;
  /** Whether it fits the filter. */
  isMatch: boolean;
  edits: readonly Edit[];
  sample: number | null;
  /** What the text is of, in words. */
  name: string;
  places: readonly Place[];
  /** Whether this cell's measures stand below its row. */
  open: boolean;
  /** Asks for the measures of a cell; null for none. */
  ask: (cell: number | null) => void;
}

/** One text. A cell that did not change is the same object and is not drawn again. */
export function Cell({
  run,
  cell,
  baseline,
  isRunOn,
  isMatch,
  edits,
  sample,
  name,
  places,
  open,
  ask,
}: Props) {
  const { store } = useView();
  const colour = store.colours.ofFirst(edits);
  return useMemo(
    () => (
      <div
        class="sw-cell"
        role="cell"
        tabIndex={-1}
        data-colour={colour}
        data-testid={`sw-cell-${cell.index}`}
        data-state={cell.state}
        data-n-tokens={cell.n_tokens}
        data-match={isMatch}
      >
        {sample !== null && <span class="sw-sample">sample {sample + 1}</span>}
        {isMatch && <span class="sw-hidden">Fits the filter.</span>}
        <KeptText cell={cell}>
          <CellText
            run={run}
            cell={cell}
            baseline={baseline}
            name={name}
            isRunOn={isRunOn}
            testId={`sw-cell-text-${cell.index}`}
          />
        </KeptText>
        {cell.error !== null && (
          <ErrorBox error={cell.error} testId={`sw-cell-error-${cell.index}`} compact />
        )}
        <div>
          <CellFoot run={run} cell={cell} name={name} isRunOn={isRunOn} />
          <CellMeasures
            cell={cell}
            places={places}
            open={open}
            onPress={() => ask(open ? null : cell.index)}
          />
        </div>
      </div>
    ),
    [run, cell, baseline, isRunOn, isMatch, colour, sample, name, places, open, ask],
  );
}
