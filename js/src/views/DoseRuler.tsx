import { COLLAPSE_DOSE, doseScale, doseWords } from "../dose";
import { plainNumber } from "../numbers";
import type { Scale } from "../strength";
import { percentAt } from "./Dial";
import { Icon } from "./Icon";

const ABOUT =
  "Dose: length of the edit against the usual length of the hidden state there, for a direction of length 1. The measured dose stands below each text.";
const COLLAPSED = `Above a dose of ${COLLAPSE_DOSE} half of all texts have collapsed.`;

interface Props {
  scale: Scale;
  /** Dose of strength 1. */
  perUnit: number;
  strength: number;
  testId: string;
}

/** What is said after the strength. */
export const doseSaid = (dose: number): string =>
  `, dose ${doseWords(dose)}${dose > COLLAPSE_DOSE ? `. ${COLLAPSED}` : ""}`;

/** Below the track: which dose its strengths are, and where texts fall apart. */
export function DoseRuler({ scale, perUnit, strength, testId }: Props) {
  const dose = Math.abs(strength) * perUnit;
  const { ticks, zones } = doseScale(scale, perUnit);
  const isOver = dose > COLLAPSE_DOSE;
  return (
    <>
      <span class="sw-dose-name" aria-hidden title={ABOUT}>
        dose
      </span>
      <span class="sw-dose" aria-hidden>
        <span class="sw-ruler">
          {zones.map(({ from, to }) => (
            <span
              key={from}
              class="sw-dose-zone"
              title={COLLAPSED}
              style={{ left: percentAt(from), right: percentAt(-to) }}
              data-testid={`${testId}-zone`}
            />
          ))}
          {ticks.map(({ dose: named, at }) => (
            <span key={at} class="sw-dose-tick" style={{ left: percentAt(at) }}>
              {plainNumber(named)}
            </span>
          ))}
        </span>
      </span>
      <span
        class="sw-dose-value"
        aria-hidden
        title={isOver ? `${COLLAPSED} ${ABOUT}` : ABOUT}
        data-over={isOver}
        data-testid={testId}
      >
        {doseWords(dose)}
        {isOver && <Icon name="alert" />}
      </span>
    </>
  );
}
