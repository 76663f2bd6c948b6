import { bandIn } from "../band";
import { normOf, saeOf, sourceOf } from "../directions";
import { dosePerUnit } from "../dose";
import { dialOf, methodHint, methodOf, resetOf } from "../methods";
import { type NumberRule, plainNumber, signed } from "../numbers";
import { useView } from "../page";
import type { SelectedEdit } from "../protocol.gen";
import { dialRange, FACTOR_SCALE, pushScale, UNITS } from "../strength";
import { Choice } from "./Choice";
import { Dial } from "./Dial";
import { DoseRuler, doseSaid } from "./DoseRuler";
import { errorId } from "./FieldError";
import { IconButton } from "./IconButton";
import { NumberBox } from "./NumberBox";

const STRENGTH: NumberRule = { field: "strength", whole: false, allowed: "a finite number" };
const FACTOR_STEP = 0.1;

interface Props {
  row: string;
  index: number;
  edit: SelectedEdit;
  name: string;
}

/** Dial with its dose, number and unit; a factor has no unit. */
export function RowStrength({ row, index, edit, name }: Props) {
  const { store, actions, bands, editing, id } = useView();
  const { saes } = store.status.value;
  const path = `strength/${row}`;
  const method = methodOf(edit);
  const unit = edit.unit ?? "raw";
  const isFactor = dialOf(method) === "factor";
  const known = store.known(edit.feature);
  const { master } = store.selection.value.value;
  const band = bandIn(edit, saes, known, master);
  const collapse = band?.collapse ?? null;
  const scale = isFactor
    ? FACTOR_SCALE
    : pushScale(dialRange(unit, saeOf(edit.feature, saes), normOf(edit.feature)));
  const perUnit = dosePerUnit(edit, saes, known, master);
  const words = isFactor ? plainNumber : signed;
  const start = resetOf(edit, saes, known);
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
        scale={scale}
        unitName={isFactor ? "times" : (UNITS.find((u) => u.value === unit)?.name ?? unit)}
        hint={methodHint(method)}
        signs={!isFactor}
        band={band}
        also={perUnit === null ? "" : doseSaid(Math.abs(edit.strength) * perUnit, edit.strength, collapse)}
        testId={`sw-dial-${index}`}
        onChange={(strength) => {
          store.ui.forget((field) => field === path);
          setStrength(strength);
        }}
      >
        {perUnit !== null && (
          <DoseRuler
            scale={scale}
            perUnit={perUnit}
            strength={edit.strength}
            collapse={collapse}
            testId={`sw-dose-${index}`}
          />
        )}
      </Dial>
      <span class="sw-strength-box">
        <NumberBox
          path={path}
          rule={STRENGTH}
          label={`${isFactor ? "Factor" : "Strength"} of ${name}, as a number`}
          value={edit.strength}
          step={isFactor || unit !== "raw" ? FACTOR_STEP : 1}
          testId={`sw-strength-${index}`}
          onChange={setStrength}
        />
        <IconButton
          icon="undo"
          label={`Set the ${isFactor ? "factor" : "strength"} of ${name} back to ${words(start)}`}
          testId={`sw-reset-${index}`}
          isDisabled={edit.strength === start && store.fieldErrors.value[path] === undefined}
          onPress={() => editing.reset(row)}
        />
        <IconButton
          icon="plus"
          label={
            edit.more_strengths.includes(edit.strength)
              ? `${words(edit.strength)} is kept already: dial another strength of ${name}`
              : `Keep ${words(edit.strength)} as one of several strengths of ${name}`
          }
          testId={`sw-add-strength-${index}`}
          isDisabled={edit.more_strengths.includes(edit.strength)}
          onPress={() => editing.addStrength(row, edit.strength)}
        />
      </span>
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
          onChange={(chosen) => {
            actions.setUnit(row, chosen);
            if (chosen === "auto" && known.band === null) void bands.find(edit.feature);
          }}
        />
      )}
    </>
  );
}
