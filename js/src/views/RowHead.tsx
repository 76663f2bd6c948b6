import { isCalibrated } from "../band";
import { explain, kindOf, labelOf } from "../directions";
import { dialOf, methodOf } from "../methods";
import type { RowMoves } from "../moves";
import { useView } from "../page";
import type { SelectedEdit } from "../protocol.gen";
import { Button } from "./Button";
import { EditMarks } from "./EditMarks";
import { Icon } from "./Icon";
import { IconButton } from "./IconButton";
import { RowHandle } from "./RowHandle";
import { Swatch } from "./Swatch";

interface Props {
  row: string;
  index: number;
  edit: SelectedEdit;
  /** What the buttons call it. */
  name: string;
  label: string;
  moves: RowMoves;
}

/** What is steered, and what can be done with its row. */
export function RowHead({ row, index, edit, name, label, moves }: Props) {
  const { store, bands, editing } = useView();
  const direction = edit.feature;
  const { saes } = store.status.value;
  const isFeature = direction.kind === "feature";
  const kind = kindOf(direction, saes);
  const isHidden = edit.is_hidden;
  return (
    <div class="sw-row-head">
      <RowHandle row={row} index={index} name={name} moves={moves} />
      <Swatch />
      <span class="sw-label" dir="auto" title={labelOf(direction, label)}>
        {label || "no label"}
      </span>
      <span class="sw-index" title={explain(direction) || undefined}>
        {isFeature ? kind.replace("feature ", "") : kind}
      </span>
      {isHidden && (
        <span
          class="sw-badge sw-hidden-row"
          title="Left out of the next run."
          data-testid={`sw-is-hidden-${index}`}
        >
          <Icon name="hidden" />
          hidden
        </span>
      )}
      <EditMarks edit={edit} />
      <span class="sw-row-buttons">
        {isCalibrated(edit) && store.known(direction).band === null && !bands.isPending(direction) && (
          <Button
            kind="link"
            aria-label={`Calibrate ${name}`}
            title="Finds the strengths between which it steers and texts still hold together"
            testId={`sw-calibrate-${index}`}
            onPress={() => void bands.find(direction)}
          >
            Calibrate
          </Button>
        )}
        <IconButton
          icon="chevron"
          class="sw-expander"
          label={`Details of ${name}`}
          expanded={store.ui.opened.value.has(row)}
          testId={`sw-details-${index}`}
          onPress={() => store.ui.toggle(row)}
        />
        {dialOf(methodOf(edit)) !== "none" && (
          <IconButton
            icon="negate"
            label={`Turn the sign of ${name}`}
            testId={`sw-negate-${index}`}
            onPress={() => editing.negate(row)}
          />
        )}
        <IconButton
          icon={isHidden ? "hidden" : "eye"}
          label={isHidden ? `Take ${name} into the run again` : `Leave ${name} out of the run`}
          testId={`sw-hide-${index}`}
          onPress={() => editing.hide(row, !isHidden)}
        />
        <IconButton
          icon="copy"
          label={`Duplicate ${name}`}
          testId={`sw-duplicate-${index}`}
          onPress={() => editing.duplicate(row)}
        />
        <IconButton
          icon="close"
          label={`Remove ${name}`}
          testId={`sw-remove-${index}`}
          onPress={() => editing.remove(row)}
        />
      </span>
    </div>
  );
}
