import type { ColumnWords } from "../columns";
import { useView } from "../page";
import type { Steering } from "../protocol.gen";

interface Props {
  steerings: readonly Steering[];
  columns: readonly ColumnWords[];
}

/** What the columns do, each under its direction's colour. */
export function HeatHead({ steerings, columns }: Props) {
  const { store } = useView();
  return (
    <div class="sw-heat-row" role="row">
      <span class="sw-heat-corner" role="columnheader">
        Prompt
      </span>
      {columns.map(({ label, strength, whole }, column) => {
        return (
          <span
            key={column}
            class="sw-heat-column"
            role="columnheader"
            title={whole}
            data-colour={store.colours.ofFirst(steerings[column]?.edits ?? [])}
          >
            <span class="sw-heat-label" dir="auto">
              {label}
            </span>
            {strength !== "" && <span class="sw-strength">{strength}</span>}
          </span>
        );
      })}
    </div>
  );
}
