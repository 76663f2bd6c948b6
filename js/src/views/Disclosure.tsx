import type { ComponentChildren } from "preact";

interface Props {
  testId: string;
  /** What is to be seen inside. */
  words?: string;
  /** Whether it is open from the start. */
  isOpen?: boolean;
  /** Called each time it is opened. */
  onOpen?: () => void;
  children: ComponentChildren;
}

/** The whole story, one click away. */
export function Disclosure({ testId, words = "Details", isOpen, onOpen, children }: Props) {
  return (
    <details
      class="sw-error-details"
      open={isOpen}
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
