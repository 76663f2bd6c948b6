import { useRef } from "preact/hooks";
import { isCalibrated } from "../band";
import { useRowMoves } from "../moves";
import { useView } from "../page";
import { rowKeys } from "../rows";
import { Button } from "./Button";
import { FeatureRow } from "./FeatureRow";
import { FeatureSearch } from "./FeatureSearch";
import { MasterDial } from "./MasterDial";
import { SetMenu } from "./SetMenu";
import { SuggestMenu } from "./SuggestMenu";

/** What is selected, in the order of the columns, and how more is found. */
export function Features() {
  const { store, bands, id } = useView();
  const list = useRef<HTMLUListElement>(null);
  const moves = useRowMoves(list);
  const { edits, layout } = store.selection.value.value;
  const keys = rowKeys(edits);
  const nHidden = edits.filter((edit) => edit.is_hidden).length;
  const isElsewhere = layout === "grid" || layout === "sweep";
  const last = edits.length - 1;
  const unknown = edits.filter(
    (edit) => isCalibrated(edit) && store.known(edit.feature).band === null && !bands.isPending(edit.feature),
  );
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
          {unknown.length > 1 && (
            <Button
              kind="link"
              title="Finds for each row the strengths between which it steers and texts still hold together"
              testId="sw-calibrate-all"
              onPress={() => {
                for (const { feature } of unknown) void bands.find(feature);
              }}
            >
              Calibrate all
            </Button>
          )}
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
