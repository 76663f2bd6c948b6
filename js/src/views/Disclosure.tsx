import type { ComponentChildren } from "preact";

interface Props {
  testId: string;
  /** What is to be seen inside. */
  words?: string;
  /** Called each time it is opened. */
  onOpen?: () => void;
  children: ComponentChildren;
}

/** The whole story, one click away. */
export function Disclosure({ testId, words = "Details", onOpen, children }: Props) {
  return (
    <details
      class="sw-error-details"
      data-testid={testId}
      onToggle={(event) => {
        if (event.currentTarget.open) onOpen?.();
      }}
    >
      <summary>{words}</summary>
      {children}
    </details>
  );
}
