import { useEffect, useRef, useState } from "preact/hooks";
import { enter } from "../focus";
import { useView } from "../page";
import type { PastRun } from "../protocol.gen";
import { Button } from "./Button";
import { ErrorLine } from "./ErrorLine";
import { Icon } from "./Icon";

const MAX_NAME_CHARS = 200;
const MAX_OFFERED = 12;

const tagsOf = (text: string): string[] => [
  ...new Set(
    text
      .split(",")
      .map((tag) => tag.trim())
      .filter(Boolean),
  ),
];

interface Props {
  run: PastRun;
  onEnd: () => void;
}

/** Name and tags of a run, written in its place. Enter keeps them, Escape leaves them as they were. */
export function NoteForm({ run, onEnd }: Props) {
  const { history, id } = useView();
  const [name, setName] = useState(run.name);
  const [tags, setTags] = useState(run.tags.join(", "));
  const first = useRef<HTMLInputElement>(null);
  useEffect(() => enter(first.current), []);
  const error = history.failed.value.NoteRun;
  const given = tagsOf(tags);
  const offered = history.tags.value.filter((tag) => !given.includes(tag)).slice(0, MAX_OFFERED);
  const keep = async () => {
    if (await history.note(run.id, name.trim(), given)) onEnd();
  };
  return (
    <form
      class="sw-note"
      aria-label="Name and tags"
      data-testid={`sw-note-${run.id}`}
      onSubmit={(event) => {
        event.preventDefault();
        void keep();
      }}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.preventDefault();
        onEnd();
      }}
    >
      <label class="sw-note-field">
        <span>Name</span>
        <input
          ref={first}
          class="sw-input"
          maxLength={MAX_NAME_CHARS}
          value={name}
          aria-invalid={error !== undefined}
          aria-describedby={error === undefined ? undefined : id("note-error")}
          data-testid="sw-note-name"
          onInput={(event) => setName(event.currentTarget.value)}
        />
      </label>
      <label class="sw-note-field">
        <span>Tags</span>
        <input
          class="sw-input"
          value={tags}
          placeholder="separated by commas"
          data-testid="sw-note-tags"
          onInput={(event) => setTags(event.currentTarget.value)}
        />
      </label>
      <div class="sw-note-end">
        <button type="submit" class="sw-button" data-testid="sw-note-save">
          Save
        </button>
        <Button kind="link" testId="sw-note-cancel" onPress={onEnd}>
          Cancel
        </Button>
        {offered.map((tag) => (
          <button
            key={tag}
            type="button"
            class="sw-history-chip"
            aria-label={`Add the tag ${tag}`}
            onClick={() => setTags([...given, tag].join(", "))}
          >
            <Icon name="plus" />
            <span dir="auto">{tag}</span>
          </button>
        ))}
      </div>
      {error !== undefined && <ErrorLine error={error} id={id("note-error")} testId="sw-note-error" />}
    </form>
  );
}
