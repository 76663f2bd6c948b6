import { dialOf, methodOf } from "../methods";
import { plainNumber, signed } from "../numbers";
import { useView } from "../page";
import type { SelectedEdit } from "../protocol.gen";
import { Icon } from "./Icon";
import { StrengthChips } from "./StrengthChips";

interface Props {
  row: string;
  index: number;
  edit: SelectedEdit;
  name: string;
}

/** Further strengths of a row besides the dial's own: each makes a column of its own. */
export function MoreStrengths({ row, index, edit, name }: Props) {
  const { editing } = useView();
  const { strength, more_strengths } = edit;
  const words = dialOf(methodOf(edit)) === "factor" ? plainNumber : signed;
  const isKept = more_strengths.includes(strength);
  return (
    <div class="sw-more">
      {more_strengths.length > 0 && <span class="sw-quiet">also at</span>}
      <StrengthChips
        of={name}
        strengths={more_strengths}
        words={words}
        path={`more_strengths/${row}`}
        testId={`sw-chips-${index}`}
        onReplace={(gone, instead) => editing.replaceStrength(row, gone, instead)}
        onRemove={(gone) => editing.removeStrength(row, gone)}
      />
      <button
        type="button"
        class="sw-link sw-add-strength"
        disabled={isKept}
        title={
          isKept
            ? "This strength is kept already: dial another one"
            : "Keep the dial's strength as one of several, then dial another one; each is run"
        }
        aria-label={`Keep strength ${words(strength)} of ${name} as one of several`}
        data-testid={`sw-add-strength-${index}`}
        onClick={() => editing.addStrength(row, strength)}
      >
        <Icon name="plus" />
        {words(strength)}
      </button>
    </div>
  );
}
