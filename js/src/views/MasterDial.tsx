import type { NumberRule } from "../numbers";
import { useView } from "../page";
import { MASTER_SCALE } from "../strength";
import { Dial } from "./Dial";
import { FieldError } from "./FieldError";
import { IconButton } from "./IconButton";
import { NumberBox } from "./NumberBox";

const MASTER: NumberRule = { field: "master", whole: false, allowed: "a finite number" };
const HINT =
  "Multiplies all strengths at once; of a method's factor, its distance from what changes nothing. 1 leaves them, 0 turns the steering off.";

/** One dial for all rows; it is there where it can mean something. */
export function MasterDial() {
  const { store, editing, id } = useView();
  const { edits, master } = store.selection.value.value;
  const isTroubled = store.fieldErrors.value["master"] !== undefined;
  if (edits.length === 0 || (edits.length === 1 && master === 1 && !isTroubled)) return null;
  const set = (value: number) => {
    store.ui.forget((field) => field === "master");
    editing.setMaster(value);
  };
  return (
    <div class="sw-master" data-testid="sw-master-row">
      <span class="sw-master-name" id={id("master")} title={HINT}>
        All strengths
      </span>
      <Dial
        label="Factor on all strengths"
        strength={master}
        scale={MASTER_SCALE}
        unitName="times"
        hint={HINT}
        signs={false}
        testId="sw-master-dial"
        onChange={set}
      />
      <NumberBox
        path="master"
        rule={MASTER}
        label="Factor on all strengths, as a number"
        value={master}
        step={0.1}
        testId="sw-master"
        onChange={(value) => editing.setMaster(value)}
      />
      <IconButton
        icon="undo"
        label="Set the factor on all strengths back to 1"
        testId="sw-master-reset"
        isDisabled={master === 1 && !isTroubled}
        onPress={() => set(1)}
      />
      <FieldError field="master" testId="sw-field-error-master" />
    </div>
  );
}
