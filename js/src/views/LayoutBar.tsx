import type { NumberRule } from "../numbers";
import { useView } from "../page";
import { FieldError } from "./FieldError";
import { NumberBox } from "./NumberBox";

const SAMPLES: NumberRule = { field: "samples", whole: true, allowed: "a whole number from 1 up" };

/** How the selected features become columns. */
export function LayoutBar() {
  const { store, actions, id } = useView();
  const { combine, baseline, samples } = store.selection.value.value;
  return (
    <div class="sw-layout">
      <fieldset class="sw-segments">
        <legend class="sw-hidden">Layout of the run</legend>
        {[false, true].map((together) => (
          <label key={String(together)} class="sw-segment" data-on={combine === together}>
            <input
              type="radio"
              name={id("combine")}
              checked={combine === together}
              data-testid={together ? "sw-combine" : "sw-separate"}
              onChange={() => actions.setLayout({ combine: together })}
            />
            {together ? "Combined" : "Each its own column"}
          </label>
        ))}
      </fieldset>
      <label class="sw-check" title="An unsteered column to compare with. Turn it off to save a column.">
        <input
          type="checkbox"
          checked={baseline}
          data-testid="sw-baseline"
          onChange={(event) => actions.setLayout({ baseline: event.currentTarget.checked })}
        />
        Baseline
      </label>
      <div class="sw-inline">
        <span id={id("samples")}>Samples</span>
        <NumberBox
          path="samples"
          rule={SAMPLES}
          label="Samples"
          labelledBy={id("samples")}
          value={samples}
          step={1}
          testId="sw-samples"
          onChange={(n) => actions.setLayout({ samples: n })}
        />
      </div>
      <FieldError field="samples" testId="sw-field-error-samples" />
    </div>
  );
}
