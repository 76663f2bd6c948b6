import { count, whole } from "../numbers";
import { useView } from "../page";
import type { Prompt } from "../protocol.gen";
import { Button } from "./Button";
import { NO_TEMPLATE } from "./ChatSetting";

interface Props {
  index: number;
  prompt: Prompt;
}

/** Below a prompt: its tokens, and whether it is plain text or a chat. */
export function PromptTools({ index, prompt }: Props) {
  const { store, promptList, tokenPreviews: tokens, id } = useView();
  const isChat = typeof prompt !== "string";
  const hasNone = store.status.value.model?.has_chat_template === false;
  const open = tokens.opened.value.has(index);
  const read = open ? tokens.shown.value.get(index)?.read : undefined;
  const nSteered = new Set(read?.steered.flat() ?? []).size;
  const words = read
    ? [
        count(read.tokens.length, "token"),
        ...(read.steered.length > 0 ? [`${whole(nSteered)} steered`] : []),
      ].join(", ")
    : "Tokens";
  return (
    <div class="sw-prompt-tools">
      <Button
        kind="link"
        class="sw-disclosure"
        icon="chevron"
        aria-expanded={open}
        aria-controls={open ? id(`tokens-${index}`) : undefined}
        aria-label={`Tokens of prompt ${index + 1}${read ? `: ${words}` : ""}`}
        title="What the model reads, token by token"
        testId={`sw-tokens-toggle-${index}`}
        onPress={() => tokens.toggle(index)}
      >
        {words}
      </Button>
      <Button
        kind="link"
        disabled={hasNone && !isChat}
        aria-describedby={hasNone ? id(`no-chat-${index}`) : undefined}
        title={
          isChat
            ? "One text instead of turns"
            : "Turns of system, user and assistant, by the model's template"
        }
        testId={`sw-prompt-${index}-${isChat ? "to-text" : "to-chat"}`}
        onPress={() => (isChat ? promptList.toText(index) : promptList.toChat(index))}
      >
        {isChat ? "Make plain text" : "Make a chat"}
      </Button>
      {hasNone && (
        <span
          class="sw-quiet sw-prompt-note"
          id={id(`no-chat-${index}`)}
          data-testid={`sw-prompt-${index}-no-chat`}
        >
          {NO_TEMPLATE}
        </span>
      )}
    </div>
  );
}
