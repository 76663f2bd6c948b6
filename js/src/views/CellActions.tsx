import { baselineText } from "../context";
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
  const { store, results, parts, id } = useView();
  if (cell.text === "") return null;
  const { run: shown } = store.shown.value;
  const mark = () => parts.mark({ run, at: cell.index, range: null }, id("texts"));
  const isAlone = store.isAlone.value;
  const isPinned = results.isPinned(run, cell.index);
  return (
    <span class="sw-cell-actions" data-pinned={isPinned}>
      {!isAlone && (
        <IconButton
          icon="spark"
          class="sw-fires-in"
          label={`What fires in ${name}`}
          title="What fires here: in all of the text. Press a word of it for that word alone."
          testId={`sw-fires-in-${cell.index}`}
          onPress={mark}
        />
      )}
      {!isAlone && shown?.id === run && baselineText(shown, cell.index) !== null && (
        <IconButton
          icon="apart"
          class="sw-fires-in"
          label={`What tells ${name} from the baseline`}
          title="What tells it from the baseline: features that fire more here than in the unsteered text, or less"
          testId={`sw-apart-${cell.index}`}
          onPress={() => {
            mark();
            parts.againstBaseline();
          }}
        />
      )}
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
