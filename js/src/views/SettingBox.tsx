import { IDLE_HINT, isIdle, newSeed, type Setting } from "../generation";
import { useView } from "../page";
import type { Generation } from "../protocol.gen";
import { Button } from "./Button";
import { FieldError } from "./FieldError";
import { NumberBox } from "./NumberBox";
import { SettingReset } from "./SettingReset";

interface Props {
  setting: Setting;
  generation: Generation;
}

/** One number of the generation. Where it has no effect it says so, but can be set all the same. */
export function SettingBox({ setting, generation }: Props) {
  const { store, actions, id } = useView();
  const { field, name } = setting;
  const path = `generation/${field}`;
  const idle = isIdle(setting, generation);
  return (
    <div class="sw-setting" data-idle={idle} data-testid={`sw-setting-${field}`}>
      <span class="sw-setting-name" id={id(field)}>
        {name}
        <SettingReset field={field} name={name} />
      </span>
      <span class="sw-setting-box">
        <NumberBox
          path={path}
          rule={setting}
          label={name}
          labelledBy={`${id(field)} ${id(`${field}-hint`)}`}
          value={generation[field]}
          step={setting.step}
          testId={`sw-gen-${field}`}
          onChange={(value) => actions.setGeneration({ [field]: value })}
        />
        {field === "seed" && (
          <Button
            title="Draw another seed"
            testId="sw-gen-new-seed"
            onPress={() => {
              store.ui.forget((one) => one === path);
              actions.setGeneration({ seed: newSeed(generation.seed) });
            }}
          >
            New
          </Button>
        )}
      </span>
      <span class="sw-hint" id={id(`${field}-hint`)}>
        {idle ? IDLE_HINT : setting.hint}
      </span>
      <FieldError field={path} testId={`sw-field-error-${field}`} />
    </div>
  );
}
