import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { tokenOf, useMarking } from "../marking";
import { useView } from "../page";
import { NOWHERE, placeAt } from "../placing";
import { TokenPanel } from "./TokenPanel";
import { TokenTip } from "./TokenTip";

const LEAVING_MS = 160;
const TIP_PX = { width: 280, height: 260 };
interface Props {
  /** Tells it from others of the view. */
  name: string;
  children: ComponentChildren;
}

/** What is in it can be coloured by tokens: each tells its value to pointer and keyboard, in one tip for all. */
export function TokenTips({ name, children }: Props) {
  const { parts, id } = useView();
  const around = useRef<HTMLDivElement>(null);
  const leaving = useRef<ReturnType<typeof setTimeout>>(undefined);
  const [token, setToken] = useState<HTMLElement | null>(null);
  const [place, setPlace] = useState(NOWHERE);
  const marking = useMarking(id(name));
  const tipId = id(`token-tip-${name}`);

  const show = (next: HTMLElement | null) => {
    clearTimeout(leaving.current);
    token?.removeAttribute("aria-describedby");
    next?.setAttribute("aria-describedby", tipId);
    if (next !== null && around.current !== null) setPlace(placeAt(next, around.current, TIP_PX));
    setToken(next);
  };
  const leave = () => {
    clearTimeout(leaving.current);
    leaving.current = setTimeout(() => show(null), LEAVING_MS);
  };
  useEffect(() => () => clearTimeout(leaving.current), []);

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape" && token !== null) {
      event.preventDefault(); // the tip goes, what is around it stays
      event.stopPropagation();
      show(null);
      return;
    }
    marking.onKeyDown(event);
  };
  // The tip says less than the panel, and would lie on it.
  const isShown = token?.isConnected === true && !(parts.isOpen && parts.host.value === id(name));
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
      onFocusIn={(event) => {
        marking.onFocusIn(event);
        const next = tokenOf(event.target);
        if (next !== null) show(next);
      }}
      onFocusOut={leave}
      onClick={marking.onClick}
      onKeyDown={onKeyDown}
      onScrollCapture={() => {
        if (isShown && around.current !== null) setPlace(placeAt(token, around.current, TIP_PX));
      }}
    >
      {children}
      {isShown && <TokenTip token={token} id={tipId} style={place} />}
      <TokenPanel name={id(name)} around={around} />
    </div>
  );
}
