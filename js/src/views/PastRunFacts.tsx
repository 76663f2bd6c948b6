import { lastPart } from "../last_part";
import { count } from "../numbers";
import type { PastRun } from "../protocol.gen";
import { ago, exactly } from "../when";
import { Icon, type IconName } from "./Icon";

const STATES: Readonly<Record<string, { icon: IconName; words: string }>> = {
  done: { icon: "check", words: "Done" },
  stopped: { icon: "stop", words: "Stopped" },
  failed: { icon: "alert", words: "Failed" },
  interrupted: { icon: "broken", words: "Interrupted" },
};
const GOES_ON = { icon: "clock", words: "Goes on" } as const;

/** How a run ended, when it was made, of what, by which model. */
export function PastRunFacts({ run }: { run: PastRun }) {
  const { icon, words } = STATES[run.state] ?? GOES_ON;
  const relative = ago(run.created_at, Date.now());
  const cells = count(run.n_cells, "cell");
  const columns = run.steerings.slice(0, run.n_steerings).join("  |  ");
  const nMore = run.n_steerings - run.steerings.length;
  return (
    <>
      <span class="sw-past-columns" dir="auto" title={columns}>
        {columns}
        {nMore > 0 && `  +${nMore} more`}
      </span>
      <span class="sw-past-facts">
        <span class="sw-past-state" data-state={run.state}>
          <Icon name={icon} />
          {words}
        </span>
        <time dateTime={run.created_at} title={exactly(run.created_at)}>
          {relative === "" ? exactly(run.created_at) : relative}
          {relative !== "" && <span class="sw-past-exact">, {exactly(run.created_at)}</span>}
        </time>
        <span>{run.n_done === run.n_cells ? cells : `${run.n_done} of ${cells}`}</span>
        {run.model !== "" && (
          <span dir="auto" title={[run.model, ...run.saes].join(" + ")}>
            {lastPart(run.model)}
          </span>
        )}
        {run.is_open && <span title="Made or opened in this kernel">this kernel</span>}
      </span>
    </>
  );
}
