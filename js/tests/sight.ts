// What is in sight, in the test's hands: documents of tests have no layout.
import { vi } from "vitest";

/** Everything that is watched is near, unless it says otherwise. */
export function see(isNear: (element: Element) => boolean = () => true): void {
  vi.stubGlobal(
    "IntersectionObserver",
    class {
      constructor(readonly tell: (entries: { target: Element; isIntersecting: boolean }[]) => void) {}
      observe(target: Element): void {
        queueMicrotask(() => this.tell([{ target, isIntersecting: isNear(target) }]));
      }
      unobserve(): void {}
      disconnect(): void {}
    },
  );
}
