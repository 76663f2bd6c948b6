import { dialOf, methodHint, methodOf, methodOptions } from "../methods";
import { useView } from "../page";
import type { SelectedEdit } from "../protocol.gen";
import { BandLine } from "./BandLine";
import { Choice } from "./Choice";
import { MoreStrengths } from "./MoreStrengths";
import { PositionsChoice } from "./PositionsChoice";
import { RowStrength } from "./RowStrength";

interface Props {
  row: string;
  index: number;
  edit: SelectedEdit;
  name: string;
}

/** How it steers: method, strengths as the method has them, positions. */
export function RowDials({ row, index, edit, name }: Props) {
  const { store, actions } = useView();
  const { methods } = store.status.value;
  const method = methodOf(edit);
  const options = methodOptions(methods, method);
  const hasStrength = dialOf(method) !== "none";
  return (
    <div class="sw-row-dials">
      {options.length > 1 && (
        <Choice
          label={`Method of ${name}`}
          value={method}
          options={options}
          class="sw-method"
          testId={`sw-method-${index}`}
          onChange={(chosen) => actions.setMethod(row, chosen)}
        />
      )}
      {hasStrength ? (
        <RowStrength row={row} index={index} edit={edit} name={name} />
      ) : (
        <p class="sw-no-dial sw-quiet" data-testid={`sw-no-strength-${index}`}>
          {methodHint(method)}
        </p>
      )}
      <PositionsChoice
        label={`Positions steered by ${name}`}
        positions={edit.positions}
        testId={`sw-positions-${index}`}
        onChange={(positions) => actions.changeEdit(row, "positions", (e) => ({ ...e, positions }))}
      />
      <BandLine row={row} index={index} edit={edit} name={name} />
      {hasStrength && <MoreStrengths row={row} index={index} edit={edit} name={name} />}
    </div>
  );
}
