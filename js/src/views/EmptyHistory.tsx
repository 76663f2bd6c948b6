import { useView } from "../page";
import { Button } from "./Button";

/** What will stand here, or why nothing was found. */
export function EmptyHistory() {
  const { store, history } = useView();
  if (history.isSearching.value) {
    return (
      <div class="sw-history-empty" data-testid="sw-history-empty">
        <p>No past run fits.</p>
        <Button
          kind="link"
          testId="sw-history-all"
          onPress={() => {
            history.tag.value = "";
            history.search("");
          }}
        >
          Show all runs
        </Button>
      </div>
    );
  }
  if (!history.isRecording.value) {
    return (
      <div class="sw-history-empty" data-testid="sw-history-empty">
        <p>Runs of this kernel are not kept: it was started with history=False.</p>
        <p class="sw-quiet">Without it, every run stays here with its texts, also after a restart.</p>
      </div>
    );
  }
  return (
    <div class="sw-history-empty" data-testid="sw-history-empty">
      <p>Every run will be here, with its texts and settings, also after a restart of the kernel.</p>
      <p class="sw-quiet">Open one to go on from it, give it a name and tags, or put two side by side.</p>
      <Button
        kind="link"
        testId="sw-history-steer"
        onPress={() => {
          store.ui.tab.value = "steer";
        }}
      >
        Make the first run
      </Button>
    </div>
  );
}
