// Where something hangs beside an element: in CSS, inside what it is drawn in.

const GAP_PX = 4;

export type Place = Readonly<Record<string, string>>;

export const NOWHERE: Place = { left: "0px", top: "0px" };

interface Size {
  readonly width: number;
  readonly height: number;
}

/**
 * Below the element, or above it where there is more room; inside `within`, which is `around` where nothing is said.
 * `height`: what is needed at least; what can be had is the most that it gets.
 */
export function placeAt(
  element: Element,
  around: HTMLElement,
  { width, height }: Size,
  within: Element = around,
): Place {
  const outer = around.getBoundingClientRect();
  const room = within.getBoundingClientRect();
  const inner = element.getClientRects()[0] ?? element.getBoundingClientRect();
  const left = `${Math.max(0, Math.min(inner.left - outer.left, outer.width - width))}px`;
  const below = Math.min(room.bottom, window.innerHeight) - inner.bottom;
  const above = inner.top - Math.max(room.top, 0);
  const isAbove = below < height && above > below;
  const most = `${Math.max(height, Math.floor(isAbove ? above : below) - 2 * GAP_PX)}px`;
  return isAbove
    ? { left, bottom: `${outer.bottom - inner.top + GAP_PX}px`, "--sw-most-height": most }
    : { left, top: `${inner.bottom - outer.top + GAP_PX}px`, "--sw-most-height": most };
}
