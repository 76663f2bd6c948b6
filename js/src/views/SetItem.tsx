import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { count } from "../numbers";
import { useView } from "../page";
import type { SetInfo, SetKind } from "../protocol.gen";
import { exactly } from "../when";
import { Button } from "./Button";
import { IconButton } from "./IconButton";

const NOUN: Readonly<Record<SetKind, string>> = { features: "feature", prompts: "prompt", vectors: "vector" };

interface Props {
  kind: SetKind;
  info: SetInfo;
  close: () => void;
}

/** A named set: what it holds, and what can be done with it. Deleting asks once more. */
export function SetItem({ kind, info, close }: Props) {
  const { sets } = useView();
  const [isSure, setSure] = useState(false);
  const row = useRef<HTMLLIElement>(null);
  const wasSure = useRef(false);
  // The button that was pressed is gone: the safe one of those instead gets the focus, the last.
  useLayoutEffect(() => {
    if (isSure !== wasSure.current) row.current?.querySelector<HTMLElement>("button:last-child")?.focus();
    wasSure.current = isSure;
  }, [isSure]);
  const { name, n_items, saved_at, preview } = info;
  const isBusy = sets[kind].isBusy.value;
  const use = async (isAdded: boolean) => {
    // What the user should know stays to be read.
    if ((await sets.use(kind, name, isAdded)) && sets[kind].note.value === "") close();
  };
  const remove = async (button: HTMLElement) => {
    const panel = button.closest<HTMLElement>('[role="dialog"]');
    if (await sets.remove(kind, name)) panel?.focus();
  };
  return (
    <li ref={row} class="sw-set" data-testid={`sw-set-${kind}`} data-name={name}>
      <div class="sw-set-words">
        <span class="sw-label" dir="auto" title={name}>
          {name}
        </span>
        <span class="sw-quiet">
          {[count(n_items, NOUN[kind]), exactly(saved_at)].filter(Boolean).join(" · ")}
        </span>
        {preview !== "" && (
          <span class="sw-set-preview sw-quiet" dir="auto" title={preview}>
            {preview}
          </span>
        )}
      </div>
      {isSure ? (
        <span class="sw-set-buttons">
          <Button
            class="sw-danger"
            testId="sw-delete-set-sure"
            onPress={({ currentTarget }) => void remove(currentTarget)}
          >
            Delete it
          </Button>
          <Button kind="link" onPress={() => setSure(false)}>
            Keep
          </Button>
        </span>
      ) : (
        <span class="sw-set-buttons">
          <Button
            title="Select it instead of what is selected"
            aria-label={`Use ${name}`}
            disabled={isBusy}
            testId="sw-use-set"
            onPress={() => void use(false)}
          >
            Use
          </Button>
          <Button
            kind="link"
            title="Select it besides what is selected"
            aria-label={`Add ${name}`}
            disabled={isBusy}
            testId="sw-add-set"
            onPress={() => void use(true)}
          >
            Add
          </Button>
          <IconButton
            icon="download"
            label={`Export ${name} as a file`}
            testId="sw-export-set"
            onPress={() => void sets.share(kind, name)}
          />
          <IconButton
            icon="trash"
            label={`Delete ${name}`}
            testId="sw-delete-set"
            onPress={() => setSure(true)}
          />
        </span>
      )}
    </li>
  );
}
