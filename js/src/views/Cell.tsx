import { useMemo } from "preact/hooks";
import type { Place } from "../measures";
import { useView } from "../page";
import type { CellView, Edit } from "../protocol.gen";
import { CellFoot } from "./CellFoot";
import { CellMeasures } from "./CellMeasures";
import { ErrorBox } from "./ErrorBox";
import { KeptText } from "./KeptText";
import { StreamText } from "./StreamText";

interface Props {
  cell: CellView;
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
export function Cell({ cell, edits, sample, name, places, open, ask }: Props) {
  const { store } = useView();
  const [first] = edits;
  const colour = first === undefined ? undefined : store.colours.of(first.feature);
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
      >
        {sample !== null && <span class="sw-sample">sample {sample + 1}</span>}
        <KeptText cell={cell}>
          <StreamText text={cell.text} testId={`sw-cell-text-${cell.index}`} />
        </KeptText>
        {cell.error !== null && (
          <ErrorBox error={cell.error} testId={`sw-cell-error-${cell.index}`} compact />
        )}
        <div class="sw-cell-end">
          <CellFoot cell={cell} name={name} />
          <CellMeasures
            cell={cell}
            places={places}
            open={open}
            onPress={() => ask(open ? null : cell.index)}
          />
        </div>
      </div>
    ),
    [cell, colour, sample, name, places, open, ask],
  );
}
