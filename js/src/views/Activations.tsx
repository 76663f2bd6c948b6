import { featureOf, labelOf } from "../directions";
import { short } from "../numbers";
import { useView } from "../page";
import type { Edit, FeatureActivation } from "../protocol.gen";

interface Props {
  activations: readonly FeatureActivation[];
  edits: readonly Edit[];
}

/** How strongly the features that steer a cell fire on its text. */
export function Activations({ activations, edits }: Props) {
  const { store } = useView();
  return (
    <>
      {activations.map(({ index, sae, mean, max }) => {
        const feature = edits.map((edit) => featureOf(edit.feature)).find((one) => one?.index === index);
        const label = (feature && labelOf(feature)) || store.card({ index, sae })?.label;
        return (
          <span key={`${sae}/${index}`} class="sw-values">
            mean {short(mean)}, maximum {short(max)}
            {activations.length > 1 && (
              <span class="sw-quiet">
                {" "}
                <bdi>{label}</bdi> {index}
              </span>
            )}
          </span>
        );
      })}
    </>
  );
}
