import { useMemo } from "preact/hooks";
import { count } from "../numbers";
import { useView } from "../page";
import type { CellState, CellView, Edit, FinishReason } from "../protocol.gen";
import { CopyButton } from "./CopyButton";
import { DoseBadge } from "./DoseBadge";
import { ErrorBox } from "./ErrorBox";
import { Icon, type IconName } from "./Icon";
import { StreamText } from "./StreamText";

const STATE: Readonly<Record<CellState, { words: string; icon: IconName }>> = {
  queued: { words: "queued", icon: "clock" },
  running: { words: "writing", icon: "pen" },
  done: { words: "done", icon: "check" },
  stopped: { words: "stopped", icon: "stop" },
  failed: { words: "failed", icon: "alert" },
};

/** Why a cell that is done ended where it did. */
const FINISH: Readonly<Partial<Record<FinishReason, string>>> = {
  length: "full length",
  eos: "ended by itself",
  stop_string: "stop text",
};

interface Props {
  cell: CellView;
  edits: readonly Edit[];
  sample: number | null;
}

/** One text. A cell that did not change is the same object and is not drawn again. */
export function Cell({ cell, edits, sample }: Props) {
  const { store } = useView();
  const [first] = edits;
  const colour = first === undefined ? undefined : store.colours.of(first.feature);
  return useMemo(() => {
    const { words, icon } = STATE[cell.state];
    const finish = cell.state === "done" && cell.finish !== null ? FINISH[cell.finish] : undefined;
    return (
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
        <div class="sw-cell-foot">
          <span class="sw-cell-state" data-state={cell.state}>
            <Icon name={icon} />
            {words}
          </span>
          <span class="sw-facts">{count(cell.n_tokens, "token")}</span>
          {cell.text !== "" && <CopyButton text={cell.text} what="this text" />}
          <span class="sw-cell-more">
            {finish !== undefined && <span class="sw-quiet">{finish}</span>}
            {cell.measures.dose !== null && <DoseBadge dose={cell.measures.dose} />}
          </span>
        </div>
      </div>
    );
  }, [cell, colour, sample]);
}
