import { useState } from "preact/hooks";
import { badgeHint, isMeasured, MEASURES, type MeasureInfo } from "../measures";
import { useView } from "../page";
import type { CellView, Edit } from "../protocol.gen";
import { Icon } from "./Icon";
import { MeasureDetails } from "./MeasureDetails";

interface Props {
  cell: CellView;
  edits: readonly Edit[];
  /** Whether a place is kept for the similarity to the baseline, which most workers do not measure. */
  similarity: boolean;
}

/**
 * The measures in short, each at a place of its own from the start: measures come after the text, and
 * nothing moves when they do. Pressed, they stand below in full, with their meanings.
 */
export function CellMeasures({ cell, edits, similarity }: Props) {
  const { id } = useView();
  const [open, setOpen] = useState(false);
  const { measures } = cell;
  const places = MEASURES.filter((info) => info.badge !== "" && (info.id !== "similarity" || similarity));
  const badges = places.map((info) => (
    <span key={info.id} class="sw-place" data-wide={info.id === "activation" && edits.length > 1}>
      <Badge info={info} cell={cell} />
    </span>
  ));
  if (!isMeasured(measures)) return <div class="sw-measures">{badges}</div>;
  return (
    <>
      <button
        type="button"
        class="sw-measures"
        aria-expanded={open}
        aria-controls={id(`measures-${cell.index}`)}
        data-testid={`sw-measures-${cell.index}`}
        onClick={() => setOpen(!open)}
      >
        <span class="sw-hidden">Measures:</span>
        {badges}
        <Icon name="chevron" />
      </button>
      <div id={id(`measures-${cell.index}`)} hidden={!open}>
        {open && <MeasureDetails measures={measures} edits={edits} index={cell.index} />}
      </div>
    </>
  );
}

function Badge({ info, cell }: { info: MeasureInfo; cell: CellView }) {
  const [value] = info.numbers(cell.measures);
  if (value === undefined) return null;
  return (
    <span class="sw-badge" title={badgeHint(info, cell.measures)} data-testid={`sw-${info.id}`}>
      {info.badge} {value}
    </span>
  );
}
