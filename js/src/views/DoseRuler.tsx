import { COLLAPSE_DOSE, doseScale, doseWords } from "../dose";
import { plainNumber } from "../numbers";
import type { Scale } from "../strength";
import { percentAt } from "./Dial";
import { Icon } from "./Icon";

const ABOUT =
  "Dose: length of the edit against the usual length of the hidden state there, for a direction of length 1. The measured dose stands below each text.";
const USUALLY = `Above a dose of ${COLLAPSE_DOSE} half of all texts have collapsed.`;

interface Props {
  scale: Scale;
  /** Dose of strength 1. */
  perUnit: number;
  strength: number;
  /** From which strength on texts of this very direction fall apart, where that was measured. */
  collapse: number | null;
  testId: string;
}

/** Whether texts fall apart, as measured or as is usual; what is said of it. */
export function collapseWords(dose: number, strength: number, collapse: number | null): string {
  if (collapse === null) return dose > COLLAPSE_DOSE ? USUALLY : "";
  return Math.abs(strength) >= collapse ? measured(collapse) : "";
}

const measured = (collapse: number): string =>
  `Texts of this direction fell apart at ${plainNumber(collapse)}, when it was calibrated.`;

/** What is said after the strength. */
export const doseSaid = (dose: number, strength: number, collapse: number | null): string =>
  `, dose ${doseWords(dose)}. ${collapseWords(dose, strength, collapse)}`.replace(/\. $/, "");

/** Below the track: which dose its strengths are, and where texts fall apart. */
export function DoseRuler({ scale, perUnit, strength, collapse, testId }: Props) {
  const dose = Math.abs(strength) * perUnit;
  const { ticks, zones } = doseScale(scale, perUnit, collapse ?? undefined);
  const over = collapseWords(dose, strength, collapse);
  const isOver = over !== "";
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
              title={collapse === null ? USUALLY : measured(collapse)}
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
        title={`${over} ${ABOUT}`.trim()}
        data-over={isOver}
        data-testid={testId}
      >
        {doseWords(dose)}
        {isOver && <Icon name="alert" />}
      </span>
    </>
  );
}
