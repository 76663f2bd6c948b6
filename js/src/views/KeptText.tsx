import type { ComponentChildren } from "preact";
import { useView } from "../page";
import type { CellState, CellView } from "../protocol.gen";

const IS_UNDER_WAY: Readonly<Record<CellState, boolean>> = {
  queued: true,
  running: true,
  done: false,
  stopped: false,
  failed: false,
};

interface Props {
  cell: CellView;
  /** The text itself. */
  children: ComponentChildren;
}

/**
 * In live mode the text of the run before stays, dimmed, until the new one begins, and its room until that
 * has ended: nothing jumps.
 */
export function KeptText({ cell, children }: Props) {
  const { store, live } = useView();
  const old = live.kept.value[cell.index] ?? "";
  // A cell that was stopped for the next run waits for that one.
  const isHeld = old !== "" && (IS_UNDER_WAY[cell.state] || (live.isOn.value && store.isStarting.value));
  const isSeen = isHeld && cell.text.trim() === "";
  return (
    <div class="sw-kept-place" data-kept={isSeen}>
      {children}
      {isHeld && (
        <div
          class="sw-text sw-kept"
          dir="auto"
          aria-hidden
          data-leading={old.startsWith(" ")}
          data-seen={isSeen}
          data-testid={`sw-kept-text-${cell.index}`}
        >
          {old}
        </div>
      )}
    </div>
  );
}
