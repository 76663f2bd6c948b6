import { explain, kindOf, labelOf } from "../directions";
import { useView } from "../page";
import type { Edit } from "../protocol.gen";
import { EditMarks } from "./EditMarks";
import { IconButton } from "./IconButton";

interface Props {
  row: string;
  index: number;
  edit: Edit;
  /** What the buttons call it. */
  name: string;
  label: string;
}

/** What is steered, and what can be done with its row. Only features have a card to open. */
export function RowHead({ row, index, edit, name, label }: Props) {
  const { store, actions } = useView();
  const direction = edit.feature;
  const { saes } = store.status.value;
  const isFeature = direction.kind === "feature";
  const kind = kindOf(direction, saes);
  return (
    <div class="sw-row-head">
      <span class="sw-swatch" aria-hidden="true" />
      <span class="sw-label" dir="auto" title={labelOf(direction, label)}>
        {label || "no label"}
      </span>
      <span class="sw-index" title={explain(direction) || undefined}>
        {isFeature ? kind.replace("feature ", "") : kind}
      </span>
      <EditMarks edit={edit} />
      <span class="sw-row-buttons">
        {isFeature && (
          <IconButton
            icon="chevron"
            class="sw-expander"
            label={`Details of ${name}`}
            expanded={store.ui.opened.value.has(row)}
            testId={`sw-details-${index}`}
            onPress={() => store.ui.toggle(row)}
          />
        )}
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
  );
}
