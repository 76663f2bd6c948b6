// Which elements of a scrolling area are in sight or near it; what is far is not worked on.
import { createContext, type RefObject } from "preact";
import { useContext, useEffect, useState } from "preact/hooks";

/** Roughly a screen's height beyond the edge. */
const MARGIN = "600px 200px";

export class Sight {
  readonly #watched = new Map<Element, (isNear: boolean) => void>();
  #observer: IntersectionObserver | null = null;

  /** Watches from now on; elements that came before are taken along. */
  open(root: Element): () => void {
    const observer = new IntersectionObserver(
      (entries) => {
        for (const { target, isIntersecting } of entries) this.#watched.get(target)?.(isIntersecting);
      },
      { root, rootMargin: MARGIN },
    );
    this.#observer = observer;
    for (const element of this.#watched.keys()) observer.observe(element);
    return () => {
      observer.disconnect();
      this.#observer = null;
    };
  }

  watch(element: Element, tell: (isNear: boolean) => void): () => void {
    this.#watched.set(element, tell);
    this.#observer?.observe(element);
    return () => {
      this.#watched.delete(element);
      this.#observer?.unobserve(element);
    };
  }
}

const SightContext = createContext<Sight | null>(null);
export const SightProvider = SightContext.Provider;

/** Whether the element is near; outside a scrolling area, always. */
export function useNear(element: RefObject<Element | null>): boolean {
  const sight = useContext(SightContext);
  const [isNear, setNear] = useState(sight === null);
  useEffect(() => {
    if (sight === null || element.current === null) return;
    return sight.watch(element.current, setNear);
  }, [sight, element]);
  return isNear;
}
