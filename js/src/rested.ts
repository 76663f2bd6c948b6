import { useEffect, useState } from "preact/hooks";

/** A text once it has not changed for so long; until then what it was before. */
export function useRested(text: string, restMs: number): string {
  const [rested, rest] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => rest(text), restMs);
    return () => clearTimeout(timer);
  }, [text, restMs]);
  return rested;
}
