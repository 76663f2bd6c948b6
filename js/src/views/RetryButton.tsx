import { useView } from "../page";
import { Icon } from "./Icon";

interface Props {
  cell: number;
  /** What the text is of, for those who do not see where the button stands. */
  name: string;
}

/** Runs one text again that failed or was stopped; not there while a run is on. */
export function RetryButton({ cell, name }: Props) {
  const { store, actions } = useView();
  if (store.nUnfinished.value === 0) return null;
  return (
    <button
      type="button"
      class="sw-link sw-retry"
      aria-label={`Retry ${name}`}
      title="Run this text again"
      disabled={!store.canRetry.value}
      data-testid={`sw-retry-${cell}`}
      onClick={(event) => {
        // The button goes with the press: the keyboard stays at the texts.
        event.currentTarget.closest<HTMLElement>('[role="region"]')?.focus({ preventScroll: true });
        void actions.retry([cell]);
      }}
    >
      <Icon name="retry" />
      Retry
    </button>
  );
}
