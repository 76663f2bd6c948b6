import { flagsOf } from "../flags";
import { count } from "../numbers";
import type { CellState, CellView, FinishReason } from "../protocol.gen";
import { isUnfinished } from "../states";
import { CellActions } from "./CellActions";
import { CellFlags } from "./CellFlags";
import { Icon, type IconName } from "./Icon";
import { RetryButton } from "./RetryButton";
import { TokenNote } from "./TokenNote";

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
  run: string;
  cell: CellView;
  name: string;
  isRunOn: boolean;
}

/** State and length of a text, and how it ended; where it is flagged, the flags take that place. */
export function CellFoot({ run, cell, name, isRunOn }: Props) {
  const { words, icon } = STATE[cell.state];
  const finish = cell.state === "done" && cell.finish !== null ? FINISH[cell.finish] : undefined;
  const flags = flagsOf(cell);
  return (
    <div class="sw-cell-foot">
      <span class="sw-cell-state" data-state={cell.state} title={finish}>
        <Icon name={icon} />
        {words}
      </span>
      <span class="sw-facts">{count(cell.n_tokens, "token")}</span>
      <CellActions run={run} cell={cell} name={name} />
      <span class="sw-cell-more">
        {isUnfinished(cell) && <RetryButton cell={cell.index} name={name} />}
        {flags.length > 0 ? (
          <CellFlags flags={flags} />
        ) : (
          <TokenNote run={run} cell={cell} isRunOn={isRunOn} otherwise={finish} />
        )}
      </span>
    </div>
  );
}
