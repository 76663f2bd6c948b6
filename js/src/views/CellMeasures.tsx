import { isMeasured, type Place } from "../measures";
import { useView } from "../page";
import type { CellView } from "../protocol.gen";
import { Badge } from "./Badge";
import { Icon } from "./Icon";
import { panelId } from "./MeasurePanel";

interface Props {
  cell: CellView;
  places: readonly Place[];
  /** Whether they stand below the row in full. */
  open: boolean;
  onPress: () => void;
}

/**
 * The measures in short, each at a place of its own from the start: measures come after the text, and
 * nothing moves when they do.
 */
export function CellMeasures({ cell, places, open, onPress }: Props) {
  const { id } = useView();
  const { measures } = cell;
  const badges = places.map(({ info, wide }) => (
    <span key={info.id} class="sw-place" data-wide={wide}>
      <Badge info={info} measures={measures} />
    </span>
  ));
  if (!isMeasured(measures)) return <div class="sw-measures">{badges}</div>;
  return (
    <button
      type="button"
      class="sw-measures"
      aria-expanded={open}
      aria-controls={open ? id(panelId(cell.index)) : undefined}
      data-testid={`sw-measures-${cell.index}`}
      onClick={onPress}
    >
      <span class="sw-hidden">Measures:</span>
      {badges}
      <Icon name="chevron" />
    </button>
  );
}
