import { whole } from "../numbers";
import { useView } from "../page";
import { Button } from "./Button";
import { FileButton } from "./FileButton";
import { PromptBox } from "./PromptBox";
import { PromptFile } from "./PromptFile";
import { SetMenu } from "./SetMenu";
import { ShowAll } from "./ShowAll";

/** One prompt or several; an empty list still shows one box to type in. */
export function Prompts() {
  const { store, actions, promptList, id } = useView();
  const prompts = store.prompts.value.value;
  const all = prompts.length === 0 ? [""] : prompts;
  const shown = all.slice(0, promptList.nShown.value);
  return (
    <section class="sw-section" aria-labelledby={id("prompts")}>
      <div class="sw-heading">
        <h3 id={id("prompts")}>{all.length > 1 ? `${whole(all.length)} prompts` : "Prompt"}</h3>
        <span class="sw-heading-tools">
          <FileButton
            words="From a file"
            accept=".txt,.csv,.tsv,.jsonl,.ndjson,.json,text/plain,text/csv"
            title="Prompts from a text, CSV or JSON lines file"
            testId="sw-prompt-file-open"
            onFile={async (file) => promptList.readFile(file.name, await file.text())}
            onError={(thrown) => promptList.failFile(thrown)}
          />
          <Button
            kind="link"
            icon="plus"
            testId="sw-add-prompt"
            onPress={() => {
              promptList.showsAll.value = true;
              actions.addPrompt();
            }}
          >
            Add prompt
          </Button>
          <SetMenu kind="prompts" />
        </span>
      </div>
      <PromptFile />
      {shown.map((prompt, i) => (
        <PromptBox key={i} index={i} prompt={prompt} removable={all.length > 1} />
      ))}
      <ShowAll n={all.length} />
    </section>
  );
}
