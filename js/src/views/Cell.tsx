import { useMemo } from "preact/hooks";
import { useView } from "../page";
import type { CellView, Edit } from "../protocol.gen";
import { CellFoot } from "./CellFoot";
import { CellMeasures } from "./CellMeasures";
import { ErrorBox } from "./ErrorBox";
import { StreamText } from "./StreamText";

interface Props {
  cell: CellView;
  edits: readonly Edit[];
  sample: number | null;
  /** Whether this run's cells keep a place for the similarity to the baseline. */
  similarity: boolean;
}

/** One text. A cell that did not change is the same object and is not drawn again. */
export function Cell({ cell, edits, sample, similarity }: Props) {
  const { store } = useView();
  const [first] = edits;
  const colour = first === undefined ? undefined : store.colours.of(first.feature);
  return useMemo(
    () => (
      <div
        class="sw-cell"
        role="cell"
        data-colour={colour}
        data-testid={`sw-cell-${cell.index}`}
        data-state={cell.state}
        data-n-tokens={cell.n_tokens}
      >
        {sample !== null && <span class="sw-sample">sample {sample + 1}</span>}
        <StreamText text={cell.text} testId={`sw-cell-text-${cell.index}`} />
        {cell.error !== null && (
          <ErrorBox error={cell.error} testId={`sw-cell-error-${cell.index}`} compact />
        )}
        <CellFoot cell={cell} />
        <CellMeasures cell={cell} edits={edits} similarity={similarity} />
      </div>
    ),
    [cell, colour, edits, sample, similarity],
  );
}
