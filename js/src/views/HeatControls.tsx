import { useView } from "../page";
import { SUMMARY } from "../summary";
import { Check } from "./Check";
import { Choice } from "./Choice";

/** Which measure is shown, and whether next to the baseline. */
export function HeatControls({ canCompare }: { canCompare: boolean }) {
  const { summary } = useView();
  const why = canCompare
    ? "How much each text differs from the baseline's of its prompt."
    : "This measure says nothing of an unsteered text, or the run has no baseline.";
  return (
    <div class="sw-heat-controls">
      <Choice
        label="Measure"
        value={summary.measure.value}
        options={SUMMARY.map(({ id, name, hint }) => ({ value: id, name, hint }))}
        testId="sw-summary-measure"
        onChange={(value) => {
          summary.measure.value = value;
        }}
      />
      <Check
        title={why}
        isOn={canCompare && summary.isRelative.value}
        isDisabled={!canCompare}
        testId="sw-summary-relative"
        onChange={(on) => {
          summary.isRelative.value = on;
        }}
      >
        Difference from the baseline
      </Check>
    </div>
  );
}
