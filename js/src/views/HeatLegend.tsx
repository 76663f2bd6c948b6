import type { Heat } from "../heat";

interface Props {
  heat: Heat;
  words: (value: number) => string;
  isRelative: boolean;
}

/** What the colours stand for. */
export function HeatLegend({ heat, words, isRelative }: Props) {
  return (
    <span class="sw-heat-legend" data-testid="sw-heat-legend">
      <span class="sw-heat-bar" data-two={isRelative} aria-hidden />
      <span class="sw-heat-marks">
        {heat.marks.map((mark) => (
          <span key={mark}>{words(mark)}</span>
        ))}
      </span>
      <span class="sw-heat-none">
        <span class="sw-heat-hatch" aria-hidden>
          –
        </span>
        missing
      </span>
    </span>
  );
}
