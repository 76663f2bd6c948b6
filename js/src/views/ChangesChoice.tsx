import { useView } from "../page";
import { Check } from "./Check";

interface Props {
  /** Why differences cannot be marked; "" where they can. */
  reason: string;
  /** Begins the hooks for tests, and the ids. */
  prefix: string;
}

/** Whether words that the baseline has not are marked, and those that only it has shown. */
export function ChangesChoice({ reason, prefix }: Props) {
  const { results, id } = useView();
  const { marksChanges, showsRemoved } = results;
  const isOn = marksChanges.value && reason === "";
  return (
    <span class="sw-tools" role="group" aria-label="Differences from the baseline">
      <Check
        title="Underlines the words that the baseline's text does not have there"
        isOn={isOn}
        isDisabled={reason !== ""}
        describedBy={reason === "" ? undefined : id(`${prefix}-no-baseline`)}
        testId={`${prefix}-changes`}
        onChange={(on) => {
          marksChanges.value = on;
        }}
      >
        Differences
      </Check>
      {reason === "" ? (
        <Check
          title="Shows, struck through, the words that only the baseline's text has"
          isOn={isOn && showsRemoved.value}
          isDisabled={!isOn}
          testId={`${prefix}-removed`}
          onChange={(on) => {
            showsRemoved.value = on;
          }}
        >
          Show removed
        </Check>
      ) : (
        <span class="sw-quiet" id={id(`${prefix}-no-baseline`)} data-testid={`${prefix}-no-baseline`}>
          ({reason})
        </span>
      )}
    </span>
  );
}
