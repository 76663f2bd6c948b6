// Moving rows: by a handle that is dragged, or with the arrow keys on it.
import type { RefObject } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { neighbour } from "./editing";
import { useView } from "./page";
import { rowKeys } from "./rows";

export interface RowMoves {
  /** The row that is dragged; null while none is. */
  readonly dragged: string | null;
  /** Where it would come: before the row of this number. Null where letting go moves nothing. */
  readonly gap: number | null;
  /** What was done, for screen readers. */
  readonly said: string;
  /** Id of the words that say how to move. */
  readonly hintId: string;
  start(row: string, name: string, event: PointerEvent): void;
  nudge(row: string, name: string, by: number): void;
  cancel(): void;
}

interface Drag {
  readonly row: string;
  readonly name: string;
  stop(): void;
}

const isRow = (element: Element): element is HTMLElement => element.matches("[data-row]");

/** The gap between rows that a pointer at this height is nearest to. */
function gapAt(rows: readonly HTMLElement[], y: number): number {
  const below = rows.findIndex((row) => {
    const { top, height } = row.getBoundingClientRect();
    return y < top + height / 2;
  });
  return below < 0 ? rows.length : below;
}

/** For a list whose items carry their row's name in `data-row`. */
export function useRowMoves(list: RefObject<HTMLElement | null>): RowMoves {
  const { store, editing, id } = useView();
  const [dragged, setDragged] = useState<string | null>(null);
  const [gap, setGap] = useState<number | null>(null);
  const [said, say] = useState("");
  const drag = useRef<Drag | null>(null);
  const target = useRef<number | null>(null);
  const focused = useRef<string | null>(null);

  const edits = () => store.selection.value.value.edits;
  const rows = () => [...(list.current?.children ?? [])].filter(isRow);

  // A row that moves in the document loses the focus.
  useLayoutEffect(() => {
    const row = focused.current;
    focused.current = null;
    if (row === null) return;
    const found = rows().find((one) => one.dataset["row"] === row);
    found?.querySelector<HTMLElement>(".sw-handle")?.focus();
  });
  useLayoutEffect(() => () => drag.current?.stop(), []);

  const moveTo = (row: string, name: string, before: string | null) => {
    const was = edits();
    const moved = editing.move(row, before);
    const keys = rowKeys(edits());
    if (edits() !== was) focused.current = moved;
    say(`${name} is now ${keys.indexOf(moved) + 1} of ${keys.length}.`);
  };

  const cancel = () => {
    drag.current?.stop();
    drag.current = null;
    target.current = null;
    setDragged(null);
    setGap(null);
  };

  const start = (row: string, name: string, event: PointerEvent) => {
    const handle = event.currentTarget as HTMLElement;
    if (event.button !== 0) return;
    event.preventDefault(); // no text is selected on the way
    handle.focus();
    handle.setPointerCapture?.(event.pointerId);
    let y = event.clientY;
    const follow = () => {
      const from = rowKeys(edits()).indexOf(row);
      const at = gapAt(rows(), y);
      target.current = at === from || at === from + 1 ? null : at;
      setGap(target.current);
    };
    const onMove = (moved: PointerEvent) => {
      y = moved.clientY;
      follow();
    };
    const onUp = () => {
      const at = target.current;
      cancel();
      if (at !== null) moveTo(row, name, rowKeys(edits())[at] ?? null);
    };
    handle.addEventListener("pointermove", onMove);
    handle.addEventListener("pointerup", onUp);
    handle.addEventListener("pointercancel", cancel);
    // The rows go on under a pointer that rests while the notebook scrolls.
    document.addEventListener("scroll", follow, true);
    drag.current = {
      row,
      name,
      stop: () => {
        handle.removeEventListener("pointermove", onMove);
        handle.removeEventListener("pointerup", onUp);
        handle.removeEventListener("pointercancel", cancel);
        document.removeEventListener("scroll", follow, true);
      },
    };
    setDragged(row);
  };

  const nudge = (row: string, name: string, by: number) => {
    cancel();
    moveTo(row, name, neighbour(edits(), row, by));
  };

  return { dragged, gap, said, hintId: id("move-hint"), start, nudge, cancel };
}
