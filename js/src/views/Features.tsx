import { useView } from "../page";
import { rowKeys } from "../rows";
import { FeatureRow } from "./FeatureRow";
import { FeatureSearch } from "./FeatureSearch";
import { SetMenu } from "./SetMenu";

export function Features() {
  const { store, id } = useView();
  const { edits } = store.selection.value.value;
  const keys = rowKeys(edits);
  return (
    <section class="sw-section" aria-labelledby={id("features")}>
      <div class="sw-heading">
        <h3 id={id("features")}>Features</h3>
        {edits.length > 1 && <span class="sw-quiet">{edits.length} selected</span>}
        <SetMenu kind="features" />
      </div>
      <FeatureSearch />
      {edits.length > 0 && (
        <ul class="sw-rows">
          {edits.map((edit, i) => (
            <FeatureRow key={keys[i]} row={keys[i] ?? ""} index={i} edit={edit} />
          ))}
        </ul>
      )}
    </section>
  );
}
