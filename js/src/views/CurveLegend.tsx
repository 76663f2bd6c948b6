import type { Line } from "../curves";
import { isHollow, shapePath } from "../shapes";

export interface NamedLine {
  readonly line: Line;
  readonly name: string;
  /** Slot of the direction's colour. */
  readonly colour: number;
}

interface Props {
  named: readonly NamedLine[];
  hasBaseline: boolean;
  hasZone: boolean;
  hasBand: boolean;
}

/** What the lines of all charts are: each by colour and by the shape of its points. */
export function CurveLegend({ named, hasBaseline, hasZone, hasBand }: Props) {
  return (
    <ul class="sw-curve-legend" aria-label="Legend" data-testid="sw-curves-legend">
      {named.map(({ name, colour }, n) => (
        <li key={n} data-colour={colour} title={name}>
          <svg width="26" height="14" viewBox="-13 -7 26 14" aria-hidden focusable="false">
            <path class="sw-curve" d="M-13 0H13" />
            <path class="sw-point" data-hollow={isHollow(n)} d={shapePath(n, 52)} />
          </svg>
          <span class="sw-label" dir="auto">
            {name}
          </span>
        </li>
      ))}
      {hasBaseline && (
        <li>
          <svg width="26" height="14" viewBox="-13 -7 26 14" aria-hidden focusable="false">
            <path class="sw-baseline-rule" d="M-13 0H13" />
          </svg>
          Baseline
        </li>
      )}
      {hasZone && (
        <li title="At these strengths at least half of the texts are flagged: the edit is so large that texts usually fall apart.">
          <span class="sw-zone-key" aria-hidden />
          Over-steered
        </li>
      )}
      {hasBand && (
        <li title="Strengths at which the text changes and still holds together.">
          <span class="sw-band-key" aria-hidden />
          Coherent
        </li>
      )}
    </ul>
  );
}
