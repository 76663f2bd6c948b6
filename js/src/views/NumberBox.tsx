import { type NumberRule, parseNumber } from "../numbers";
import { useView } from "../page";
import { PLAIN_TEXT } from "../plain_text";
import { errorId } from "./FieldError";

interface Props {
  /** Where drafts and errors of this box are kept, such as `generation/top_p`. */
  path: string;
  rule: NumberRule;
  label: string;
  value: number;
  step: number;
  onChange: (value: number) => void;
  testId: string;
  labelledBy?: string;
}

/** A box for any number: what is typed stays as typed until it is left, and also where it is refused. */
export function NumberBox({ path, rule, label, value, step, onChange, testId, labelledBy }: Props) {
  const { store, id } = useView();
  const { ui } = store;
  const text = ui.drafts.value[path] ?? String(value);
  const wrong = store.fieldErrors.value[path] !== undefined;
  const take = (typed: string) => {
    const parsed = parseNumber(typed, rule);
    ui.draft(path, typed);
    if (typeof parsed === "number") {
      ui.refuse(path, null);
      onChange(parsed);
    } else {
      ui.refuse(path, parsed);
    }
  };
  const leave = () => {
    if (ui.refused.value[path] === undefined) ui.draft(path, null);
  };
  const nudge = (event: KeyboardEvent) => {
    const turn = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (turn === undefined || ui.refused.value[path] !== undefined) return;
    event.preventDefault();
    take(String(Number((value + turn * step * (event.shiftKey ? 10 : 1)).toPrecision(12))));
  };
  return (
    <input
      class="sw-input sw-number"
      inputMode="decimal"
      {...PLAIN_TEXT}
      aria-label={labelledBy === undefined ? label : undefined}
      aria-labelledby={labelledBy}
      aria-invalid={wrong}
      aria-describedby={wrong ? id(errorId(path)) : undefined}
      value={text}
      data-testid={testId}
      onInput={(event) => take(event.currentTarget.value)}
      onBlur={leave}
      onKeyDown={nudge}
    />
  );
}
