// Where the keyboard is: it stays in the view it is in, and near what it pressed.
const FOCUSABLE = ":is(button, input, select, textarea, a[href]):not(:disabled)";

/** Focuses an element where it stands. */
export const focusOn = (element: HTMLElement | null | undefined): void =>
  element?.focus({ preventScroll: true });

/** Focuses what has come, unless the keyboard is in another view of the widget. */
export function enter(element: HTMLElement | null): void {
  const root = document.activeElement?.closest(".sw-root");
  if (root?.contains(element) !== false) focusOn(element);
}

/** For presses inside an element: where the button goes with the press, the focus goes to what took its place. */
export function keepNear(event: Event & { currentTarget: Element }): void {
  const { currentTarget: root } = event;
  const path = event.composedPath().filter((one) => one instanceof HTMLElement);
  const button = path.findIndex((one) => one.matches("button"));
  if (button < 0) return;
  const places = path.map((one) => [...(one.parentElement?.children ?? [])].indexOf(one));
  requestAnimationFrame(() => {
    if (path[button]?.isConnected || root.contains(document.activeElement)) return;
    const at = path.findIndex((one) => one.isConnected);
    const near = path[at];
    const instead = near?.children[Math.min(places[at - 1] ?? 0, near.children.length - 1)];
    const found = [instead, near].flatMap((one) => one?.querySelector<HTMLElement>(FOCUSABLE) ?? []);
    focusOn(found[0]);
  });
}
