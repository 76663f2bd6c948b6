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
  onChange: (strength: number) => void;
  testId: string;
}

/** A slider whose fill begins at the strength that changes nothing. */
export function Dial({ label, strength, scale, unitName, hint, signs, onChange, testId }: Props) {
  const position = scale.toPosition(strength);
  const rest = scale.toPosition(scale.rest);
  const beyond = strength < scale.min || strength > scale.max;
  const percent = (at: number) => `${(50 + 50 * at).toFixed(2)}%`;
  const words = signs ? signed : plainNumber;
  return (
    <div class="sw-dial" title={hint} data-beyond={beyond}>
      <span class="sw-dial-end" aria-hidden="true">
        {words(scale.min)}
      </span>
      <span
        class="sw-dial-track"
        style={{
          "--sw-from": percent(Math.min(rest, position)),
          "--sw-to": percent(Math.max(rest, position)),
          "--sw-rest": percent(rest),
        }}
      >
        <input
          type="range"
          min={-1}
          max={1}
          step={scale.step}
          value={position}
          aria-label={label}
          aria-valuetext={`${words(strength)} ${unitName}${beyond ? ", beyond the dial" : ""}`}
          data-testid={testId}
          onInput={(event) => onChange(scale.fromPosition(Number(event.currentTarget.value)))}
        />
      </span>
      <span class="sw-dial-end" aria-hidden="true">
        {words(scale.max)}
      </span>
    </div>
  );
}
