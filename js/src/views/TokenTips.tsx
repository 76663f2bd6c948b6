import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { useView } from "../page";
import { along, LEFT_RIGHT } from "../roving";
import { TokenTip } from "./TokenTip";

const LEAVING_MS = 160;
const TIP_PX = { width: 280, height: 260 };
const GAP_PX = 4;

interface Place {
  readonly left: number;
  /** Distance of its upper edge from the top, or of its lower edge from the bottom. */
  readonly top?: number;
  readonly bottom?: number;
}

const tokenOf = (target: EventTarget | null): HTMLElement | null =>
  target instanceof Element ? target.closest<HTMLElement>(".sw-text-token") : null;

/** Below the token, or above it where there is more room. */
function placeAt(token: HTMLElement, around: HTMLElement): Place {
  const outer = around.getBoundingClientRect();
  const inner = token.getClientRects()[0] ?? token.getBoundingClientRect();
  const left = Math.max(0, Math.min(inner.left - outer.left, outer.width - TIP_PX.width));
  const below = Math.min(outer.bottom, window.innerHeight) - inner.bottom;
  const above = inner.top - Math.max(outer.top, 0);
  return below < TIP_PX.height && above > below
    ? { left, bottom: outer.bottom - inner.top + GAP_PX }
    : { left, top: inner.bottom - outer.top + GAP_PX };
}

const RIGHT_LEFT = ["ArrowRight", "ArrowLeft"] as const;

/** The token that a key leads to; in texts that run from right to left, arrows do too. Null for other keys. */
function nextToken(token: HTMLElement, key: string): HTMLElement | null {
  const all = [...(token.closest(".sw-text")?.querySelectorAll<HTMLElement>(".sw-text-token") ?? [])];
  const keys = getComputedStyle(token).direction === "rtl" ? RIGHT_LEFT : LEFT_RIGHT;
  return all[along(all.indexOf(token), all.length, key, keys) ?? -1] ?? null;
}

interface Props {
  /** Tells it from others of the view. */
  name: string;
  children: ComponentChildren;
}

/** What is in it can be coloured by tokens: each tells its value to pointer and keyboard, in one tip for all. */
export function TokenTips({ name, children }: Props) {
  const { id } = useView();
  const around = useRef<HTMLDivElement>(null);
  const leaving = useRef<ReturnType<typeof setTimeout>>(undefined);
  const [token, setToken] = useState<HTMLElement | null>(null);
  const [place, setPlace] = useState<Place>({ left: 0, top: 0 });
  const tipId = id(`token-tip-${name}`);

  const show = (next: HTMLElement | null) => {
    clearTimeout(leaving.current);
    token?.removeAttribute("aria-describedby");
    next?.setAttribute("aria-describedby", tipId);
    if (next !== null && around.current !== null) setPlace(placeAt(next, around.current));
    setToken(next);
  };
  const leave = () => {
    clearTimeout(leaving.current);
    leaving.current = setTimeout(() => show(null), LEAVING_MS);
  };
  useEffect(() => () => clearTimeout(leaving.current), []);

  const onKeyDown = (event: KeyboardEvent) => {
    const at = tokenOf(event.target);
    if (event.key === "Escape" && token !== null) {
      event.preventDefault(); // the tip goes, what is around it stays
      event.stopPropagation();
      show(null);
      return;
    }
    const next = at && nextToken(at, event.key);
    if (next === null) return;
    event.preventDefault();
    next.focus();
  };
  const isShown = token?.isConnected === true;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the tokens inside are buttons; their events are taken here
    <div
      ref={around}
      class="sw-tips"
      onPointerOver={({ target }) => {
        const next = tokenOf(target);
        if (next !== null) show(next);
        else if (!(target instanceof Element && target.closest(".sw-tip"))) leave();
        else clearTimeout(leaving.current);
      }}
      onPointerLeave={leave}
      onFocusIn={({ target }) => {
        const next = tokenOf(target);
        if (next === null) return;
        for (const other of next
          .closest(".sw-text")
          ?.querySelectorAll<HTMLElement>('.sw-text-token[tabindex="0"]') ?? [])
          other.tabIndex = -1;
        next.tabIndex = 0;
        show(next);
      }}
      onFocusOut={leave}
      onClick={({ target }) => {
        const next = tokenOf(target);
        if (next !== null) show(next);
      }}
      onKeyDown={onKeyDown}
      onScrollCapture={() => {
        if (isShown && around.current !== null) setPlace(placeAt(token, around.current));
      }}
    >
      {children}
      {isShown && <TokenTip token={token} id={tipId} style={px(place)} />}
    </div>
  );
}

const px = ({ left, top, bottom }: Place): Record<string, string> => ({
  left: `${left}px`,
  ...(top === undefined ? {} : { top: `${top}px` }),
  ...(bottom === undefined ? {} : { bottom: `${bottom}px` }),
});
