import { useLayoutEffect, useRef } from "preact/hooks";
import { useView } from "../page";
import { directionOfText, MAX_MEASURED_CHARS } from "../writing";
import { errorId } from "./FieldError";

/** As in the styles. */
const MAX_HEIGHT_PX = 320;

interface Props {
  text: string;
  label: string;
  placeholder: string;
  path: string;
  index: number;
  testId: string;
  onText: (text: string) => void;
  /** A text was pasted into an empty box, or instead of all there was. */
  onPasteWhole?: (text: string) => void;
}

/** Grows with its text, so that a prompt is always seen whole. */
export function PromptText({ text, label, placeholder, path, index, testId, onText, onPasteWhole }: Props) {
  const { store, actions, promptList, id } = useView();
  const wrong = store.fieldErrors.value[path] !== undefined;
  const area = useRef<HTMLTextAreaElement>(null);
  useLayoutEffect(() => {
    if (area.current === null) return;
    if (text.length > MAX_MEASURED_CHARS) {
      // It fills the box at any width, and need not be laid out twice to know so.
      area.current.style.height = `${MAX_HEIGHT_PX}px`;
      return;
    }
    area.current.style.height = "auto";
    if (area.current.scrollHeight > 0) area.current.style.height = `${area.current.scrollHeight + 2}px`;
  }, [text]);
  return (
    <textarea
      ref={area}
      class="sw-input sw-prompt"
      rows={1}
      dir={directionOfText(text)}
      aria-label={label}
      aria-invalid={wrong}
      aria-describedby={wrong ? id(errorId(path)) : undefined}
      placeholder={placeholder}
      value={text}
      data-testid={testId}
      onInput={(event) => onText(event.currentTarget.value)}
      onFocus={() => {
        promptList.focused.value = index;
      }}
      onPaste={(event) => {
        const { value, selectionStart, selectionEnd } = event.currentTarget;
        if (selectionStart === 0 && selectionEnd === value.length)
          onPasteWhole?.(event.clipboardData?.getData("text/plain") ?? "");
      }}
      onBlur={() => actions.leavePrompt(index)}
    />
  );
}
