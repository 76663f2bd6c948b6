import { useView } from "../page";
import { Icon } from "./Icon";
import { PromptBox } from "./PromptBox";

/** One prompt or several; an empty list still shows one box to type in. */
export function Prompts() {
  const { store, actions, id } = useView();
  const prompts = store.prompts.value.value;
  const shown = prompts.length === 0 ? [""] : prompts;
  return (
    <section class="sw-section" aria-labelledby={id("prompts")}>
      <div class="sw-heading">
        <h3 id={id("prompts")}>{shown.length > 1 ? "Prompts" : "Prompt"}</h3>
        <button type="button" class="sw-link" onClick={() => actions.addPrompt()} data-testid="sw-add-prompt">
          <Icon name="plus" />
          Add prompt
        </button>
      </div>
      {shown.map((prompt, i) => (
        <PromptBox key={i} index={i} prompt={prompt} removable={shown.length > 1} />
      ))}
    </section>
  );
}
