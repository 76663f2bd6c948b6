import { useEffect } from "preact/hooks";
import type { NumberRule } from "../numbers";
import { useView } from "../page";
import type { Edit, Positions } from "../protocol.gen";
import { dialRange, UNITS } from "../strength";
import { Choice } from "./Choice";
import { Dial } from "./Dial";
import { FeatureDetails } from "./FeatureDetails";
import { errorId, FieldError } from "./FieldError";
import { IconButton } from "./IconButton";
import { NumberBox } from "./NumberBox";

const STRENGTH: NumberRule = { field: "strength", whole: false, allowed: "a finite number" };

const POSITIONS: readonly { value: Positions; name: string; hint: string }[] = [
  { value: "all", name: "all positions", hint: "Steers the prompt and what is generated." },
  { value: "prompt", name: "prompt only", hint: "Steers the prompt's tokens only." },
  { value: "generated", name: "generated only", hint: "Steers the generated tokens only." },
];

interface Props {
  row: string;
  index: number;
  edit: Edit;
}

export function FeatureRow({ row, index, edit }: Props) {
  const { store, actions, id } = useView();
  const { sae, methods } = store.status.value;
  const feature = edit.feature.index;
  const card = store.ui.cards.value.get(feature);
  const online = store.link.value === "online";
  const open = store.ui.opened.value.has(row);
  const unit = edit.unit ?? "raw";
  const label = edit.feature.label || card?.label || "";
  const name = label === "" ? `feature ${feature}` : `${label} (feature ${feature})`;
  const strengthPath = `strength/${row}`;
  const setStrength = (strength: number) => actions.changeEdit(row, "strength", (e) => ({ ...e, strength }));

  useEffect(() => {
    if (online) void actions.learn(feature);
  }, [actions, feature, online]);

  return (
    <li class="sw-row" data-colour={store.colours.of(edit.feature)} data-testid={`sw-feature-${index}`}>
      <div class="sw-row-head">
        <span class="sw-swatch" aria-hidden="true" />
        <span class="sw-label" dir="auto" title={label}>
          {label || "no label"}
        </span>
        <span class="sw-index">{feature}</span>
        <span class="sw-row-buttons">
          <IconButton
            icon="chevron"
            class="sw-expander"
            label={`Details of ${name}`}
            expanded={open}
            testId={`sw-details-${index}`}
            onPress={() => store.ui.toggle(row)}
          />
          <IconButton
            icon="copy"
            label={`Duplicate ${name}`}
            testId={`sw-duplicate-${index}`}
            onPress={() => actions.duplicate(row)}
          />
          <IconButton
            icon="close"
            label={`Remove ${name}`}
            testId={`sw-remove-${index}`}
            onPress={() => actions.remove(row)}
          />
        </span>
      </div>
      <div class="sw-row-dials">
        <Dial
          label={`Strength of ${name}`}
          strength={edit.strength}
          range={dialRange(unit, sae)}
          unitName={UNITS.find((u) => u.value === unit)?.name ?? unit}
          testId={`sw-dial-${index}`}
          onChange={(strength) => {
            store.ui.forget((field) => field === strengthPath);
            setStrength(strength);
          }}
        />
        <NumberBox
          path={strengthPath}
          rule={STRENGTH}
          label={`Strength of ${name}, as a number`}
          value={edit.strength}
          step={unit === "raw" ? 1 : 0.1}
          testId={`sw-strength-${index}`}
          onChange={setStrength}
        />
        <Choice
          label={`Unit of ${name}`}
          value={unit}
          options={UNITS}
          testId={`sw-unit-${index}`}
          describedBy={id(errorId(`unit/${row}`))}
          onChange={(chosen) => actions.setUnit(row, chosen)}
        />
        {methods.length > 1 && (
          <Choice
            label={`Method of ${name}`}
            value={edit.method ?? methods[0] ?? ""}
            options={methods.map((method) => ({ value: method, name: method }))}
            testId={`sw-method-${index}`}
            onChange={(method) => actions.changeEdit(row, "method", (e) => ({ ...e, method }))}
          />
        )}
        <Choice
          label={`Positions steered by ${name}`}
          value={edit.positions ?? "all"}
          options={POSITIONS}
          testId={`sw-positions-${index}`}
          onChange={(positions) => actions.changeEdit(row, "positions", (e) => ({ ...e, positions }))}
        />
      </div>
      {["feature", "strength", "unit", "method", "positions"].map((field) => (
        <FieldError key={field} field={`${field}/${row}`} testId={`sw-field-error-${field}-${index}`} />
      ))}
      {open && <FeatureDetails card={card} />}
    </li>
  );
}
