import { badgeHint, type MeasureInfo } from "../measures";
import type { Measures } from "../protocol.gen";

/** A measure in short; nothing where it was not taken. */
export function Badge({ info, measures }: { info: MeasureInfo; measures: Measures }) {
  const [value] = info.numbers(measures);
  if (value === undefined) return null;
  return (
    <span class="sw-badge" title={badgeHint(info, measures)} data-testid={`sw-${info.id}`}>
      {info.badge} {value}
    </span>
  );
}
