import { useEffect, useState } from "preact/hooks";

const TICK_MS = 1_000;

/** The page's clock in seconds; while `ticking`, the view is drawn again every second. */
export function useSeconds(ticking: boolean): number {
  const [, tick] = useState(0);
  useEffect(() => {
    if (!ticking) return;
    const timer = setInterval(() => tick((n) => n + 1), TICK_MS);
    return () => clearInterval(timer);
  }, [ticking]);
  return performance.now() / 1000;
}
