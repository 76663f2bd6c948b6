import type { ErrorInfo } from "../protocol.gen";
import { CopyButton } from "./CopyButton";
import { Icon } from "./Icon";
import { IconButton } from "./IconButton";

interface Props {
  error: ErrorInfo;
  testId: string;
  onClose?: () => void;
}

export const fullText = (error: ErrorInfo): string =>
  [`${error.kind}: ${error.message}`, error.details].filter((part) => part !== "").join("\n\n");

/** Short text first, the whole story one click away. */
export function ErrorBox({ error, testId, onClose }: Props) {
  return (
    <div class="sw-error-box" role="alert" data-testid={testId} data-kind={error.kind}>
      <Icon name="alert" />
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
