import { useState } from "preact/hooks";
import { gridOver } from "../band";
import { type NumberRule, parseNumber, plainNumber } from "../numbers";
import { useView } from "../page";
import { PLAIN_TEXT } from "../plain_text";
import { sortedOnce, withoutStrength, withReplaced } from "../strengths";
import { errorId, FieldError } from "./FieldError";
import { OverBand } from "./OverBand";
import { StrengthChips } from "./StrengthChips";

const PATH = "grid_strengths";
const STRENGTH: NumberRule = {
  field: "strength",
  whole: false,
  allowed: "finite numbers, with spaces between",
};

/** The strengths of a grid: each feature is run at each of them, in its row's own unit. */
export function GridStrengths() {
  const { store, actions, id } = useView();
  const { grid_strengths } = store.selection.value.value;
  const [text, setText] = useState("");
  const isWrong = store.fieldErrors.value[PATH] !== undefined;
  const set = (strengths: number[]) => actions.setLayout({ grid_strengths: strengths });
  const add = () => {
    const words = text.split(/[\s,;]+/).filter(Boolean);
    const parsed = words.map((word) => parseNumber(word, STRENGTH));
    const refused = parsed.find((one) => typeof one !== "number");
    if (refused !== undefined) {
      store.ui.refuse(PATH, refused);
      return;
    }
    setText("");
    if (parsed.length > 0)
      set(sortedOnce([...grid_strengths, ...parsed.filter((one) => typeof one === "number")]));
  };
  return (
    <div class="sw-layout-more">
      <span id={id("grid")} title="Each feature is run at each of these, in the unit of its row.">
        Strengths
      </span>
      <StrengthChips
        of="the grid"
        strengths={grid_strengths}
        words={plainNumber}
        path={PATH}
        testId="sw-grid"
        onReplace={(gone, instead) => set(withReplaced(grid_strengths, gone, instead))}
        onRemove={(gone) => set(withoutStrength(grid_strengths, gone))}
      />
      <input
        class="sw-input sw-grid-box"
        inputMode="decimal"
        {...PLAIN_TEXT}
        placeholder="add, as 10 20 40"
        aria-label="Strengths to add to the grid"
        aria-invalid={isWrong}
        aria-describedby={isWrong ? id(errorId(PATH)) : undefined}
        value={text}
        data-testid="sw-grid-add"
        onInput={(event) => {
          setText(event.currentTarget.value);
          store.ui.refuse(PATH, null);
        }}
        onBlur={add}
        onKeyDown={(event) => {
          if (event.key !== "Enter" || event.ctrlKey || event.metaKey) return;
          event.preventDefault();
          add();
        }}
      />
      <OverBand over={(zone) => ({ grid_strengths: gridOver(zone) })} />
      <FieldError field={PATH} testId="sw-field-error-grid_strengths" />
    </div>
  );
}
