import { useMemo, useRef } from "preact/hooks";
import { focusOn } from "../focus";
import { count } from "../numbers";
import { useView } from "../page";
import type { PastRun } from "../protocol.gen";
import { exactly } from "../when";
import { ExportMenu } from "./ExportMenu";
import { IconButton } from "./IconButton";
import { NoteForm } from "./NoteForm";
import { PastRunFacts } from "./PastRunFacts";
import { Thumbnail } from "./Thumbnail";

interface Props {
  run: PastRun;
  onDelete: () => void;
}

/** A past run: pressed, it is opened; beside it what else can be done with it. */
export function PastRunRow({ run, onDelete }: Props) {
  const { history } = useView();
  const row = useRef<HTMLLIElement>(null);
  const isNoting = history.noting.value === run.id;
  const isMarked = history.marked.value.some(({ id }) => id === run.id);
  const prompt = run.prompts[0] ?? "";
  const name = run.name || `the run of ${exactly(run.created_at)}`;
  // What does not change is not drawn again with every mark and every page of the list.
  const picture = useMemo(() => <Thumbnail run={run} />, [run]);
  const facts = useMemo(() => <PastRunFacts run={run} />, [run]);
  const focus = (part: string) => focusOn(row.current?.querySelector<HTMLElement>(part));

  const open = async (button: HTMLElement) => {
    const root = button.closest(".sw-root");
    if (await history.open(run.id)) root?.querySelector<HTMLElement>('[data-testid="sw-tab-steer"]')?.focus();
  };
  const stopNoting = () => {
    history.noting.value = "";
    history.dismiss("NoteRun");
    focus(".sw-past-note");
  };

  return (
    <li ref={row} class="sw-past" data-testid={`sw-past-${run.id}`} data-marked={isMarked}>
      <input
        type="checkbox"
        class="sw-past-mark"
        checked={isMarked}
        aria-label={`Mark ${name} for a comparison`}
        title="Mark for a comparison"
        data-testid={`sw-past-mark-${run.id}`}
        onChange={() => history.mark(run)}
      />
      <div class="sw-past-main">
        <button
          type="button"
          class="sw-past-open"
          title="Show this run with its settings"
          aria-busy={history.opening.value === run.id}
          data-testid={`sw-past-open-${run.id}`}
          onClick={(event) => void open(event.currentTarget)}
        >
          {picture}
          <span class="sw-past-words">
            {run.name !== "" && (
              <span class="sw-past-name" dir="auto">
                {run.name}
              </span>
            )}
            <span class="sw-past-prompt" dir="auto">
              {prompt}
              {run.n_prompts > 1 && <span class="sw-quiet"> +{count(run.n_prompts - 1, "prompt")}</span>}
            </span>
            {facts}
          </span>
        </button>
        {isNoting ? (
          <NoteForm run={run} onEnd={stopNoting} />
        ) : (
          run.tags.length > 0 && (
            <ul class="sw-past-tags" aria-label="Tags">
              {run.tags.map((tag) => (
                <li key={tag} class="sw-past-tag" dir="auto">
                  {tag}
                </li>
              ))}
            </ul>
          )
        )}
      </div>
      <div class="sw-past-actions">
        <IconButton
          icon="pen"
          label={`Name and tags of ${name}`}
          class="sw-past-note"
          expanded={isNoting}
          testId={`sw-past-note-${run.id}`}
          onPress={() => {
            if (isNoting) stopNoting();
            else history.noting.value = run.id;
          }}
        />
        <ExportMenu run={run.id} name={name} />
        <IconButton
          icon="trash"
          label={`Delete ${name}`}
          testId={`sw-past-delete-${run.id}`}
          onPress={onDelete}
        />
      </div>
    </li>
  );
}
