// The state of a run, and of all runs together, in words.
import { count } from "./numbers";
import type { Backlog, RunState, RunView } from "./protocol.gen";
import { isActive, isWaiting } from "./states";
import { timeLeft } from "./steady";

const STATE: Readonly<Record<RunState, string>> = {
  queued: "Waiting for its turn",
  loading: "Waiting for the model",
  running: "Writing",
  stopping: "Stopping",
  done: "Done",
  stopped: "Stopped",
  failed: "Failed",
};

/** How the run is; `stopping`: Stop was pressed, though the kernel has not said so yet. */
export function stateWords(run: RunView, stopping: boolean): string {
  if (stopping && isActive(run)) return STATE.stopping;
  if (run.state === "running" && run.progress.is_overtaken) return "Waiting for a shorter run";
  if (run.state === "stopped" && run.error?.kind === "TimeLimit") return "Stopped at its time limit";
  return STATE[run.state];
}

/** The other runs: how many come before this one or wait, and when all are done; "" where there are none. */
export function backlogWords(run: RunView, backlog: Backlog, allLeftS: number | null): string {
  const nOthers = backlog.n_runs - (isActive(run) ? 1 : 0);
  if (nOthers <= 0) return "";
  const others = isWaiting(run.state)
    ? `${count(nOthers, "run")} before it`
    : isActive(run)
      ? `${count(nOthers, "run")} ${nOthers === 1 ? "waits" : "wait"}`
      : `${count(nOthers, "run")} still on`;
  return allLeftS === null ? others : `${others} · ${timeLeft(allLeftS)} left in all`;
}
