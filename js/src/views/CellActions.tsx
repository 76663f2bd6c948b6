import { useView } from "../page";
import type { CellView } from "../protocol.gen";
import { CopyButton } from "./CopyButton";
import { Icon } from "./Icon";

interface Props {
  run: string;
  cell: CellView;
  /** What the text is of, in words. */
  name: string;
}

/** What is done with a text now and then; shown when it is pointed at or focused, and always for touch. */
export function CellActions({ run, cell, name }: Props) {
  const { results, id } = useView();
  if (cell.text === "") return null;
  const isPinned = results.isPinned(run, cell.index);
  return (
    <span class="sw-cell-actions" data-pinned={isPinned}>
      <button
        type="button"
        class="sw-icon-button"
        aria-label={`Read ${name} by itself`}
        title="Read by itself: whole text, prompt and measures"
        data-testid={`sw-expand-${cell.index}`}
        onClick={() => results.expand(run, cell.index, id(""))}
      >
        <Icon name="expand" />
      </button>
      <CopyButton text={cell.text} what="this text" />
      <button
        type="button"
        class="sw-icon-button sw-pin"
        aria-label={`Pin ${name}`}
        aria-pressed={isPinned}
        title={isPinned ? "Pinned above the table; press to take it out" : "Pin above the table, to compare"}
        data-testid={`sw-pin-${cell.index}`}
        onClick={() => results.togglePin(run, cell.index)}
      >
        <Icon name="pin" />
      </button>
    </span>
  );
}
