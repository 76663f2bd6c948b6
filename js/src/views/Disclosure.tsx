import type { ComponentChildren } from "preact";

interface Props {
  testId: string;
  /** Called each time it is opened. */
  onOpen?: () => void;
  children: ComponentChildren;
}

/** The whole story, one click away. */
export function Disclosure({ testId, onOpen, children }: Props) {
  return (
    <details
      class="sw-error-details"
      data-testid={testId}
      onToggle={(event) => {
        if (event.currentTarget.open) onOpen?.();
      }}
    >
      <summary>Details</summary>
      {children}
    </details>
  );
}
