import { useRef } from "preact/hooks";
import { Button } from "./Button";
import { Icon, type IconName } from "./Icon";

interface Props {
  words: string;
  icon?: IconName;
  /** Endings of the files that fit, such as ".csv,.txt". */
  accept: string;
  title?: string;
  testId: string;
  onFile: (file: File) => Promise<void>;
  onError: (thrown: unknown) => void;
}

/** A button that asks for a file. */
export function FileButton({ words, icon, accept, title, testId, onFile, onError }: Props) {
  const input = useRef<HTMLInputElement>(null);
  const read = async (file: File | undefined) => {
    if (file === undefined) return;
    try {
      await onFile(file);
    } catch (thrown) {
      onError(thrown);
    }
    if (input.current !== null) input.current.value = ""; // the same file again is a choice too
  };
  return (
    <>
      <Button kind="link" title={title} testId={testId} onPress={() => input.current?.click()}>
        {icon !== undefined && <Icon name={icon} />}
        {words}
      </Button>
      <input
        ref={input}
        type="file"
        accept={accept}
        class="sw-hidden"
        tabIndex={-1}
        aria-hidden
        data-testid={`${testId}-input`}
        onChange={(event) => void read(event.currentTarget.files?.[0])}
      />
    </>
  );
}
