import { count } from "../numbers";
import { useView } from "../page";
import { Icon } from "./Icon";

/** Runs everything of the shown run again that failed or was stopped; finished texts stay. */
export function RetryAll() {
  const { store, actions } = useView();
  const n = store.nUnfinished.value;
  if (n === 0) return null;
  return (
    <button
      type="button"
      class="sw-button sw-retry-all"
      title="Run the texts again that failed or were stopped; finished texts stay"
      disabled={!store.canRetry.value}
      data-testid="sw-retry"
      onClick={() => void actions.retry()}
    >
      <Icon name="retry" />
      {store.ui.retrying.value === null ? `Retry ${count(n, "cell")}` : "Starting…"}
    </button>
  );
}
