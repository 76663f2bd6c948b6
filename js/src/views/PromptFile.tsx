import { clipped } from "../clipped";
import { count, whole } from "../numbers";
import { useView } from "../page";
import { isBlank, promptLine } from "../prompts";
import { Button } from "./Button";
import { ErrorBox } from "./ErrorBox";

const N_PREVIEWED = 3;
const MAX_CHARS = 160;

/** What a file has, before it is taken: how many prompts, the first of them, and where they go. */
export function PromptFile() {
  const { store, promptList } = useView();
  const error = promptList.fileError.value;
  const file = promptList.file.value;
  if (error !== null)
    return <ErrorBox error={error} testId="sw-prompt-file-error" onClose={() => promptList.dismissFile()} />;
  if (promptList.isReading.value)
    return (
      <p class="sw-quiet" role="status">
        Reading the file…
      </p>
    );
  if (file === null) return null;
  const { name, prompts } = file;
  const isEmpty = store.prompts.value.value.every(isBlank);
  const nMore = prompts.length - N_PREVIEWED;
  return (
    <div class="sw-file" role="group" aria-label={`Prompts from ${name}`} data-testid="sw-prompt-file">
      <p role="status">
        <strong>{count(prompts.length, "prompt")}</strong> from <bdi>{name}</bdi>
      </p>
      <ol class="sw-file-preview">
        {prompts.slice(0, N_PREVIEWED).map((prompt, i) => (
          <li key={i} dir="auto">
            {clipped(promptLine(prompt), MAX_CHARS)}
          </li>
        ))}
        {nMore > 0 && <li class="sw-quiet">and {whole(nMore)} more</li>}
      </ol>
      <div class="sw-file-choice">
        {!isEmpty && (
          <Button testId="sw-prompt-file-add" onPress={() => promptList.takeFile("add")}>
            Add to the list
          </Button>
        )}
        <Button testId="sw-prompt-file-replace" onPress={() => promptList.takeFile("replace")}>
          {isEmpty ? "Use them" : "Replace the list"}
        </Button>
        <Button kind="link" testId="sw-prompt-file-cancel" onPress={() => promptList.dismissFile()}>
          Cancel
        </Button>
      </div>
    </div>
  );
}
