import { useView } from "../page";
import type { RunView } from "../protocol.gen";
import { baselineOf } from "../sifting";

/** Why differences cannot be marked; "" where they can. */
function reasonOf(run: RunView): string {
  if (baselineOf(run) < 0) return "no baseline in this run";
  return run.steerings.length < 2 ? "nothing but a baseline in this run" : "";
}

/** Whether words that the baseline has not are marked, and those that only it has shown. */
export function ChangesChoice({ run }: { run: RunView }) {
  const { results, id } = useView();
  const { marksChanges, showsRemoved } = results;
  const reason = reasonOf(run);
  const isOn = marksChanges.value && reason === "";
  return (
    <span class="sw-tools" role="group" aria-label="Differences from the baseline">
      <label class="sw-check" title="Underlines the words that the baseline's text does not have there">
        <input
          type="checkbox"
          checked={isOn}
          disabled={reason !== ""}
          aria-describedby={reason === "" ? undefined : id("no-baseline")}
          data-testid="sw-changes"
          onChange={({ currentTarget }) => {
            marksChanges.value = currentTarget.checked;
          }}
        />
        Differences
      </label>
      {reason === "" ? (
        <label class="sw-check" title="Shows, struck through, the words that only the baseline's text has">
          <input
            type="checkbox"
            checked={isOn && showsRemoved.value}
            disabled={!isOn}
            data-testid="sw-removed"
            onChange={({ currentTarget }) => {
              showsRemoved.value = currentTarget.checked;
            }}
          />
          Show removed
        </label>
      ) : (
        <span class="sw-quiet" id={id("no-baseline")} data-testid="sw-no-baseline">
          ({reason})
        </span>
      )}
    </span>
  );
}
