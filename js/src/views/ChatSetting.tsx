import { useView } from "../page";
import { Check } from "./Check";
import { FieldError } from "./FieldError";

export const NO_TEMPLATE = "This model has no chat template.";

/** Whether plain prompts are asked as one user turn of a chat. */
export function ChatSetting() {
  const { store, actions, id } = useView();
  const { chat } = store.generation.value.value;
  const hasNone = store.status.value.model?.has_chat_template === false;
  return (
    <div class="sw-setting sw-setting-chat" data-idle={hasNone}>
      <Check
        isOn={chat}
        isDisabled={hasNone && !chat}
        describedBy={id("chat-hint")}
        testId="sw-gen-chat"
        onChange={(on) => actions.setGeneration({ chat: on })}
      >
        Chat template
      </Check>
      <span class="sw-hint" id={id("chat-hint")} data-testid="sw-gen-chat-hint">
        {hasNone
          ? `${NO_TEMPLATE}${chat ? " Turn this off to run." : ""}`
          : "asks each plain prompt as one user turn; prompts of turns are always asked so"}
      </span>
      <FieldError field="generation/chat" testId="sw-field-error-chat" />
    </div>
  );
}
