import { useEffect } from "preact/hooks";
import { featureOf, isOfFirstSae, labelOf } from "../directions";
import { MEASURES } from "../measures";
import { short, shortSigned } from "../numbers";
import { useView } from "../page";
import type { Edit, FeatureActivation, FeatureShift, Measures } from "../protocol.gen";

interface Props {
  measures: Measures;
  edits: readonly Edit[];
  index: number;
}

/** Everything that was measured on a cell, with what it means. */
export function MeasureDetails({ measures, edits, index }: Props) {
  return (
    <dl class="sw-measure-details" data-testid={`sw-measure-details-${index}`}>
      {MEASURES.map((info) => {
        const numbers = info.numbers(measures);
        if (numbers.length === 0) return null;
        return (
          <div key={info.id}>
            <dt>{info.name}</dt>
            <dd>
              {info.id === "activation" ? (
                <Activations activations={measures.activations} edits={edits} />
              ) : (
                <span class="sw-values">{numbers.join(", ")}</span>
              )}
              <span class="sw-quiet">{info.means}</span>
            </dd>
          </div>
        );
      })}
      {measures.off_target.length > 0 && (
        <div>
          <dt>Other features that moved</dt>
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

function Activations({
  activations,
  edits,
}: {
  activations: readonly FeatureActivation[];
  edits: readonly Edit[];
}) {
  const { store } = useView();
  return (
    <span class="sw-values">
      {activations.map(({ index, sae, mean, max }) => {
        const feature = edits.map((edit) => featureOf(edit.feature)).find((one) => one?.index === index);
        const label = (feature && labelOf(feature)) || store.card({ index, sae })?.label;
        return (
          <span key={`${sae}/${index}`} class="sw-value">
            {short(mean)}, maximum {short(max)}
            <span class="sw-quiet">
              {" "}
              <bdi>{label}</bdi> {index}
            </span>
          </span>
        );
      })}
    </span>
  );
}

/** Features are learnt when they are looked at: a number alone says nothing. */
function OffTarget({ shifts }: { shifts: readonly FeatureShift[] }) {
  const { store, actions } = useView();
  const { saes } = store.status.value;
  const online = store.link.value === "online";
  useEffect(() => {
    if (!online) return;
    for (const { index, sae } of shifts) if (isOfFirstSae(sae, saes)) void actions.learn(index);
  }, [actions, online, saes, shifts]);
  return (
    <span class="sw-values" data-testid="sw-off-target">
      {shifts.map(({ index, sae, shift }) => (
        <span key={`${sae}/${index}`} class="sw-value">
          {shortSigned(shift)}
          <span class="sw-quiet">
            {" "}
            <bdi>{store.card({ index, sae })?.label}</bdi> {index}
          </span>
        </span>
      ))}
    </span>
  );
}
