import { useRef } from "preact/hooks";
import { useRowMoves } from "../moves";
import { useView } from "../page";
import { rowKeys } from "../rows";
import { FeatureRow } from "./FeatureRow";
import { FeatureSearch } from "./FeatureSearch";
import { MasterDial } from "./MasterDial";
import { SetMenu } from "./SetMenu";
import { SuggestMenu } from "./SuggestMenu";

/** What is selected, in the order of the columns, and how more is found. */
export function Features() {
  const { store, id } = useView();
  const list = useRef<HTMLUListElement>(null);
  const moves = useRowMoves(list);
  const { edits, layout } = store.selection.value.value;
  const keys = rowKeys(edits);
  const nHidden = edits.filter((edit) => edit.is_hidden).length;
  const isElsewhere = layout === "grid" || layout === "sweep";
  const last = edits.length - 1;
  return (
    <section class="sw-section" aria-labelledby={id("features")}>
      <div class="sw-heading">
        <h3 id={id("features")}>Features</h3>
        {edits.length > 1 && (
          <span class="sw-quiet sw-n-selected">
            {edits.length} selected{nHidden > 0 && `, ${nHidden} hidden`}
          </span>
        )}
        <span class="sw-heading-tools">
          <SuggestMenu />
          <SetMenu kind="vectors" />
          <SetMenu kind="features" />
        </span>
      </div>
      <FeatureSearch />
      {isElsewhere && edits.length > 0 && (
        <p class="sw-quiet" data-testid="sw-strengths-unused">
          The {layout} below sets the strengths; those of the rows are kept for the other layouts.
        </p>
      )}
      {edits.length > 0 && (
        <ul class="sw-rows" ref={list} data-unused={isElsewhere}>
          {edits.map((edit, i) => (
            <FeatureRow
              key={keys[i]}
              row={keys[i] ?? ""}
              index={i}
              edit={edit}
              moves={moves}
              drop={
                moves.gap === i ? "before" : i === last && moves.gap === edits.length ? "after" : undefined
              }
            />
          ))}
        </ul>
      )}
      <MasterDial />
      <span class="sw-hidden" id={moves.hintId}>
        Arrow up and arrow down move the row.
      </span>
      <span class="sw-hidden" role="status" data-testid="sw-moved">
        {moves.said}
      </span>
    </section>
  );
}
