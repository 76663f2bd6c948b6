import { focusOn } from "../focus";
import { useView } from "../page";
import { Button } from "./Button";

interface Props {
  cell: number;
  /** What the text is of, for those who do not see where the button stands. */
  name: string;
}

/** Runs one text again that failed or was stopped; not there while a run is on. */
export function RetryButton({ cell, name }: Props) {
  const { store, actions } = useView();
  if (store.nUnfinished.value === 0 || store.isAlone.value) return null;
  return (
    <Button
      kind="link"
      class="sw-retry"
      icon="retry"
      aria-label={`Retry ${name}`}
      title="Run this text again"
      disabled={!store.canRetry.value}
      testId={`sw-retry-${cell}`}
      onPress={(event) => {
        // The button goes with the press: the keyboard stays at the texts.
        focusOn(event.currentTarget.closest<HTMLElement>('[role="region"]'));
        void actions.retry([cell]);
      }}
    >
      Retry
    </Button>
  );
}
