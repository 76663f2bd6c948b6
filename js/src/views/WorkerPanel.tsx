import { useEffect } from "preact/hooks";
import { useView } from "../page";
import { Button } from "./Button";
import { ErrorBox } from "./ErrorBox";
import { FullText } from "./FullText";
import { WorkerFacts } from "./WorkerFacts";

/** The worker: what it has loaded, what it holds, its log; and a fresh one at a press. */
export function WorkerPanel() {
  const { store, workerRoom: room } = useView();
  const status = store.status.value;
  const { worker } = status;
  const isOffline = store.link.value === "offline";
  // What is on would be lost; what waits would not, but a restart in between is not what anybody means.
  const isBusy = worker === "busy" || worker === "loading";
  const log = room.log.value;

  useEffect(() => {
    if (!isOffline) void room.readLog();
  }, [room, isOffline, worker]);

  return (
    <>
      <div class="sw-worker-bar">
        <Button
          icon="retry"
          disabled={isBusy || isOffline || room.restarting.value}
          title={isBusy ? "Stop the run first, or wait until loading has ended." : undefined}
          testId="sw-restart"
          onPress={() => void room.restart()}
        >
          Restart
        </Button>
        <span class="sw-quiet">
          A fresh process loads the model again and gives back the memory. Runs and settings stay.
        </span>
      </div>
      {room.error.value !== null && <ErrorBox error={room.error.value} testId="sw-worker-panel-error" />}
      <WorkerFacts status={status} />
      <section class="sw-section" aria-label="The worker's log">
        <div class="sw-heading">
          <h3>Log</h3>
          <Button
            kind="link"
            icon="retry"
            disabled={isOffline}
            testId="sw-read-log"
            onPress={() => void room.readLog()}
          >
            Read again
          </Button>
        </div>
        {log !== null && (log.error !== "" || log.tail !== "") ? (
          <FullText
            text={[log.error, log.tail].filter(Boolean).join("\n\n")}
            what="the worker's log"
            testId="sw-log"
          />
        ) : (
          <p class="sw-quiet" data-testid="sw-no-log">
            {log !== null
              ? "The worker has written nothing."
              : isOffline
                ? "The kernel does not answer."
                : "Asking the kernel…"}
          </p>
        )}
      </section>
    </>
  );
}
