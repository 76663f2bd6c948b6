import { useEffect } from "preact/hooks";
import { featureOf, labelOf, saeOf } from "../directions";
import type { RowMoves } from "../moves";
import { useView } from "../page";
import type { SelectedEdit } from "../protocol.gen";
import { FeatureDetails } from "./FeatureDetails";
import { FieldError } from "./FieldError";
import { RowDials } from "./RowDials";
import { RowHead } from "./RowHead";

interface Props {
  row: string;
  index: number;
  edit: SelectedEdit;
  moves: RowMoves;
  /** On which side of it the dragged row would come. */
  drop: "before" | "after" | undefined;
}

/** One edit of the selection: mostly a feature; a vector or a control where Python put one. */
export function FeatureRow({ row, index, edit, moves, drop }: Props) {
  const { store, actions, bands } = useView();
  const direction = edit.feature;
  const feature = featureOf(direction);
  const card = store.card(feature);
  const { saes } = store.status.value;
  const online = store.link.value === "online";
  const label = labelOf(direction, card?.label);
  const name =
    direction.kind !== "feature"
      ? label
      : label === ""
        ? `feature ${direction.index}`
        : `${label} (feature ${direction.index})`;

  useEffect(() => {
    if (online && feature !== null) void actions.learn(feature.index, feature.sae);
  }, [actions, feature?.index, feature?.sae, saes, online]);

  // A feature's card has its band; of others it is asked.
  const { kind } = direction;
  useEffect(() => {
    if (online && kind !== "feature") void bands.read(direction);
  }, [bands, kind, row, online]);

  return (
    <li
      class="sw-row"
      data-colour={store.colours.of(direction)}
      data-hidden={edit.is_hidden}
      data-dragged={moves.dragged === row}
      data-drop={drop}
      data-row={row}
      data-testid={`sw-feature-${index}`}
    >
      <RowHead row={row} index={index} edit={edit} name={name} label={label} moves={moves} />
      <RowDials row={row} index={index} edit={edit} name={name} />
      {["feature", "strength", "more_strengths", "unit", "method", "positions"].map((field) => (
        <FieldError key={field} field={`${field}/${row}`} testId={`sw-field-error-${field}-${index}`} />
      ))}
      {store.ui.opened.value.has(row) && (
        <FeatureDetails
          card={direction.kind === "feature" ? card : undefined}
          direction={direction}
          sae={saeOf(direction, saes)}
        />
      )}
    </li>
  );
}
