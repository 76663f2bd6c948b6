import type { ComponentChildren } from "preact";
import { plainNumber, signed } from "../numbers";
import type { Scale } from "../strength";

interface Props {
  label: string;
  strength: number;
  scale: Scale;
  unitName: string;
  hint: string;
  /** False for factors, which read as 2, not as +2. */
  signs: boolean;
  /** Strengths between which texts are steered and still hold together, in the dial's own unit. */
  band?: { from: number; to: number } | undefined;
  /** Said after the strength, such as its dose. */
  also?: string;
  onChange: (strength: number) => void;
  testId: string;
  /** Drawn below the track, in three columns as its own. */
  children?: ComponentChildren;
}

export const percentAt = (position: number): string => `${(50 + 50 * position).toFixed(2)}%`;

/** A slider whose fill begins at the strength that changes nothing. */
export function Dial({
  label,
  strength,
  scale,
  unitName,
  hint,
  signs,
  band,
  also = "",
  onChange,
  testId,
  children,
}: Props) {
  const position = scale.toPosition(strength);
  const rest = scale.toPosition(scale.rest);
  const beyond = strength < scale.min || strength > scale.max;
  const words = signs ? signed : plainNumber;
  return (
    <div class="sw-dial" title={hint} data-beyond={beyond}>
      <span class="sw-dial-end" aria-hidden>
        {words(scale.min)}
      </span>
      <span
        class="sw-dial-track"
        style={{
          "--sw-from": percentAt(Math.min(rest, position)),
          "--sw-to": percentAt(Math.max(rest, position)),
          "--sw-rest": percentAt(rest),
        }}
      >
        {band !== undefined && <Band band={band} scale={scale} words={words} testId={`${testId}-band`} />}
        <input
          type="range"
          min={-1}
          max={1}
          step={scale.step}
          value={position}
          aria-label={label}
          aria-valuetext={`${words(strength)} ${unitName}${beyond ? ", beyond the dial" : ""}${also}`}
          data-testid={testId}
          onInput={(event) => onChange(scale.fromPosition(Number(event.currentTarget.value)))}
        />
      </span>
      <span class="sw-dial-end" aria-hidden>
        {words(scale.max)}
      </span>
      {children}
    </div>
  );
}

interface BandProps {
  band: { from: number; to: number };
  scale: Scale;
  words: (strength: number) => string;
  testId: string;
}

function Band({ band, scale, words, testId }: BandProps) {
  const from = scale.toPosition(Math.min(band.from, band.to));
  const to = scale.toPosition(Math.max(band.from, band.to));
  return (
    <span class="sw-ruler">
      <span
        class="sw-band"
        title={`From ${words(band.from)} to ${words(band.to)} it steers and texts still hold together.`}
        style={{ left: percentAt(from), right: percentAt(-to) }}
        data-testid={testId}
      />
    </span>
  );
}
