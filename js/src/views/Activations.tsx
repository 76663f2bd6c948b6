import { short } from "../numbers";
import { useView } from "../page";
import type { Edit, FeatureActivation } from "../protocol.gen";
import { featuresOf } from "../run_features";
import { featureKey } from "../tokens";

interface Props {
  activations: readonly FeatureActivation[];
  edits: readonly Edit[];
}

/** How strongly the features that steer a cell fire on its text. */
export function Activations({ activations, edits }: Props) {
  const { store } = useView();
  const names = featuresOf([{ edits }], store);
  return (
    <>
      {activations.map(({ index, sae, mean, max }) => {
        const name = names.find(({ key }) => key === featureKey({ index, sae }))?.name;
        return (
          <span key={`${sae}/${index}`} class="sw-values">
            mean {short(mean)}, maximum {short(max)}
            {activations.length > 1 && (
              <span class="sw-quiet">
                {" "}
                <bdi>{name}</bdi> {index}
              </span>
            )}
          </span>
        );
      })}
    </>
  );
}
