import { count, duration } from "../numbers";
import { useView } from "../page";
import type { RunState } from "../protocol.gen";
import { isActive } from "../reducer";
import { Meter } from "./Meter";

const STATE: Readonly<Record<RunState, string>> = {
  queued: "Waiting for its turn",
  loading: "Waiting for the model",
  running: "Writing",
  stopping: "Stopping",
  done: "Done",
  stopped: "Stopped",
  failed: "Failed",
};

/** How far the run is: percent, speed, time left. */
export function RunProgress() {
  const { store } = useView();
  const { run } = store.shown.value;
  if (run === null) return null;
  const { fraction, n_tokens, tokens_per_s, eta_s, elapsed_s, n_cells_ended } = run.progress;
  const active = isActive(run);
  const percent = Math.floor(fraction * 100);
  const state = active && store.ui.stopping.value === run.id ? STATE.stopping : STATE[run.state];
  const facts = [
    ...(active ? [`${percent} %`] : []),
    `${n_cells_ended.toLocaleString("en")} of ${count(run.cells.length, "cell")}`,
    count(n_tokens, "token"),
    ...(tokens_per_s === null ? [] : [`${Math.round(tokens_per_s).toLocaleString("en")} tokens/s`]),
    ...(active ? (eta_s === null ? [] : [`${duration(eta_s)} left`]) : [duration(elapsed_s)]),
  ];
  return (
    <div class="sw-progress" data-testid="sw-progress" data-state={run.state} data-run={run.id}>
      <div class="sw-progress-words">
        <strong>{state}</strong>
        <span class="sw-facts">{facts.join(" · ")}</span>
      </div>
      <Meter label="Progress of the run" fraction={fraction} quiet={!active} />
      <span class="sw-hidden" role="status">
        {`${state}${active ? `, ${Math.floor(percent / 10) * 10} percent` : ""}`}
      </span>
    </div>
  );
}
