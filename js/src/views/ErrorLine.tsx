import type { ErrorInfo } from "../protocol.gen";
import { Icon } from "./Icon";

/** An error in its message alone, beside what it is about. */
export function ErrorLine({ error, id, testId }: { error: ErrorInfo; id?: string; testId: string }) {
  return (
    <p class="sw-field-error" id={id} role="alert" data-testid={testId}>
      <Icon name="alert" />
      <span>{error.message}</span>
    </p>
  );
}
