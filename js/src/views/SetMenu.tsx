import { useView } from "../page";
import type { SetKind } from "../protocol.gen";
import { ErrorBox } from "./ErrorBox";
import { FileButton } from "./FileButton";
import { Popover } from "./Popover";
import { SaveSetAs } from "./SaveSetAs";
import { SetItem } from "./SetItem";
import { VectorForm } from "./VectorForm";

interface Words {
  button: string;
  label: string;
  none: string;
  accept: string;
  file: string;
}

const SET_FILE = {
  accept: ".json,application/json",
  file: "Keep the set that a file holds, as Export wrote it",
};
const WORDS: Readonly<Record<SetKind, Words>> = {
  features: {
    button: "Sets",
    label: "Named sets of features with their strengths",
    none: "No feature set is saved yet.",
    ...SET_FILE,
  },
  prompts: {
    button: "Sets",
    label: "Named sets of prompts",
    none: "No prompt set is saved yet.",
    ...SET_FILE,
  },
  vectors: {
    button: "Your vectors",
    label: "Vectors of your own: from texts, from files",
    none: "No vector is kept yet.",
    accept: ".safetensors,.gguf",
    file: "A vector that Python or Export saved (.safetensors), or a control vector of repeng or llama.cpp (.gguf); up to 7 MB",
  },
};

/** Keeps what is selected under a name, and brings it back: use, add, share as a file, delete. */
export function SetMenu({ kind }: { kind: SetKind }) {
  const { sets } = useView();
  const { button, label } = WORDS[kind];
  return (
    <Popover
      words={button}
      icon={kind === "vectors" ? "arrow" : "bookmark"}
      label={label}
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
  const names = all?.map(({ name }) => name) ?? [];
  const words = WORDS[kind];
  return (
    <>
      {kind === "vectors" ? <VectorForm names={names} /> : <SaveSetAs kind={kind} names={names} />}
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
          {all === null && error === null && "Asking for them…"}
          {all?.length === 0 && words.none}
        </span>
        <FileButton
          words="Import a file"
          icon="upload"
          accept={words.accept}
          title={words.file}
          testId={`sw-import-set-${kind}`}
          onFile={(file) => sets.take(kind, file)}
          onError={(thrown) => sets.fail(kind, thrown)}
        />
      </div>
    </>
  );
}
