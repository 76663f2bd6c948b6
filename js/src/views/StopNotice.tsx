import { useState } from "preact/hooks";
import { useView } from "../page";
import { Button } from "./Button";

/** Shown when Stop had no answer for a second: the kernel is busy with a cell. */
export function StopNotice() {
  const { store } = useView();
  return store.ui.stopLate.value ? <LateStop /> : null;
}

function LateStop() {
  const { actions } = useView();
  const [asking, ask] = useState(false);
  return (
    <div class="sw-notice" role="alert" data-testid="sw-stop-late">
      <span>The kernel is busy: Stop is queued and works as soon as the running cell has ended.</span>
      {actions.canInterrupt && !asking && (
        <Button testId="sw-interrupt" onPress={() => ask(true)}>
          Interrupt…
        </Button>
      )}
      {asking && (
        <span class="sw-confirm">
          <span>This interrupts the cell that is running in the notebook.</span>
          <Button
            testId="sw-interrupt-confirm"
            onPress={() => {
              ask(false);
              void actions.interrupt();
            }}
          >
            Interrupt the cell
          </Button>
          <Button kind="link" onPress={() => ask(false)}>
            Keep waiting
          </Button>
        </span>
      )}
    </div>
  );
}
