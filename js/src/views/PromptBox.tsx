import { useView } from "../page";
import type { Prompt } from "../protocol.gen";
import { ChatTurns } from "./ChatTurns";
import { FieldError } from "./FieldError";
import { IconButton } from "./IconButton";
import { PasteOffer } from "./PasteOffer";
import { PromptText } from "./PromptText";
import { PromptTools } from "./PromptTools";
import { TokenPreview } from "./TokenPreview";

interface Props {
  index: number;
  prompt: Prompt;
  removable: boolean;
}

/** One prompt, plain or a chat, with its tools; in a long list those come on demand. */
export function PromptBox({ index, prompt, removable }: Props) {
  const { actions, promptList, tokenPreviews: tokens } = useView();
  const path = `prompt/${index}`;
  const compact = promptList.isCompact.value;
  const open = !compact || promptList.opened.value.has(index);
  const offer = promptList.offer(index, prompt);
  return (
    <div class="sw-prompt-row" data-compact={compact && !open}>
      {removable && (
        <span class="sw-prompt-number" aria-hidden>
          {index + 1}
        </span>
      )}
      <div class="sw-prompt-body">
        {typeof prompt === "string" ? (
          <PromptText
            text={prompt}
            label={`Prompt ${index + 1}`}
            placeholder="Text that the model goes on from, such as: Yesterday I went for a walk and"
            testId={`sw-prompt-${index}`}
            {...{ path, index }}
            onText={(text) => actions.setPrompt(index, text)}
            onPasteWhole={(text) => promptList.pasted(index, text)}
          />
        ) : (
          <ChatTurns turns={prompt} index={index} onChange={(turns) => actions.setPrompt(index, turns)} />
        )}
        {offer.length > 0 && <PasteOffer index={index} lines={offer} />}
        <FieldError field={path} testId={`sw-field-error-prompt-${index}`} />
        {open && <PromptTools index={index} prompt={prompt} />}
        {open && tokens.opened.value.has(index) && <TokenPreview index={index} />}
      </div>
      {compact && (
        <IconButton
          icon="chevron"
          class="sw-expander"
          label={`Tools of prompt ${index + 1}`}
          expanded={open}
          testId={`sw-prompt-open-${index}`}
          onPress={() => promptList.toggle(index)}
        />
      )}
      {removable && (
        <IconButton
          icon="close"
          label={`Remove prompt ${index + 1}`}
          testId={`sw-remove-prompt-${index}`}
          onPress={() => {
            promptList.moved();
            tokens.removed(index);
            actions.removePrompt(index);
          }}
        />
      )}
    </div>
  );
}
