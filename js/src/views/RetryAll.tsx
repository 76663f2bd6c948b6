import { count } from "../numbers";
import { useView } from "../page";
import { Button } from "./Button";

/** Runs everything of the shown run again that failed or was stopped; finished texts stay. */
export function RetryAll() {
  const { store, actions } = useView();
  const n = store.nUnfinished.value;
  if (n === 0) return null;
  return (
    <Button
      class="sw-retry-all"
      icon="retry"
      title="Run the texts again that failed or were stopped; finished texts stay"
      disabled={!store.canRetry.value}
      testId="sw-retry"
      onPress={() => void actions.retry()}
    >
      {store.ui.retrying.value === null ? `Retry ${count(n, "cell")}` : "Starting…"}
    </Button>
  );
}
