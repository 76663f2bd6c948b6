import { useEffect, useRef } from "preact/hooks";
import { useView } from "../page";
import type { CellView, Edit } from "../protocol.gen";
import { columnName } from "../steering";
import { MeasureList } from "./MeasureList";
import { Swatch } from "./Swatch";

export const panelId = (cell: number): string => `measures-${cell}`;

interface Props {
  cell: CellView;
  edits: readonly Edit[];
}

/** Everything that was measured on a cell, with what it means; stands below the cell's row. */
export function MeasurePanel({ cell, edits }: Props) {
  const { store, id } = useView();
  const { measures } = cell;
  const panel = useRef<HTMLElement>(null);
  useEffect(() => panel.current?.scrollIntoView?.({ block: "nearest" }), []);
  return (
    <section
      ref={panel}
      class="sw-panel"
      id={id(panelId(cell.index))}
      aria-labelledby={id(`${panelId(cell.index)}-title`)}
      data-colour={store.colours.ofFirst(edits)}
      data-testid={`sw-measure-details-${cell.index}`}
    >
      <h4 id={id(`${panelId(cell.index)}-title`)}>
        <Swatch />
        <span>
          Measures of <bdi>{columnName(edits, store.label)}</bdi>
        </span>
      </h4>
      <MeasureList measures={measures} edits={edits} />
    </section>
  );
}
