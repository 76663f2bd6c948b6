// Presses and keys on tokens: they mark what is asked about, and arrow keys go from one to the next.
import { charAt } from "./caret";
import { useView } from "./page";
import type { Spot } from "./parts";
import { along, LEFT_RIGHT } from "./roving";

const TOKENS = "[data-token]";
/** What holds the tokens of one text, or of one prompt. */
const TEXTS = ".sw-text, .sw-token-flow";

export const tokenOf = (target: EventTarget | null): HTMLElement | null =>
  target instanceof Element ? target.closest<HTMLElement>(TOKENS) : null;

const RIGHT_LEFT = ["ArrowRight", "ArrowLeft"] as const;

/** The token that a key leads to; in texts that run from right to left, arrows do too. Null for other keys. */
function nextToken(token: HTMLElement, key: string): HTMLElement | null {
  const all = [...(token.closest(TEXTS)?.querySelectorAll<HTMLElement>(TOKENS) ?? [])];
  const keys = getComputedStyle(token).direction === "rtl" ? RIGHT_LEFT : LEFT_RIGHT;
  return all[along(all.indexOf(token), all.length, key, keys) ?? -1] ?? null;
}

/** Handlers for what has texts inside; `host`: id of what the panel hangs in. */
export function useMarking(host: string) {
  const { store, parts, tokenPreviews } = useView();

  const spotOf = (box: HTMLElement, token: number): Spot | null => {
    const { run = "", cell } = box.dataset;
    const spot = { run, at: Number(cell), range: [token, token] } as const;
    if (run !== "") return spot;
    const prompt = store.prompts.value.value[spot.at];
    return prompt === undefined || tokenPreviews.shown.value.get(spot.at)?.isStale !== false
      ? null
      : { ...spot, prompt };
  };
  const press = (token: HTMLElement, isWider: boolean, enters = true) => {
    const box = token.closest<HTMLElement>(TEXTS);
    const spot = box && spotOf(box, Number(token.dataset["token"]));
    if (spot == null) return;
    if (isWider) parts.widen(spot, host, enters);
    else parts.mark(spot, host, enters);
  };

  /** Tokens from where a selection begins to where it ends, inside one text. */
  const selected = (token: HTMLElement): boolean => {
    const selection = getSelection();
    if (selection === null || selection.isCollapsed) return false;
    const ends = [selection.anchorNode, selection.focusNode].map((node) =>
      tokenOf(node?.parentElement ?? null),
    );
    const [first, last] = ends;
    const box = token.closest(TEXTS);
    if (first == null || last == null || first === last) return false;
    if (first.closest(TEXTS) !== box || last.closest(TEXTS) !== box) return false;
    press(first, false);
    press(last, true);
    return true;
  };

  return {
    onClick: (event: MouseEvent) => {
      const { target } = event;
      const token = tokenOf(target);
      if (token !== null) {
        if (event.shiftKey) getSelection()?.removeAllRanges();
        if (event.shiftKey || !selected(token)) press(token, event.shiftKey);
        return;
      }
      const box = target instanceof Element ? target.closest<HTMLElement>(".sw-text") : null;
      // Who selects words of a plain text wants to copy them.
      if (box === null || event.detail > 1 || getSelection()?.isCollapsed === false) return;
      const char = charAt(box, event.clientX, event.clientY);
      const { run = "", cell } = box.dataset;
      if (char !== null) parts.mark({ run, at: Number(cell), range: null, char }, host);
    },
    onFocusIn: ({ target }: FocusEvent) => {
      const token = tokenOf(target);
      if (token === null) return;
      for (const other of token.closest(TEXTS)?.querySelectorAll<HTMLElement>(`${TOKENS}[tabindex="0"]`) ??
        [])
        other.tabIndex = -1;
      token.tabIndex = 0;
    },
    onKeyDown: (event: KeyboardEvent) => {
      const token = tokenOf(event.target);
      if (event.key === "Escape" && parts.isOpen) {
        event.preventDefault();
        event.stopPropagation();
        if (parts.picking.value === null) parts.close();
        else parts.picking.value = null;
      }
      if (token === null || event.ctrlKey || event.metaKey) return;
      const isPress = event.key === "Enter" || event.key === " ";
      const next = isPress ? token : nextToken(token, event.key);
      if (next === null) return;
      event.preventDefault();
      if (isPress) press(token, event.shiftKey);
      else {
        // A stretch begins where the first arrow with Shift is pressed.
        if (event.shiftKey) for (const one of [token, next]) press(one, true, false);
        next.focus();
      }
    },
  };
}
