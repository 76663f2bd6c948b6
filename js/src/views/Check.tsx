import type { ComponentChildren } from "preact";

interface Props {
  isOn: boolean;
  isDisabled?: boolean;
  title?: string;
  describedBy?: string | undefined;
  testId: string;
  onChange: (isOn: boolean) => void;
  /** What is on or off. */
  children: ComponentChildren;
}

/** A box to tick, with its words. */
export function Check({ isOn, isDisabled = false, title, describedBy, testId, onChange, children }: Props) {
  return (
    <label class="sw-check" title={title}>
      <input
        type="checkbox"
        checked={isOn}
        disabled={isDisabled}
        aria-describedby={describedBy}
        data-testid={testId}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
      {children}
    </label>
  );
}
