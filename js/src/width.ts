import type { RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

const UNMEASURED_PX = 860;

/** The width of an element, followed while it is drawn. */
export function useWidth<E extends HTMLElement>(drawn: boolean): [RefObject<E | null>, number] {
  const ref = useRef<E>(null);
  const [widthPx, setWidthPx] = useState(UNMEASURED_PX);
  useEffect(() => {
    const element = ref.current;
    if (!drawn || element === null) return;
    const observer = new ResizeObserver(([entry]) => {
      const width = entry?.contentRect.width ?? 0;
      if (width > 0) setWidthPx(Math.round(width));
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [drawn]);
  return [ref, widthPx];
}
