import type { NumberRule } from "../numbers";
import { useView } from "../page";
import { FieldError } from "./FieldError";
import { NumberBox } from "./NumberBox";

const SAMPLES: NumberRule = { field: "samples", whole: true, allowed: "a whole number from 1 up" };

/** How the selected features become columns. */
export function LayoutBar() {
  const { store, actions, id } = useView();
  const { layout, baseline, samples } = store.selection.value.value;
  return (
    <div class="sw-layout">
      <fieldset class="sw-segments">
        <legend class="sw-hidden">Layout of the run</legend>
        {(["separate", "combined"] as const).map((one) => (
          <label key={one} class="sw-segment" data-on={layout === one}>
            <input
              type="radio"
              name={id("layout")}
              checked={layout === one}
              data-testid={`sw-layout-${one}`}
              onChange={() => actions.setLayout({ layout: one })}
            />
            {one === "combined" ? "Combined" : "Each its own column"}
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
