import { useView } from "../page";

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
      <label class="sw-check" title="Underlines the words that the baseline's text does not have there">
        <input
          type="checkbox"
          checked={isOn}
          disabled={reason !== ""}
          aria-describedby={reason === "" ? undefined : id(`${prefix}-no-baseline`)}
          data-testid={`${prefix}-changes`}
          onChange={({ currentTarget }) => {
            marksChanges.value = currentTarget.checked;
          }}
        />
        Differences
      </label>
      {reason === "" ? (
        <label class="sw-check" title="Shows, struck through, the words that only the baseline's text has">
          <input
            type="checkbox"
            checked={isOn && showsRemoved.value}
            disabled={!isOn}
            data-testid={`${prefix}-removed`}
            onChange={({ currentTarget }) => {
              showsRemoved.value = currentTarget.checked;
            }}
          />
          Show removed
        </label>
      ) : (
        <span class="sw-quiet" id={id(`${prefix}-no-baseline`)} data-testid={`${prefix}-no-baseline`}>
          ({reason})
        </span>
      )}
    </span>
  );
}
