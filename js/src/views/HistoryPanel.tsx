import { useEffect } from "preact/hooks";
import { useView } from "../page";
import type { PageCommand } from "../protocol.gen";
import { isActive } from "../states";
import { ErrorBox } from "./ErrorBox";
import { HistoryBar } from "./HistoryBar";
import { HistorySearch } from "./HistorySearch";
import { PastRunList } from "./PastRunList";
import { RunComparison } from "./RunComparison";

/** Past runs: found, opened, named, compared, deleted, exported. */
export function HistoryPanel() {
  const { store, history, id } = useView();
  const { run } = store.shown.value;
  const online = store.link.value === "online";
  const shown = `${run?.id}/${isActive(run)}`;
  useEffect(() => {
    if (online) void history.refresh();
  }, [history, online, shown]);
  const compared = history.compared.value;
  const failed = Object.entries(history.failed.value).filter(([command]) => command !== "NoteRun");
  return (
    <section class="sw-history" aria-labelledby={id("history")} data-testid="sw-history">
      <h3 id={id("history")} class="sw-hidden">
        Past runs
      </h3>
      {failed.map(([command, error]) => (
        <ErrorBox
          key={command}
          error={error}
          testId="sw-history-error"
          onClose={() => history.dismiss(command as PageCommand["type"])}
        />
      ))}
      {compared !== null ? (
        <RunComparison compared={compared} />
      ) : (
        <>
          <HistorySearch />
          <HistoryBar />
          <PastRunList />
        </>
      )}
    </section>
  );
}
