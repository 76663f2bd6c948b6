import { DEFAULT_GENERATION } from "../defaults";
import { isDefault, SETTINGS, summary } from "../generation";
import { useView } from "../page";
import type { Generation } from "../protocol.gen";
import { Button } from "./Button";
import { ChatSetting } from "./ChatSetting";
import { Icon } from "./Icon";
import { SettingBox } from "./SettingBox";
import { StopTexts } from "./StopTexts";

/** How texts are generated: in one line, or every parameter there is. */
export function GenerationPanel() {
  const { store, actions, id } = useView();
  const { ui } = store;
  const generation = store.generation.value.value;
  const open = ui.generationOpen.value;
  const troubled = Object.keys(store.fieldErrors.value).some((field) => field.startsWith("generation/"));
  const shown = open || troubled; // an error is never behind a closed door
  const untouched =
    !troubled &&
    (Object.keys(DEFAULT_GENERATION) as (keyof Generation)[]).every((field) => isDefault(field, generation));
  return (
    <section>
      <button
        type="button"
        class="sw-disclosure"
        aria-expanded={shown}
        aria-controls={id("generation")}
        data-testid="sw-gen-toggle"
        onClick={() => {
          ui.generationOpen.value = !open;
        }}
      >
        <Icon name="chevron" />
        <span>Generation</span>
        <span class="sw-quiet" data-testid="sw-gen-summary">
          {summary(generation)}
        </span>
      </button>
      <div id={id("generation")} class="sw-settings" hidden={!shown}>
        {SETTINGS.map((setting) => (
          <SettingBox key={setting.field} setting={setting} generation={generation} />
        ))}
        <StopTexts />
        <ChatSetting />
        <div class="sw-settings-end">
          <Button
            kind="link"
            icon="retry"
            disabled={untouched}
            testId="sw-gen-reset"
            onPress={() => actions.resetGeneration({ ...DEFAULT_GENERATION })}
          >
            Reset all to defaults
          </Button>
        </div>
      </div>
    </section>
  );
}
