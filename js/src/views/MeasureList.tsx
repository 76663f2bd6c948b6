import { inWords, MEASURES } from "../measures";
import type { Edit, Measures } from "../protocol.gen";
import { Activations } from "./Activations";
import { OffTarget } from "./OffTarget";

/** Everything that was measured on a cell, each with what it means. */
export function MeasureList({ measures, edits }: { measures: Measures; edits: readonly Edit[] }) {
  return (
    <dl>
      {MEASURES.map((info) => {
        const numbers = inWords(info, measures);
        if (numbers === "") return null;
        return (
          <div key={info.id}>
            <dt>{info.name}</dt>
            <dd>
              {info.id === "activation" ? (
                <Activations activations={measures.activations} edits={edits} />
              ) : (
                <span class="sw-values">{numbers}</span>
              )}
              <span class="sw-quiet">{info.means}</span>
            </dd>
          </div>
        );
      })}
      {measures.off_target.length > 0 && (
        <div>
          <dt>Other features</dt>
          <dd>
            <OffTarget shifts={measures.off_target} />
            <span class="sw-quiet">
              How much more (+) or less (−) they fire here than on the baseline's text: what steering changed
              besides.
            </span>
          </dd>
        </div>
      )}
    </dl>
  );
}
