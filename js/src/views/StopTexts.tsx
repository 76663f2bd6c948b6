import { stopLines, stopTexts } from "../generation";
import { useView } from "../page";
import { errorId, FieldError } from "./FieldError";
import { SettingReset } from "./SettingReset";

const PATH = "generation/stop";

/** One stop text per line; empty lines stay while they are typed. */
export function StopTexts() {
  const { store, actions, id } = useView();
  const text = store.ui.drafts.value[PATH] ?? stopLines(store.generation.value.value.stop);
  const wrong = store.fieldErrors.value[PATH] !== undefined;
  return (
    <div class="sw-setting sw-setting-stop">
      <span class="sw-setting-name">
        <label for={id("stop")}>Stop texts</label>
        <SettingReset field="stop" name="stop texts" />
      </span>
      <textarea
        id={id("stop")}
        class="sw-input"
        rows={2}
        spellcheck={false}
        value={text}
        aria-invalid={wrong}
        aria-describedby={`${id("stop-hint")} ${wrong ? id(errorId(PATH)) : ""}`}
        data-testid="sw-gen-stop"
        onInput={(event) => {
          const typed = event.currentTarget.value;
          store.ui.draft(PATH, typed);
          actions.setGeneration({ stop: stopTexts(typed) });
        }}
        onBlur={() => store.ui.draft(PATH, null)}
      />
      <span class="sw-hint" id={id("stop-hint")}>
        one a line, <code>\n</code> is a line break; a text ends where one appears
      </span>
      <FieldError field={PATH} testId="sw-field-error-stop" />
    </div>
  );
}
