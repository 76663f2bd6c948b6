import { useRef } from "preact/hooks";
import { focusOn } from "../focus";
import { whole } from "../numbers";
import { useView } from "../page";
import { along, UP_DOWN } from "../roving";
import { Button } from "./Button";
import { EmptyHistory } from "./EmptyHistory";
import { PastRunRow } from "./PastRunRow";

/** The runs that were found, newest first. Arrows go from one to the next, Delete deletes the one they are at. */
export function PastRunList() {
  const { store, history } = useView();
  const list = useRef<HTMLUListElement>(null);
  const runs = history.runs.value;
  const nLeft = history.nAll.value - (runs?.length ?? 0);

  const openers = () => [...(list.current?.querySelectorAll<HTMLElement>(".sw-past-open") ?? [])];
  const remove = async (at: number) => {
    const run = runs?.[at];
    if (run === undefined) return;
    await history.delete([run.id]);
    // The button that was pressed is gone: the next run takes its place, also for the keyboard.
    const left = openers();
    focusOn(left[Math.min(at, left.length - 1)]);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const all = openers();
    const at = all.indexOf(event.target as HTMLElement);
    if (at < 0) return;
    const next = along(at, all.length, event.key, UP_DOWN);
    if (event.key === "Delete") void remove(at);
    else if (next !== null) all[next]?.focus();
    else return;
    event.preventDefault();
  };

  if (runs === null)
    return store.link.value === "offline" ? (
      <p class="sw-quiet" data-testid="sw-history-offline">
        The kernel does not answer; past runs are shown once it does.
      </p>
    ) : null;
  if (runs.length === 0) return <EmptyHistory />;
  return (
    <>
      {!history.isRecording.value && (
        <p class="sw-quiet" data-testid="sw-history-off">
          Runs of this kernel are not kept: it was started with history=False. These are of other kernels.
        </p>
      )}
      <ul ref={list} class="sw-past-list" aria-label="Past runs, newest first" onKeyDown={onKeyDown}>
        {runs.map((run, at) => (
          <PastRunRow key={run.id} run={run} onDelete={() => void remove(at)} />
        ))}
      </ul>
      {nLeft > 0 && (
        <Button class="sw-history-more" testId="sw-history-more" onPress={() => void history.more()}>
          Show more <span class="sw-quiet">({whole(nLeft)} older)</span>
        </Button>
      )}
    </>
  );
}
