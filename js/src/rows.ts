// Rows of selected edits: they have no id of their own, so a row is named by its direction and its turn.
import { directionKey } from "./directions";
import type { Edit } from "./protocol.gen";

/** One key per row; stays the same when other rows come and go. */
export function rowKeys(edits: readonly Edit[]): string[] {
  const seen = new Map<string, number>();
  return edits.map(({ feature }) => {
    const key = directionKey(feature);
    const turn = seen.get(key) ?? 0;
    seen.set(key, turn + 1);
    return `${key}#${turn}`;
  });
}

export function withRow<E extends Edit>(edits: readonly E[], key: string, change: (edit: E) => E[]): E[] {
  const keys = rowKeys(edits);
  return edits.flatMap((edit, i) => (keys[i] === key ? change(edit) : [edit]));
}
