import { useView } from "../page";
import type { LoadStage, Status, WorkerState } from "../protocol.gen";
import { ErrorBox } from "./ErrorBox";
import { Meter } from "./Meter";

const WORKER: Readonly<Record<WorkerState, string>> = {
  stopped: "Stopped",
  loading: "Loading",
  ready: "Ready",
  busy: "Busy",
  failed: "Failed",
};

const STAGE: Readonly<Record<LoadStage, string>> = {
  start: "starting the worker",
  download: "fetching the model",
  convert: "converting the model",
  import: "importing PyTorch",
  model: "reading the model",
  sae: "reading the SAE",
  check: "checking the hook",
};

/** The last part of a path or hub name, where the meaning is; the whole stands in the title. */
const shortName = (name: string): string =>
  name
    .replace(/[\\/]+$/, "")
    .split(/[\\/]/)
    .pop() || name;

function Facts({ status }: { status: Status }) {
  const { model, saes } = status;
  if (model === null || saes.length === 0) return null;
  return (
    <span class="sw-status-facts">
      <span class="sw-model" title={model.name}>
        {shortName(model.name)}
      </span>
      {saes.map((sae) => (
        <span key={sae.name} title={`${sae.name}, ${sae.hook_name}`}>
          SAE {shortName(sae.name)}, {sae.d_sae.toLocaleString("en")} features at layer {sae.layer}
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
  const { store } = useView();
  const status = store.status.value;
  const { worker, loading, error } = status;
  const link = store.link.value;
  const toldByRun = error !== null && store.shown.value.run?.error?.kind === error.kind;
  const state = link === "offline" ? "offline" : worker;
  const words = link === "offline" ? "No answer" : WORKER[worker];
  return (
    <header class="sw-status" data-testid="sw-status" data-state={state} data-worker={worker}>
      <div class="sw-status-line">
        <span class="sw-title">Steer</span>
        <span class="sw-state" data-state={state}>
          <span class="sw-dot" aria-hidden="true" />
          <span role="status">{words}</span>
        </span>
        <Facts status={status} />
      </div>
      {link === "offline" && (
        <p class="sw-quiet">
          The kernel does not answer: it is busy with a cell, or not running. Until it does, this shows what
          was saved last.
        </p>
      )}
      {worker === "loading" && link !== "offline" && (
        <div class="sw-loading" data-testid="sw-loading">
          <Meter label="Loading the model" fraction={loading?.fraction ?? null} />
          <span class="sw-quiet">
            {loading === null ? "starting" : loading.message || STAGE[loading.stage]}
          </span>
        </div>
      )}
      {error !== null && !toldByRun && <ErrorBox error={error} testId="sw-status-error" />}
    </header>
  );
}
