import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { type NumberRule, parseNumber, signed } from "../numbers";
import { useView } from "../page";
import { PLAIN_TEXT } from "../plain_text";
import { errorId } from "./FieldError";
import { Icon } from "./Icon";

const STRENGTH: NumberRule = { field: "strength", whole: false, allowed: "a finite number" };

interface Props {
  /** What the strengths are of, for screen readers. */
  of: string;
  strengths: readonly number[];
  words?: (strength: number) => string;
  /** Where errors of what is typed are kept, such as `grid_strengths`. */
  path: string;
  testId: string;
  onReplace: (strength: number, instead: number) => void;
  onRemove: (strength: number) => void;
}

/** Strengths side by side: a press edits one, the cross or Delete takes it out. */
export function StrengthChips({ of, strengths, words = signed, path, testId, onReplace, onRemove }: Props) {
  const [edited, edit] = useState<number | null>(null);
  const list = useRef<HTMLUListElement>(null);
  /** The strength whose chip gets the focus once it is drawn. */
  const wanted = useRef<number | null>(null);
  useLayoutEffect(() => {
    const at = strengths.indexOf(wanted.current ?? Number.NaN);
    if (edited !== null || at < 0) return;
    wanted.current = null;
    list.current?.querySelectorAll<HTMLElement>(".sw-chip-value")[at]?.focus();
  });
  /** The chip before it, or what comes first, is where the focus goes. */
  const remove = (at: number, strength: number) => {
    onRemove(strength);
    const next = list.current?.querySelectorAll<HTMLElement>(".sw-chip-value")[at === 0 ? 1 : at - 1];
    next?.focus();
  };
  return (
    <ul class="sw-chips" aria-label={`Strengths of ${of}`} ref={list} data-testid={testId}>
      {strengths.map((strength, i) => (
        <li key={strength} class="sw-chip">
          {edited === strength ? (
            <ChipBox
              label={`Strength ${words(strength)} of ${of}`}
              value={strength}
              path={path}
              testId={`${testId}-box`}
              onDone={(instead, isByKey) => {
                edit(null);
                if (isByKey) wanted.current = instead ?? strength;
                if (instead !== null && instead !== strength) onReplace(strength, instead);
              }}
            />
          ) : (
            <button
              type="button"
              class="sw-chip-value"
              aria-label={`Edit strength ${words(strength)} of ${of}`}
              title="Press to edit, Delete to take it out"
              data-testid={`${testId}-${i}`}
              onClick={() => edit(strength)}
              onKeyDown={(event) => {
                if (event.key !== "Delete" && event.key !== "Backspace") return;
                event.preventDefault();
                remove(i, strength);
              }}
            >
              {words(strength)}
            </button>
          )}
          <button
            type="button"
            class="sw-chip-remove"
            aria-label={`Remove strength ${words(strength)} of ${of}`}
            title="Remove"
            tabIndex={-1}
            data-testid={`${testId}-remove-${i}`}
            onClick={() => remove(i, strength)}
          >
            <Icon name="close" />
          </button>
        </li>
      ))}
    </ul>
  );
}

interface BoxProps {
  label: string;
  value: number;
  path: string;
  testId: string;
  /** Gets the number that was typed; null where it stays as it was. By key: the focus is still here. */
  onDone: (value: number | null, isByKey: boolean) => void;
}

function ChipBox({ label, value, path, testId, onDone }: BoxProps) {
  const { store, id } = useView();
  const [text, setText] = useState(String(value));
  const isWrong = store.ui.refused.value[path] !== undefined;
  const isOver = useRef(false);
  const done = (instead: number | null, isByKey: boolean) => {
    if (isOver.current) return; // the box loses the focus as it goes
    isOver.current = true;
    store.ui.refuse(path, null);
    onDone(instead, isByKey);
  };
  const take = () => {
    const parsed = parseNumber(text, STRENGTH);
    if (typeof parsed === "number") done(parsed, true);
    else store.ui.refuse(path, parsed);
  };
  return (
    <input
      ref={(box) => {
        if (box !== null && document.activeElement !== box && !isOver.current) box.focus();
      }}
      class="sw-input sw-chip-box"
      inputMode="decimal"
      {...PLAIN_TEXT}
      size={Math.max(3, text.length)}
      aria-label={label}
      aria-invalid={isWrong}
      aria-describedby={isWrong ? id(errorId(path)) : undefined}
      value={text}
      data-testid={testId}
      onInput={(event) => setText(event.currentTarget.value)}
      onBlur={() => {
        const parsed = parseNumber(text, STRENGTH);
        done(typeof parsed === "number" ? parsed : null, false);
      }}
      onKeyDown={(event) => {
        if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) take();
        else if (event.key === "Escape") done(null, true);
        else return;
        event.preventDefault();
        event.stopPropagation();
      }}
    />
  );
}
