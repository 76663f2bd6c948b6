// The features that steer.
import { featureOf, labelOf } from "./directions";
import type { Edit } from "./protocol.gen";
import type { Store } from "./store";
import { featureKey } from "./tokens";

export interface RunFeature {
  /** As in `FeatureActivation`, where every SAE has its name. */
  readonly key: string;
  readonly name: string;
}

/** Of all edits, each feature once. */
export function featuresOf(
  steerings: readonly { readonly edits: readonly Edit[] }[],
  store: Store,
): readonly RunFeature[] {
  const [first] = store.status.value.saes;
  const all = new Map<string, string>();
  for (const { edits } of steerings)
    for (const edit of edits) {
      const feature = featureOf(edit.feature);
      if (feature === null) continue;
      const key = featureKey({ index: feature.index, sae: feature.sae || (first?.name ?? "") });
      const label = labelOf(feature, store.card(feature)?.label);
      if (!all.has(key)) all.set(key, label === "" ? `feature ${feature.index}` : label);
    }
  return [...all].map(([key, name]) => ({ key, name }));
}
