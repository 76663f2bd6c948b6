// Rows of selected features: edits have no id of their own, so a row is named by its feature and its turn.
import type { Edit, Feature } from "./protocol.gen";

const featureKey = (feature: Feature): string => `${feature.sae}:${feature.index}`;

/** One key per row; stays the same when other features come and go. */
export function rowKeys(edits: readonly Edit[]): string[] {
  const seen = new Map<string, number>();
  return edits.map(({ feature }) => {
    const key = featureKey(feature);
    const turn = seen.get(key) ?? 0;
    seen.set(key, turn + 1);
    return `${key}#${turn}`;
  });
}

export function withRow(edits: readonly Edit[], key: string, change: (edit: Edit) => Edit[]): Edit[] {
  const keys = rowKeys(edits);
  return edits.flatMap((edit, i) => (keys[i] === key ? change(edit) : [edit]));
}
