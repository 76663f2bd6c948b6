import { CopyButton } from "./CopyButton";

/** A long text as it is, with a button to copy it. */
export function FullText({ text, what, testId }: { text: string; what: string; testId?: string }) {
  return (
    <div class="sw-error-full">
      <pre data-testid={testId}>{text}</pre>
      <CopyButton text={text} what={what} />
    </div>
  );
}
