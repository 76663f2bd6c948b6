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

/**
 * Puts a row before another one; null is the end. Where that other is gone, it comes before the next of those
 * that followed when the move was made (`madeOn`).
 */
export function withMoved<E extends Edit>(
  edits: readonly E[],
  madeOn: readonly E[],
  row: string,
  before: string | null,
): E[] {
  const keys = rowKeys(edits);
  const mover = edits[keys.indexOf(row)];
  if (mover === undefined) return [...edits];
  const asked = rowKeys(madeOn);
  const followers = before === null ? [] : asked.slice(asked.indexOf(before)).filter((key) => key !== row);
  const anchor = followers.find((key) => keys.includes(key));
  const moved = edits.flatMap((edit, i) => {
    if (edit === mover && keys[i] === row) return [];
    return keys[i] === anchor ? [mover, edit] : [edit];
  });
  return anchor === undefined ? [...moved, mover] : moved;
}

/** Names that rows get by a change which keeps their objects, such as a move past another of the same direction. */
export function renamed(before: readonly Edit[], after: readonly Edit[]): ReadonlyMap<string, string> {
  const [old, now] = [rowKeys(before), rowKeys(after)];
  const names = new Map<string, string>();
  // Of equal objects, as a duplicate makes them, the first stays the first.
  const left = before.map((edit, i) => ({ edit, key: old[i] ?? "" }));
  for (const [i, edit] of after.entries()) {
    const at = left.findIndex((one) => one.edit === edit);
    const [found] = at < 0 ? [] : left.splice(at, 1);
    if (found !== undefined && found.key !== now[i]) names.set(found.key, now[i] ?? "");
  }
  return names;
}
