import { lastPart } from "../last_part";
import { count, whole } from "../numbers";
import { useView } from "../page";
import type { Status, WorkerState } from "../protocol.gen";
import { Button } from "./Button";
import { LoadingBar } from "./LoadingBar";
import { Tabs } from "./Tabs";
import { WorkerError } from "./WorkerError";

const WORKER: Readonly<Record<WorkerState, string>> = {
  stopped: "Stopped",
  loading: "Loading",
  ready: "Ready",
  busy: "Busy",
  failed: "Failed",
};

function Facts({ status }: { status: Status }) {
  const { model, saes } = status;
  if (model === null || saes.length === 0) return null;
  return (
    <span class="sw-status-facts">
      <span class="sw-model" title={model.name}>
        {lastPart(model.name)}
      </span>
      {saes.map((sae) => (
        <span key={sae.name} title={`SAE ${sae.name}, ${sae.hook_name}`}>
          {whole(sae.d_sae)} features at layer {sae.layer}
        </span>
      ))}
      <span>
        {model.device} · {model.dtype.replace("torch.", "")}
      </span>
    </span>
  );
}

/** The worker in one line: what is loaded, where, and how it is. */
export function StatusBar() {
  const { store, actions } = useView();
  const status = store.status.value;
  const { worker, loading, error, history_problem: historyProblem } = status;
  const link = store.link.value;
  const isAlone = store.isAlone.value;
  const { nLeftOut } = store.shown.value;
  // The run tells it with the same words and has the log at hand.
  const toldByRun = error !== null && store.shown.value.run?.error?.message === error.message;
  const canReload = link !== "offline" && (worker === "failed" || (worker === "stopped" && error !== null));
  const state = link === "offline" ? "offline" : worker;
  const words = link !== "offline" ? WORKER[worker] : isAlone ? "No kernel: read-only" : "No answer";
  return (
    <header class="sw-status" data-testid="sw-status" data-state={state} data-worker={worker}>
      <div class="sw-status-line">
        <Tabs />
        <span class="sw-state" data-state={state}>
          <span class="sw-dot" aria-hidden />
          <span role="status">{words}</span>
        </span>
        {canReload && (
          <Button
            kind="link"
            class="sw-reload"
            icon="retry"
            title="Start the worker again"
            disabled={store.ui.reloading.value}
            testId="sw-reload"
            onPress={() => void actions.reload()}
          >
            Reload
          </Button>
        )}
        <Facts status={status} />
      </div>
      {link === "offline" && (
        <p class="sw-quiet">
          {!isAlone && "The kernel is busy with a cell or was restarted. "}
          This shows what was there last; to go on after a restart, run the notebook's cell again.
          {nLeftOut ? ` Left out, for size: the last ${count(nLeftOut, "text")}.` : ""}
        </p>
      )}
      {worker === "loading" && link !== "offline" && <LoadingBar loading={loading} />}
      {error !== null && !toldByRun && <WorkerError key={error.message} error={error} />}
      {historyProblem !== null && (
        <p class="sw-quiet" role="status" data-testid="sw-history-problem" dir="auto">
          {historyProblem.message}
        </p>
      )}
    </header>
  );
}
