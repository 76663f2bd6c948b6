import { useView } from "../page";
import type { SetKind } from "../protocol.gen";
import { ErrorBox } from "./ErrorBox";
import { FileButton } from "./FileButton";
import { Popover } from "./Popover";
import { SaveSetAs } from "./SaveSetAs";
import { SetItem } from "./SetItem";

const LABELS: Readonly<Record<SetKind, string>> = {
  features: "Named sets of features with their strengths",
  prompts: "Named sets of prompts",
};

/** Keeps what is selected under a name, and brings it back: use, add, share as a file, delete. */
export function SetMenu({ kind }: { kind: SetKind }) {
  const { sets } = useView();
  return (
    <Popover
      words="Sets"
      icon="bookmark"
      label={LABELS[kind]}
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
      <SaveSetAs kind={kind} names={all?.map(({ name }) => name) ?? []} />
      {error !== null && (
        <ErrorBox
          error={error}
          testId={`sw-set-error-${kind}`}
          onClose={() => {
            shelf.error.value = null;
          }}
        />
      )}
      {shelf.note.value !== "" && (
        <p class="sw-set-note" role="status" data-testid={`sw-set-note-${kind}`} dir="auto">
          {shelf.note.value}
        </p>
      )}
      {all !== null && all.length > 0 && (
        <ul>
          {all.map((info) => (
            <SetItem key={info.name} kind={kind} info={info} close={close} />
          ))}
        </ul>
      )}
      <div class="sw-sets-foot">
        <span class="sw-quiet" role="status">
          {all === null && error === null && "Asking for the sets…"}
          {all?.length === 0 && `No ${kind === "features" ? "feature" : "prompt"} set is saved yet.`}
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
