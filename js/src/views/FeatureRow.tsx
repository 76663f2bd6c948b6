import { useEffect } from "preact/hooks";
import { featureOf, isOfFirstSae, labelOf } from "../directions";
import { useView } from "../page";
import type { Edit } from "../protocol.gen";
import { FeatureDetails } from "./FeatureDetails";
import { FieldError } from "./FieldError";
import { RowDials } from "./RowDials";
import { RowHead } from "./RowHead";

interface Props {
  row: string;
  index: number;
  edit: Edit;
}

/** One edit of the selection: mostly a feature; a vector or a control where Python put one. */
export function FeatureRow({ row, index, edit }: Props) {
  const { store, actions } = useView();
  const direction = edit.feature;
  const feature = featureOf(direction);
  const card = store.card(feature);
  const online = store.link.value === "online";
  const known = feature !== null && isOfFirstSae(feature.sae, store.status.value.saes) ? feature.index : null;
  const label = labelOf(direction, card?.label);
  const name =
    direction.kind !== "feature"
      ? label
      : label === ""
        ? `feature ${direction.index}`
        : `${label} (feature ${direction.index})`;

  useEffect(() => {
    if (online && known !== null) void actions.learn(known);
  }, [actions, known, online]);

  return (
    <li class="sw-row" data-colour={store.colours.of(direction)} data-testid={`sw-feature-${index}`}>
      <RowHead row={row} index={index} edit={edit} name={name} label={label} />
      <RowDials row={row} index={index} edit={edit} name={name} />
      {["feature", "strength", "unit", "method", "positions"].map((field) => (
        <FieldError key={field} field={`${field}/${row}`} testId={`sw-field-error-${field}-${index}`} />
      ))}
      {direction.kind === "feature" && store.ui.opened.value.has(row) && <FeatureDetails card={card} />}
    </li>
  );
}
