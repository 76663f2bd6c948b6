// Which character of a text a press was on.

interface Caret {
  readonly node: Node;
  readonly offset: number;
}

function caretAt(x: number, y: number): Caret | null {
  const position = document.caretPositionFromPoint?.(x, y);
  if (position != null) return { node: position.offsetNode, offset: position.offset };
  const range = document.caretRangeFromPoint?.(x, y); // older browsers have this one alone
  return range == null ? null : { node: range.startContainer, offset: range.startOffset };
}

/** How many characters of the box's text stand before the point; null where no character is there. */
export function charAt(box: HTMLElement, x: number, y: number): number | null {
  const caret = caretAt(x, y);
  if (caret === null || !(caret.node instanceof Text) || !box.contains(caret.node)) return null;
  const around = document.createRange();
  around.setStart(caret.node, Math.max(0, caret.offset - 1));
  around.setEnd(caret.node, Math.min(caret.node.length, caret.offset + 1));
  const isHit = [...around.getClientRects()].some(
    ({ left, right, top, bottom }) => x >= left && x <= right && y >= top && y <= bottom,
  );
  if (!isHit) return null;
  const before = document.createRange();
  before.setStart(box, 0);
  before.setEnd(caret.node, caret.offset);
  const text = before.cloneContents();
  for (const gone of text.querySelectorAll(".sw-removed")) gone.remove(); // shown, but none of the text
  return text.textContent?.length ?? 0;
}
