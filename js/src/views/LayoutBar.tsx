import type { NumberRule } from "../numbers";
import { useView } from "../page";
import { gridProposal, sweepProposal } from "../proposals";
import type { Layout, Selection } from "../protocol.gen";
import { Check } from "./Check";
import { FieldError } from "./FieldError";
import { GridStrengths } from "./GridStrengths";
import { NumberBox } from "./NumberBox";
import { Segments } from "./Segments";
import { SweepRange } from "./SweepRange";

const SAMPLES: NumberRule = { field: "samples", whole: true, allowed: "a whole number from 1 up" };

const LAYOUTS: readonly { value: Layout; words: string; hint: string }[] = [
  { value: "separate", words: "Separate", hint: "A column for each strength of each feature." },
  {
    value: "combined",
    words: "Combined",
    hint: "All features at once in one column; where they have several strengths, one for each combination.",
  },
  { value: "grid", words: "Grid", hint: "Each feature at each strength of a list." },
  { value: "sweep", words: "Sweep", hint: "Each feature at equally spaced strengths from one to another." },
];

/** How the selected features become columns. */
export function LayoutBar() {
  const { store, actions, id } = useView();
  const selection = store.selection.value.value;
  const { layout, baseline, samples, control } = selection;
  /** A grid or sweep that has no strengths yet gets some that fit the first feature's dial. */
  const proposal = (chosen: Layout): Partial<Selection> => {
    const { saes } = store.status.value;
    if (chosen === "grid" && selection.grid_strengths.length === 0)
      return { grid_strengths: gridProposal(selection, saes, store.known) };
    if (chosen === "sweep" && selection.sweep_start === selection.sweep_stop)
      return sweepProposal(selection, saes, store.known);
    return {};
  };
  return (
    <div class="sw-layout">
      <Segments
        legend="Layout of the run"
        name={id("layout")}
        value={layout}
        options={LAYOUTS}
        testId="sw-layout"
        onChange={(chosen) => {
          store.ui.forget((field) =>
            ["grid_strengths", "sweep_start", "sweep_stop", "n_sweep_steps"].includes(field),
          );
          actions.setLayout({ layout: chosen, ...proposal(chosen) });
        }}
      />
      <Check
        title="An unsteered column to compare with. Turn it off to save a column."
        isOn={baseline}
        testId="sw-baseline"
        onChange={(on) => actions.setLayout({ baseline: on })}
      >
        Baseline
      </Check>
      <Check
        title="Beside each steered column one that pushes just as hard in a random direction: what changes there too is not the feature's doing."
        isOn={control}
        testId="sw-control"
        onChange={(on) => actions.setLayout({ control: on })}
      >
        Random control
      </Check>
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
      {layout === "grid" && <GridStrengths />}
      {layout === "sweep" && <SweepRange />}
      <FieldError field="samples" testId="sw-field-error-samples" />
    </div>
  );
}
