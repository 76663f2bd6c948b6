import { useView } from "../page";
import { Button } from "./Button";

/** What will stand here, or why nothing was found. */
export function EmptyHistory() {
  const { history } = useView();
  return (
    <div class="sw-history-empty" data-testid="sw-history-empty">
      {history.isSearching.value ? <NothingFound /> : history.isRecording.value ? <NoRunYet /> : <NotKept />}
    </div>
  );
}

function NothingFound() {
  const { history } = useView();
  return (
    <>
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
    </>
  );
}

function NotKept() {
  return (
    <>
      <p>Runs of this kernel are not kept: it was started with history=False.</p>
      <p class="sw-quiet">Without it, every run stays here with its texts, also after a restart.</p>
    </>
  );
}

function NoRunYet() {
  const { store } = useView();
  return (
    <>
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
    </>
  );
}
