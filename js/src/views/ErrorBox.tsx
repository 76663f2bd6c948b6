import type { ComponentChildren } from "preact";
import type { ErrorInfo } from "../protocol.gen";
import { Disclosure } from "./Disclosure";
import { FullText } from "./FullText";
import { Icon } from "./Icon";
import { IconButton } from "./IconButton";

interface Props {
  error: ErrorInfo;
  testId: string;
  onClose?: () => void;
  /** For cells: a few lines at most; the whole is in the details. */
  compact?: boolean;
  /** Said before the message where nothing failed: what was lost is told, and what was not. */
  notice?: string;
  /** Instead of its details. */
  children?: ComponentChildren;
}

export const fullText = (error: ErrorInfo): string =>
  [`${error.kind}: ${error.message}`, error.details].filter((part) => part !== "").join("\n\n");

/** Short text first, the whole story one click away. */
export function ErrorBox({ error, testId, onClose, compact = false, notice, children }: Props) {
  return (
    <div
      class="sw-error-box"
      role={compact ? undefined : notice === undefined ? "alert" : "status"}
      data-compact={compact}
      data-notice={notice !== undefined}
      data-testid={testId}
      data-kind={error.kind}
    >
      {!compact && <Icon name="alert" />}
      <div class="sw-error-body">
        {notice !== undefined && <p class="sw-error-title">{notice}</p>}
        <p class="sw-error-text" dir="auto">
          {error.message}
        </p>
        {children ?? (
          <Disclosure testId={`${testId}-details`}>
            <FullText text={fullText(error)} what="the error" />
          </Disclosure>
        )}
      </div>
      {onClose && <IconButton icon="close" label="Close this error" onPress={onClose} />}
    </div>
  );
}
