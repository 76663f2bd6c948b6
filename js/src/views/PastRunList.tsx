import { useRef } from "preact/hooks";
import { useView } from "../page";
import { EmptyHistory } from "./EmptyHistory";
import { PastRunRow } from "./PastRunRow";

const KEYS: Readonly<Record<string, (at: number, n: number) => number>> = {
  ArrowDown: (at, n) => Math.min(at + 1, n - 1),
  ArrowUp: (at) => Math.max(at - 1, 0),
  Home: () => 0,
  End: (_, n) => n - 1,
};

/** The runs that were found, newest first. Arrows go from one to the next, Delete deletes the one they are at. */
export function PastRunList() {
  const { history } = useView();
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
    left[Math.min(at, left.length - 1)]?.focus({ preventScroll: true });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const all = openers();
    const at = all.indexOf(event.target as HTMLElement);
    if (at < 0) return;
    const next = KEYS[event.key]?.(at, all.length);
    if (event.key === "Delete") void remove(at);
    else if (next !== undefined) all[next]?.focus();
    else return;
    event.preventDefault();
  };

  if (runs === null) return null;
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
        <button
          type="button"
          class="sw-button sw-history-more"
          data-testid="sw-history-more"
          onClick={() => void history.more()}
        >
          Show more <span class="sw-quiet">({nLeft.toLocaleString("en")} older)</span>
        </button>
      )}
    </>
  );
}
