import { explain, kindOf } from "../directions";
import { useView } from "../page";
import type { Edit, Steering } from "../protocol.gen";
import { strengthWords, whereWords } from "../steering";
import { Swatch } from "./Swatch";

function HeadOfEdit({ edit }: { edit: Edit }) {
  const { store } = useView();
  const direction = edit.feature;
  const label = store.nameOf(direction) || "no label";
  return (
    <span class="sw-column-edit" data-colour={store.colours.of(direction)}>
      <Swatch />
      <span class="sw-column-words">
        <span class="sw-label" dir="auto" title={[label, explain(direction)].filter(Boolean).join(". ")}>
          {label}
        </span>
        <span class="sw-column-facts">
          <span class="sw-strength">{strengthWords(edit)}</span>
          {whereWords(edit).map((words) => (
            <span key={words}>{words}</span>
          ))}
          <span class="sw-index">{kindOf(direction, store.status.value.saes)}</span>
        </span>
      </span>
    </span>
  );
}

/** What a column does: its directions in their colours, each with all that is special about its edit. */
export function ColumnHead({ steering }: { steering: Steering }) {
  const { store } = useView();
  const { edits, preserve_norm } = steering;
  const [first] = edits;
  if (first === undefined) {
    return (
      <div class="sw-column" role="columnheader" data-baseline="true">
        <span class="sw-column-edit">
          <Swatch />
          <span class="sw-column-words">
            <span class="sw-label">Baseline</span>
            <span class="sw-quiet">unsteered</span>
          </span>
        </span>
      </div>
    );
  }
  return (
    <div class="sw-column" role="columnheader" data-colour={store.colours.of(first.feature)}>
      {edits.map((edit, i) => (
        <HeadOfEdit key={i} edit={edit} />
      ))}
      {preserve_norm === true && (
        <span
          class="sw-column-whole"
          title="Each steered hidden state gets its former length back; only its direction changes."
        >
          norm kept
        </span>
      )}
    </div>
  );
}
