import { useLayoutEffect, useRef } from "preact/hooks";
import { useView } from "../page";
import type { Message, Prompt } from "../protocol.gen";
import { directionOfText, MAX_MEASURED_CHARS } from "../writing";
import { errorId, FieldError } from "./FieldError";
import { IconButton } from "./IconButton";

/** As in the styles. */
const MAX_HEIGHT_PX = 320;

interface TextProps {
  text: string;
  label: string;
  path: string;
  index: number;
  testId: string;
  onText: (text: string) => void;
}

/** Grows with its text, so that a prompt is always seen whole. */
function TextArea({ text, label, path, index, testId, onText }: TextProps) {
  const { store, actions, id } = useView();
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
      placeholder="Text that the model goes on from, such as: Yesterday I went for a walk and"
      value={text}
      data-testid={testId}
      onInput={(event) => onText(event.currentTarget.value)}
      onBlur={() => actions.leavePrompt(index)}
    />
  );
}

interface Props {
  index: number;
  prompt: Prompt;
  removable: boolean;
}

export function PromptBox({ index, prompt, removable }: Props) {
  const { actions } = useView();
  const path = `prompt/${index}`;
  const label = `Prompt ${index + 1}`;
  const testId = `sw-prompt-${index}`;
  const setTurn = (turns: readonly Message[], at: number, content: string) =>
    actions.setPrompt(
      index,
      turns.map((turn, i) => (i === at ? { ...turn, content } : turn)),
    );
  return (
    <div class="sw-prompt-row">
      {removable && (
        <span class="sw-prompt-number" aria-hidden="true">
          {index + 1}
        </span>
      )}
      <div class="sw-prompt-body">
        {typeof prompt === "string" ? (
          <TextArea
            text={prompt}
            {...{ label, path, index, testId }}
            onText={(text) => actions.setPrompt(index, text)}
          />
        ) : (
          prompt.map((turn, at) => (
            <div class="sw-turn" key={at}>
              <span class="sw-role">{turn.role}</span>
              <TextArea
                text={turn.content}
                label={`${label}, ${turn.role}`}
                testId={`${testId}-turn-${at}`}
                {...{ path, index }}
                onText={(text) => setTurn(prompt, at, text)}
              />
            </div>
          ))
        )}
        <FieldError field={path} testId={`sw-field-error-prompt-${index}`} />
      </div>
      {removable && (
        <IconButton
          icon="close"
          label={`Remove prompt ${index + 1}`}
          testId={`sw-remove-prompt-${index}`}
          onPress={() => actions.removePrompt(index)}
        />
      )}
    </div>
  );
}
