// What can be done with the rows of the selection besides dialling them.
import { resetOf } from "./methods";
import type { SelectedEdit } from "./protocol.gen";
import { renamed, rowKeys, withMoved, withRow } from "./rows";
import type { Store } from "./store";
import { negated, sortedOnce, withoutStrength, withReplaced, withStrength } from "./strengths";

const DIAL_PAUSE_MS = 150;

type Rows = readonly SelectedEdit[];

export class Editing {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Puts a copy behind the row. */
  duplicate(row: string): void {
    this.#reshape((edits) => withRow(edits, row, (edit) => [edit, edit]));
  }

  remove(row: string): void {
    const { ui } = this.#store;
    ui.forget((field) => field.endsWith(`/${row}`));
    if (ui.opened.value.has(row)) ui.toggle(row);
    for (const key of ui.setAside.keys()) if (key.endsWith(`/${row}`)) ui.setAside.delete(key);
    this.#reshape((edits) => withRow(edits, row, () => []));
  }

  /** Puts the row before another one, null is the end; gives the name that it has there. */
  move(row: string, before: string | null): string {
    const names = this.#reshape((edits, madeOn) => withMoved(edits, madeOn, row, before));
    return names.get(row) ?? row;
  }

  /** Turns the sign of all the row's strengths. */
  negate(row: string): void {
    this.#store.ui.forget((field) => field === `strength/${row}`);
    this.#change(row, (edit) => ({
      ...edit,
      strength: negated(edit.strength),
      more_strengths: sortedOnce(edit.more_strengths.map(negated)),
    }));
  }

  /** A hidden row is left out of the next run, but kept. */
  hide(row: string, isHidden: boolean): void {
    this.#store.selection.change(`is_hidden/${row}`, (s) => ({
      ...s,
      edits: withRow(s.edits, row, (edit) => [{ ...edit, is_hidden: isHidden }]),
    }));
  }

  /** Back to where a newly chosen direction starts, in the unit that the row has. */
  reset(row: string): void {
    const { status, ui } = this.#store;
    ui.forget((field) => field === `strength/${row}`);
    this.#change(row, (edit) => {
      return { ...edit, strength: resetOf(edit, status.value.saes, this.#store.known(edit.feature)) };
    });
  }

  addStrength(row: string, strength: number): void {
    this.#changeMore(row, (all) => withStrength(all, strength));
  }

  removeStrength(row: string, strength: number): void {
    this.#changeMore(row, (all) => withoutStrength(all, strength));
  }

  replaceStrength(row: string, strength: number, instead: number): void {
    this.#changeMore(row, (all) => withReplaced(all, strength, instead));
  }

  /** The factor on all strengths. */
  setMaster(master: number): void {
    this.#store.ui.fail("run", null);
    this.#store.selection.change("master", (s) => ({ ...s, master }), DIAL_PAUSE_MS);
  }

  #changeMore(row: string, change: (strengths: readonly number[]) => number[]): void {
    this.#change(row, (edit) => ({ ...edit, more_strengths: change(edit.more_strengths) }));
  }

  /** As a change of what there is: two of them are both made, in their order. */
  #change(row: string, change: (edit: SelectedEdit) => SelectedEdit): void {
    this.#store.ui.fail("run", null);
    this.#store.selection.reshape((s) => ({
      ...s,
      edits: withRow(s.edits, row, (edit) => [change(edit)]),
    }));
  }

  /** Drafts and what is open go along with rows that are named otherwise afterwards. */
  #reshape(change: (edits: Rows, madeOn: Rows) => SelectedEdit[]): ReadonlyMap<string, string> {
    const { selection } = this.#store;
    const { edits } = selection.value.value;
    const after = change(edits, edits);
    const names = renamed(edits, after);
    if (names.size > 0) this.#rename(names);
    const isSame = after.length === edits.length && after.every((edit, i) => edit === edits[i]);
    if (!isSame) selection.reshape((s, madeOn) => ({ ...s, edits: change(s.edits, madeOn.edits) }));
    return names;
  }

  #rename(names: ReadonlyMap<string, string>): void {
    const { ui } = this.#store;
    const rename = (key: string): string => {
      const slash = key.indexOf("/");
      const name = names.get(key.slice(slash + 1));
      return name === undefined ? key : key.slice(0, slash + 1) + name;
    };
    const renameAll = <V>(all: Readonly<Record<string, V>>): Record<string, V> =>
      Object.fromEntries(Object.entries(all).map(([key, value]) => [rename(key), value]));
    ui.drafts.value = renameAll(ui.drafts.value);
    ui.refused.value = renameAll(ui.refused.value);
    ui.opened.value = new Set([...ui.opened.value].map((row) => names.get(row) ?? row));
    const kept = [...ui.setAside].map(([key, value]) => [rename(key), value] as const);
    ui.setAside.clear();
    for (const [key, value] of kept) ui.setAside.set(key, value);
  }
}

/** Name of the row before which another comes that is moved by so many places; null is the end. */
export function neighbour(edits: Rows, row: string, by: number): string | null {
  const keys = rowKeys(edits);
  const from = keys.indexOf(row);
  const to = Math.max(0, Math.min(keys.length - 1, from + by));
  return keys.filter((key) => key !== row)[to] ?? null;
}
