import { CopyButton } from "./CopyButton";

/** A long text as it is, with a button to copy it. */
export function FullText({ text, what, testId }: { text: string; what: string; testId?: string }) {
  return (
    <div class="sw-error-full">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling area must be reachable by keyboard */}
      <pre tabIndex={0} role="group" aria-label={`All of ${what}`} data-testid={testId}>
        {text}
      </pre>
      <CopyButton text={text} what={what} />
    </div>
  );
}
