import { normOf, saeOf, sourceOf } from "../directions";
import { dialOf, methodHint, methodOf, methodOptions } from "../methods";
import type { NumberRule } from "../numbers";
import { useView } from "../page";
import type { Edit } from "../protocol.gen";
import { dialRange, FACTOR_SCALE, pushScale, UNITS } from "../strength";
import { Choice } from "./Choice";
import { Dial } from "./Dial";
import { errorId } from "./FieldError";
import { NumberBox } from "./NumberBox";
import { PositionsChoice } from "./PositionsChoice";

const STRENGTH: NumberRule = { field: "strength", whole: false, allowed: "a finite number" };
const FACTOR_STEP = 0.1;

interface Props {
  row: string;
  index: number;
  edit: Edit;
  name: string;
}

/** How it steers: method, strength as the method has it, positions. */
export function RowDials({ row, index, edit, name }: Props) {
  const { store, actions } = useView();
  const { methods } = store.status.value;
  const method = methodOf(edit);
  const options = methodOptions(methods, method);
  return (
    <div class="sw-row-dials">
      {options.length > 1 && (
        <Choice
          label={`Method of ${name}`}
          value={method}
          options={options}
          testId={`sw-method-${index}`}
          onChange={(chosen) => actions.setMethod(row, chosen)}
        />
      )}
      {dialOf(method) === "none" ? (
        <p class="sw-no-dial sw-quiet" data-testid={`sw-no-strength-${index}`}>
          {methodHint(method)}
        </p>
      ) : (
        <Strength row={row} index={index} edit={edit} name={name} />
      )}
      <PositionsChoice
        label={`Positions steered by ${name}`}
        positions={edit.positions}
        testId={`sw-positions-${index}`}
        onChange={(positions) => actions.changeEdit(row, "positions", (e) => ({ ...e, positions }))}
      />
    </div>
  );
}

/** Dial, number and unit; a factor has no unit. */
function Strength({ row, index, edit, name }: Props) {
  const { store, actions, id } = useView();
  const path = `strength/${row}`;
  const method = methodOf(edit);
  const unit = edit.unit ?? "raw";
  const isFactor = dialOf(method) === "factor";
  const range = dialRange(unit, saeOf(edit.feature, store.status.value.saes), normOf(edit.feature));
  // A vector has no activation, so no multiples of its maximum either.
  const units =
    sourceOf(edit.feature).kind === "vector" && unit !== "max_act"
      ? UNITS.filter(({ value }) => value !== "max_act")
      : UNITS;
  const setStrength = (strength: number) => actions.changeEdit(row, "strength", (e) => ({ ...e, strength }));
  return (
    <>
      <Dial
        label={`${isFactor ? "Factor" : "Strength"} of ${name}`}
        strength={edit.strength}
        scale={isFactor ? FACTOR_SCALE : pushScale(range)}
        unitName={isFactor ? "times" : (UNITS.find((u) => u.value === unit)?.name ?? unit)}
        hint={methodHint(method)}
        signs={!isFactor}
        testId={`sw-dial-${index}`}
        onChange={(strength) => {
          store.ui.forget((field) => field === path);
          setStrength(strength);
        }}
      />
      <NumberBox
        path={path}
        rule={STRENGTH}
        label={`${isFactor ? "Factor" : "Strength"} of ${name}, as a number`}
        value={edit.strength}
        step={isFactor || unit !== "raw" ? FACTOR_STEP : 1}
        testId={`sw-strength-${index}`}
        onChange={setStrength}
      />
      {isFactor ? (
        <span class="sw-unit sw-quiet" title={methodHint(method)}>
          times
        </span>
      ) : (
        <Choice
          label={`Unit of ${name}`}
          value={unit}
          options={units}
          class="sw-unit"
          testId={`sw-unit-${index}`}
          describedBy={id(errorId(`unit/${row}`))}
          onChange={(chosen) => actions.setUnit(row, chosen)}
        />
      )}
    </>
  );
}
