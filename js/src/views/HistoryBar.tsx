import { focusOn } from "../focus";
import { count } from "../numbers";
import { useView } from "../page";
import { Button } from "./Button";

/** How many runs there are, the way back from a deletion, and the way to a comparison; always one line high. */
export function HistoryBar() {
  const { history } = useView();
  const { runs, nAll, isSearching, deleted, marked } = history;
  const nMarked = marked.value.length;
  const words = runs.value === null ? "" : count(nAll.value, "run") + (isSearching.value ? " found" : "");
  const undo = async (button: HTMLElement) => {
    const root = button.closest(".sw-root");
    const [first] = deleted.value;
    await history.undo();
    focusOn(root?.querySelector<HTMLElement>(`[data-testid="sw-past-open-${first}"]`));
  };
  return (
    <div class="sw-history-bar">
      <span role="status" data-testid="sw-history-count">
        {words}
      </span>
      <span class="sw-history-undo" role="status">
        {deleted.value.length > 0 && (
          <>
            {count(deleted.value.length, "run")} deleted.
            <Button kind="link" testId="sw-history-undo" onPress={(event) => void undo(event.currentTarget)}>
              Undo
            </Button>
          </>
        )}
      </span>
      <span class="sw-history-compare" hidden={nMarked === 0 && (runs.value?.length ?? 0) < 2}>
        <span class="sw-quiet" data-testid="sw-history-marked">
          {nMarked === 0 ? "Mark two runs to compare them" : nMarked === 1 ? "Mark one more" : ""}
        </span>
        <Button disabled={nMarked < 2} testId="sw-history-compare" onPress={() => void history.compare()}>
          Compare
        </Button>
      </span>
    </div>
  );
}
