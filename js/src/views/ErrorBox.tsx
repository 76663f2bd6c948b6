import type { ErrorInfo } from "../protocol.gen";
import { CopyButton } from "./CopyButton";
import { Icon } from "./Icon";
import { IconButton } from "./IconButton";

interface Props {
  error: ErrorInfo;
  testId: string;
  onClose?: () => void;
  /** For cells: a few lines at most; the whole is in the details. */
  compact?: boolean;
}

export const fullText = (error: ErrorInfo): string =>
  [`${error.kind}: ${error.message}`, error.details].filter((part) => part !== "").join("\n\n");

/** Short text first, the whole story one click away. */
export function ErrorBox({ error, testId, onClose, compact = false }: Props) {
  return (
    <div
      class="sw-error-box"
      role={compact ? undefined : "alert"}
      data-compact={compact}
      data-testid={testId}
      data-kind={error.kind}
    >
      {!compact && <Icon name="alert" />}
      <div class="sw-error-body">
        <p class="sw-error-text">{error.message}</p>
        <details class="sw-error-details" data-testid={`${testId}-details`}>
          <summary>Details</summary>
          <div class="sw-error-full">
            <pre>{fullText(error)}</pre>
            <CopyButton text={fullText(error)} what="the error" />
          </div>
        </details>
      </div>
      {onClose && <IconButton icon="close" label="Close this error" onPress={onClose} />}
    </div>
  );
}
