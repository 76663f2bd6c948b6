import type { NumberRule } from "../numbers";
import { useView } from "../page";
import { FieldError } from "./FieldError";
import { NumberBox } from "./NumberBox";
import { OverBand } from "./OverBand";

type SweepField = "sweep_start" | "sweep_stop" | "n_sweep_steps";

interface Setting extends NumberRule {
  readonly field: SweepField;
  readonly name: string;
  readonly label: string;
}

const SETTINGS: readonly Setting[] = [
  {
    field: "sweep_start",
    name: "From",
    label: "First strength of the sweep",
    whole: false,
    allowed: "a finite number",
  },
  {
    field: "sweep_stop",
    name: "to",
    label: "Last strength of the sweep",
    whole: false,
    allowed: "a finite number",
  },
  {
    field: "n_sweep_steps",
    name: "steps",
    label: "Number of strengths in the sweep, both ends included",
    whole: true,
    allowed: "a whole number from 1 to 200",
  },
];

/** How fine a press of an arrow key is: a tenth of the way, as a round number. */
const stepOf = (start: number, stop: number): number =>
  10 ** Math.floor(Math.log10(Math.abs(stop - start) / 2 || 1));

/** From where to where, and how many strengths; in the unit of each row. */
export function SweepRange() {
  const { store, actions } = useView();
  const selection = store.selection.value.value;
  const step = stepOf(selection.sweep_start, selection.sweep_stop);
  return (
    <div class="sw-layout-more">
      {SETTINGS.map((setting) => (
        <span class="sw-inline" key={setting.field} title={`${setting.label}, in the unit of each row`}>
          <span aria-hidden>{setting.name}</span>
          <NumberBox
            path={setting.field}
            rule={setting}
            label={setting.label}
            value={selection[setting.field]}
            step={setting.whole ? 1 : step}
            testId={`sw-${setting.field}`}
            onChange={(value) => actions.setLayout({ [setting.field]: value })}
          />
        </span>
      ))}
      <OverBand over={({ from, to }) => ({ sweep_start: from, sweep_stop: to })} />
      {SETTINGS.map(({ field }) => (
        <FieldError key={field} field={field} testId={`sw-field-error-${field}`} />
      ))}
    </div>
  );
}
