import { useView } from "../page";
import type { CellView } from "../protocol.gen";
import { CopyButton } from "./CopyButton";
import { IconButton } from "./IconButton";

interface Props {
  run: string;
  cell: CellView;
  /** What the text is of, in words. */
  name: string;
}

/** What is done with a text now and then; shown when it is pointed at or focused, and always for touch. */
export function CellActions({ run, cell, name }: Props) {
  const { results, parts, id } = useView();
  if (cell.text === "") return null;
  const isPinned = results.isPinned(run, cell.index);
  return (
    <span class="sw-cell-actions" data-pinned={isPinned}>
      <IconButton
        icon="spark"
        class="sw-fires-in"
        label={`What fires in ${name}`}
        title="What fires here: in all of the text. Press a word of it for that word alone."
        testId={`sw-fires-in-${cell.index}`}
        onPress={() => parts.mark({ run, at: cell.index, range: null }, id("texts"))}
      />
      <IconButton
        icon="expand"
        label={`Read ${name} by itself`}
        title="Read by itself: whole text, prompt and measures"
        testId={`sw-expand-${cell.index}`}
        onPress={() => results.expand(run, cell.index, id(""))}
      />
      <CopyButton text={cell.text} what="this text" />
      <IconButton
        icon="pin"
        class="sw-pin"
        label={`Pin ${name}`}
        isPressed={isPinned}
        title={isPinned ? "Pinned above the table; press to take it out" : "Pin above the table, to compare"}
        testId={`sw-pin-${cell.index}`}
        onPress={() => results.togglePin(run, cell.index)}
      />
    </span>
  );
}
