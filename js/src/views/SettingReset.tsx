import { DEFAULT_GENERATION } from "../defaults";
import { isDefault, stopLines } from "../generation";
import { useView } from "../page";
import type { Generation } from "../protocol.gen";
import { IconButton } from "./IconButton";

/** "60", "empty", "off": the default as a person would say it. */
function defaultWords(field: keyof Generation): string {
  const value = DEFAULT_GENERATION[field];
  if (typeof value === "boolean") return value ? "on" : "off";
  return typeof value === "number" ? String(value) : stopLines(value) || "none";
}

/** Puts one setting back. It has its room also while there is nothing to put back, so that nothing moves. */
export function SettingReset({ field, name }: { field: keyof Generation; name: string }) {
  const { store, actions } = useView();
  const path = `generation/${field}`;
  const wrong = store.fieldErrors.value[path] !== undefined;
  if (isDefault(field, store.generation.value.value) && !wrong) return <span class="sw-reset-place" />;
  return (
    <IconButton
      icon="retry"
      class="sw-reset-place"
      label={`Reset ${name} to ${defaultWords(field)}`}
      testId={`sw-gen-reset-${field}`}
      onPress={() => {
        store.ui.forget((one) => one === path);
        actions.setGeneration({ [field]: DEFAULT_GENERATION[field] });
      }}
    />
  );
}
