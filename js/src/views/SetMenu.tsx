import { useState } from "preact/hooks";
import { useView } from "../page";
import { isBlank } from "../prompts";
import type { SetKind } from "../protocol.gen";
import { ErrorBox } from "./ErrorBox";
import { FileButton } from "./FileButton";
import { Popover } from "./Popover";
import { SetItem } from "./SetItem";

const WORDS: Readonly<Record<SetKind, { label: string; none: string; nothing: string }>> = {
  features: {
    label: "Named sets of features with their strengths",
    none: "No feature set is saved yet.",
    nothing: "Choose a feature first; a set keeps features with all their strengths.",
  },
  prompts: {
    label: "Named sets of prompts",
    none: "No prompt set is saved yet.",
    nothing: "Type a prompt first.",
  },
};

/** Keeps what is selected under a name, and brings it back: use, add, share as a file, delete. */
export function SetMenu({ kind }: { kind: SetKind }) {
  const { sets } = useView();
  return (
    <Popover
      words="Sets"
      icon="bookmark"
      label={WORDS[kind].label}
      testId={`sw-sets-${kind}`}
      onOpen={() => void sets.list(kind)}
    >
      {(close) => <SetPanel kind={kind} close={close} />}
    </Popover>
  );
}

function SetPanel({ kind, close }: { kind: SetKind; close: () => void }) {
  const { sets } = useView();
  const shelf = sets[kind];
  const all = shelf.sets.value;
  const error = shelf.error.value;
  return (
    <>
      <SaveAs kind={kind} names={all?.map(({ name }) => name) ?? []} />
      {error !== null && (
        <ErrorBox
          error={error}
          testId={`sw-set-error-${kind}`}
          onClose={() => {
            shelf.error.value = null;
          }}
        />
      )}
      {all !== null && all.length > 0 && (
        <ul class="sw-sets">
          {all.map((info) => (
            <SetItem key={info.name} kind={kind} info={info} close={close} />
          ))}
        </ul>
      )}
      <div class="sw-sets-foot">
        <span class="sw-quiet" role="status">
          {all === null
            ? error === null
              ? "Asking for the sets…"
              : ""
            : all.length === 0
              ? WORDS[kind].none
              : ""}
        </span>
        <FileButton
          words="Import a file"
          icon="upload"
          accept=".json,application/json"
          title="Keep the set that a file holds, as Export wrote it"
          testId={`sw-import-set-${kind}`}
          onFile={(_name, content) => void sets.take(kind, content)}
          onError={(thrown) => sets.fail(kind, thrown)}
        />
      </div>
    </>
  );
}

function SaveAs({ kind, names }: { kind: SetKind; names: readonly string[] }) {
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
          type="text"
          aria-label="Name of the set"
          placeholder="Save as…"
          autoComplete="off"
          spellcheck={false}
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
        <button
          type="button"
          class="sw-button"
          disabled={isClosed}
          data-testid={`sw-save-set-${kind}`}
          onClick={() => void save()}
        >
          {names.includes(wanted) ? "Replace" : "Save"}
        </button>
      </div>
      <span class="sw-quiet" role="status">
        {isEmpty ? WORDS[kind].nothing : said}
      </span>
    </div>
  );
}
