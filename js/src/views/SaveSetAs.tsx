import { useState } from "preact/hooks";
import { useView } from "../page";
import { PLAIN_TEXT } from "../plain_text";
import { isBlank } from "../prompts";
import type { SelectedKind } from "../protocol.gen";
import { Button } from "./Button";

const NOTHING: Readonly<Record<SelectedKind, string>> = {
  features: "Choose a feature first; a set keeps features with all their strengths.",
  prompts: "Type a prompt first.",
};

/** Keeps what is selected under a name. */
export function SaveSetAs({ kind, names }: { kind: SelectedKind; names: readonly string[] }) {
  const { store, sets } = useView();
  const [name, setName] = useState("");
  const [said, say] = useState("");
  const wanted = name.trim();
  const isEmpty =
    kind === "features"
      ? store.selection.value.value.edits.length === 0
      : store.prompts.value.value.every(isBlank);
  const isClosed = wanted === "" || isEmpty || sets[kind].isBusy.value;
  const save = async () => {
    if (isClosed || !(await sets.save(kind, wanted))) return;
    say(`Saved ${wanted}.`);
    setName("");
  };
  return (
    <div class="sw-save-as">
      <div class="sw-save-line">
        <input
          class="sw-input"
          aria-label="Name of the set"
          placeholder="Save as…"
          {...PLAIN_TEXT}
          maxLength={120}
          value={name}
          data-testid={`sw-set-name-${kind}`}
          onInput={(event) => {
            setName(event.currentTarget.value);
            say("");
          }}
          onKeyDown={(event) => {
            if (event.key !== "Enter" || event.ctrlKey || event.metaKey) return;
            event.preventDefault();
            void save();
          }}
        />
        <Button disabled={isClosed} testId={`sw-save-set-${kind}`} onPress={() => void save()}>
          {names.includes(wanted) ? "Replace" : "Save"}
        </Button>
      </div>
      <span class="sw-quiet" role="status">
        {isEmpty ? NOTHING[kind] : said}
      </span>
    </div>
  );
}
