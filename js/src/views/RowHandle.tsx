import type { RowMoves } from "../moves";
import { Icon } from "./Icon";

interface Props {
  row: string;
  index: number;
  name: string;
  moves: RowMoves;
}

/** Moves its row: dragged, or with the arrow keys. */
export function RowHandle({ row, index, name, moves }: Props) {
  const onKeyDown = (event: KeyboardEvent) => {
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (by !== undefined) moves.nudge(row, name, by);
    else if (event.key === "Escape" && moves.dragged === row) moves.cancel();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <button
      type="button"
      class="sw-icon-button sw-handle"
      aria-label={`Move ${name}`}
      aria-describedby={moves.hintId}
      title="Drag to another place, or press the arrow keys"
      data-testid={`sw-move-${index}`}
      onKeyDown={onKeyDown}
      onPointerDown={(event) => moves.start(row, name, event)}
    >
      <Icon name="grip" />
    </button>
  );
}
