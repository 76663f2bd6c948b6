import { useRef } from "preact/hooks";
import { backlogWords, stateWords } from "../backlog";
import { duration, FIGURE_SPACE, padded, whole } from "../numbers";
import { useView } from "../page";
import type { RunView } from "../protocol.gen";
import { useSeconds } from "../seconds";
import { isActive } from "../states";
import { SteadySpeed, SteadyTime, timeLeft } from "../steady";
import { Meter } from "./Meter";

class Steady {
  readonly run = new SteadyTime();
  readonly all = new SteadyTime();
  readonly speed = new SteadySpeed();
}

function facts(run: RunView, steady: Steady, nowS: number, isOnline: boolean): string[] {
  const { fraction, n_tokens, tokens_per_s, eta_s, elapsed_s, n_cells_ended, is_overtaken } = run.progress;
  const active = isActive(run);
  const nCells = run.cells.length;
  const speed = steady.speed.show(active && is_overtaken ? null : tokens_per_s, nowS);
  const leftS = steady.run.show(active && isOnline ? eta_s : null, nowS);
  const cells = `${padded(n_cells_ended, nCells)} of ${whole(nCells)} cell${nCells === 1 ? "" : "s"}`;
  const tokens = active ? padded(n_tokens, nCells * run.generation.max_new_tokens) : whole(n_tokens);
  return [
    ...(active ? [`${padded(Math.floor(fraction * 100), 100)} %`] : []),
    cells,
    `${tokens} token${n_tokens === 1 ? "" : "s"}`,
    ...(speed === null ? [] : [`${padded(Math.round(speed), active ? 10 : 1)} tokens/s`]),
    ...(active
      ? leftS === null
        ? []
        : [`${timeLeft(leftS).padStart(4, FIGURE_SPACE)} left`]
      : [duration(elapsed_s)]),
  ];
}

/** How far the run is: percent, speed, time left; and what all runs have left where there are others. */
export function RunProgress() {
  const { store } = useView();
  const { run, backlog } = store.shown.value;
  const nowS = useSeconds(isActive(run) || backlog.n_runs > 0);
  const steady = useRef({ run: "", of: new Steady() });
  if (run === null) return null;
  if (steady.current.run !== run.id) steady.current = { run: run.id, of: new Steady() };
  const { fraction } = run.progress;
  const active = isActive(run);
  const state = stateWords(run, store.ui.stopping.value === run.id);
  // Without a kernel that answers, the clock alone knows nothing of the work.
  const isOnline = store.link.value !== "offline";
  const allLeftS = steady.current.of.all.show(isOnline ? backlog.eta_s : null, nowS);
  const others = backlogWords(run, backlog, allLeftS);
  return (
    <div class="sw-progress" data-testid="sw-progress" data-state={run.state} data-run={run.id}>
      <div class="sw-progress-words">
        <strong>{state}</strong>
        <span class="sw-facts" data-testid="sw-facts">
          {facts(run, steady.current.of, nowS, isOnline).map((fact, i) => (
            <span key={i} class="sw-fact">
              {fact}
            </span>
          ))}
        </span>
        {others !== "" && (
          <span class="sw-facts sw-backlog" data-testid="sw-backlog">
            {others}
          </span>
        )}
      </div>
      <Meter label="Progress of the run" fraction={fraction} quiet={!active} />
      <span class="sw-hidden" role="status">
        {`${state}${active ? `, ${Math.floor(fraction * 10) * 10} percent` : ""}`}
      </span>
    </div>
  );
}
