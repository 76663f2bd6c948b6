import { signed } from "../numbers";
import { useView } from "../page";
import type { Edit } from "../protocol.gen";
import { UNITS } from "../strength";

function suffix(edit: Edit): string {
  const unit =
    edit.unit === null || edit.unit === "raw" ? "" : ` ${UNITS.find((u) => u.value === edit.unit)?.name}`;
  const method = edit.method === null || edit.method === "add" ? "" : ` ${edit.method}`;
  const positions = edit.positions === null || edit.positions === "all" ? "" : ` ${edit.positions} only`;
  return unit + method + positions;
}

/** What a column does: its features in their colours, each at its strength. */
export function ColumnHead({ edits }: { edits: readonly Edit[] }) {
  const { store } = useView();
  if (edits.length === 0) {
    return (
      <div class="sw-column" role="columnheader" data-baseline="true">
        <span class="sw-column-edit">
          <span class="sw-swatch" aria-hidden="true" />
          <span class="sw-column-words">
            <span class="sw-label">Baseline</span>
            <span class="sw-quiet">unsteered</span>
          </span>
        </span>
      </div>
    );
  }
  return (
    <div
      class="sw-column"
      role="columnheader"
      data-colour={store.colours.of(edits[0]?.feature ?? NO_FEATURE)}
    >
      {edits.map((edit, i) => {
        const label = edit.feature.label || store.ui.cards.value.get(edit.feature.index)?.label || "no label";
        return (
          <span class="sw-column-edit" key={i} data-colour={store.colours.of(edit.feature)}>
            <span class="sw-swatch" aria-hidden="true" />
            <span class="sw-column-words">
              <span class="sw-label" dir="auto" title={label}>
                {label}
              </span>
              <span class="sw-column-facts">
                <span class="sw-strength">
                  {signed(edit.strength)}
                  {suffix(edit)}
                </span>
                <span class="sw-index">feature {edit.feature.index}</span>
              </span>
            </span>
          </span>
        );
      })}
    </div>
  );
}

const NO_FEATURE = { index: 0, label: "", sae: "" };
