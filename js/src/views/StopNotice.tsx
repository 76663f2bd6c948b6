import { useState } from "preact/hooks";
import { useView } from "../page";

/** Shown when Stop had no answer for a second: the kernel is busy with a cell. */
export function StopNotice() {
  const { store, actions } = useView();
  const [asking, ask] = useState(false);
  if (!store.ui.stopLate.value) return null;
  return (
    <div class="sw-notice" role="alert" data-testid="sw-stop-late">
      <span>The kernel is busy: Stop is queued and works as soon as the running cell has ended.</span>
      {actions.canInterrupt && !asking && (
        <button type="button" class="sw-button" data-testid="sw-interrupt" onClick={() => ask(true)}>
          Interrupt…
        </button>
      )}
      {asking && (
        <span class="sw-confirm">
          <span>This interrupts the cell that is running in the notebook.</span>
          <button
            type="button"
            class="sw-button"
            data-testid="sw-interrupt-confirm"
            onClick={() => {
              ask(false);
              void actions.interrupt();
            }}
          >
            Interrupt the cell
          </button>
          <button type="button" class="sw-link" onClick={() => ask(false)}>
            Keep waiting
          </button>
        </span>
      )}
    </div>
  );
}
