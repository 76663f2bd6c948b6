import { dialOf, methodOf } from "../methods";
import { plainNumber, signed } from "../numbers";
import { useView } from "../page";
import type { SelectedEdit } from "../protocol.gen";
import { StrengthChips } from "./StrengthChips";

interface Props {
  row: string;
  index: number;
  edit: SelectedEdit;
  name: string;
}

/** Further strengths of a row besides the dial's own: each makes columns of its own. */
export function MoreStrengths({ row, index, edit, name }: Props) {
  const { editing } = useView();
  if (edit.more_strengths.length === 0) return null;
  return (
    <div class="sw-more">
      <span class="sw-quiet">also at</span>
      <StrengthChips
        of={name}
        strengths={edit.more_strengths}
        words={dialOf(methodOf(edit)) === "factor" ? plainNumber : signed}
        path={`more_strengths/${row}`}
        testId={`sw-chips-${index}`}
        onReplace={(gone, instead) => editing.replaceStrength(row, gone, instead)}
        onRemove={(gone) => editing.removeStrength(row, gone)}
      />
    </div>
  );
}
