import { signed } from "../numbers";
import { DIAL_STEP, fromPosition, toPosition } from "../strength";

interface Props {
  label: string;
  strength: number;
  range: number;
  unitName: string;
  onChange: (strength: number) => void;
  testId: string;
}

/** A signed slider, symmetric-logarithmic: fine near zero, far at the ends. */
export function Dial({ label, strength, range, unitName, onChange, testId }: Props) {
  const position = toPosition(strength, range);
  const beyond = Math.abs(strength) > range;
  const percent = (at: number) => `${(50 + 50 * at).toFixed(2)}%`;
  return (
    <div class="sw-dial" data-beyond={beyond}>
      <span class="sw-dial-end" aria-hidden="true">
        {signed(-range)}
      </span>
      <span
        class="sw-dial-track"
        style={{ "--sw-from": percent(Math.min(0, position)), "--sw-to": percent(Math.max(0, position)) }}
      >
        <input
          type="range"
          min={-1}
          max={1}
          step={DIAL_STEP}
          value={position}
          aria-label={label}
          aria-valuetext={`${signed(strength)} ${unitName}${beyond ? ", beyond the dial" : ""}`}
          data-testid={testId}
          onInput={(event) => onChange(fromPosition(Number(event.currentTarget.value), range))}
        />
      </span>
      <span class="sw-dial-end" aria-hidden="true">
        {signed(range)}
      </span>
    </div>
  );
}
