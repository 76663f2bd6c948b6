import type { ComponentChildren } from "preact";
import { type BandEnds, bandWords, coherent } from "../band";
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
  /** Where it steers and texts still hold together, in the dial's own unit. */
  band?: BandEnds | null;
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
        {band != null && <BandZone band={band} scale={scale} testId={`${testId}-band`} />}
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
  band: BandEnds;
  scale: Scale;
  testId: string;
}

/** Where it steers and texts hold together, with a tick at iso-KL; the other sign has it mirrored, fainter. */
function BandZone({ band, scale, testId }: BandProps) {
  const zone = coherent(band, scale);
  const iso = band.iso_kl;
  return (
    <span class="sw-ruler">
      {[1, -1].map((sign) => {
        const at = (strength: number) => scale.toPosition(sign * strength);
        const ends = zone && [at(zone.from), at(zone.to)].sort((a, b) => a - b);
        const name = sign > 0 ? testId : `${testId}-mirrored`;
        const hint = bandWords(band) + (sign > 0 ? "" : " Measured for the other sign.");
        return (
          <span key={sign} data-mirrored={sign < 0}>
            {ends !== null && (
              <span
                class="sw-band"
                title={hint}
                style={{ left: percentAt(ends[0] ?? 0), right: percentAt(-(ends[1] ?? 0)) }}
                data-testid={name}
              />
            )}
            {iso !== null && iso <= scale.max && (
              <span
                class="sw-iso"
                title={hint}
                style={{ left: percentAt(at(iso)) }}
                data-testid={`${name}-iso`}
              />
            )}
          </span>
        );
      })}
    </span>
  );
}
