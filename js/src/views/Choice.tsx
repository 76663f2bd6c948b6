interface Option<V extends string> {
  value: V;
  name: string;
  hint?: string;
}

interface Props<V extends string> {
  label: string;
  value: V;
  /** What is called as its value may be that alone. */
  options: readonly (V | Option<V>)[];
  onChange: (value: V) => void;
  testId: string;
  describedBy?: string;
  class?: string;
}

/** A select with a label for screen readers. */
export function Choice<V extends string>({
  label,
  value,
  options: given,
  onChange,
  testId,
  describedBy,
  class: extra = "",
}: Props<V>) {
  const options = given.map(
    (option): Option<V> => (typeof option === "object" ? option : { value: option, name: option }),
  );
  const hint = options.find((option) => option.value === value)?.hint ?? label;
  return (
    <select
      class={`sw-select ${extra}`}
      aria-label={label}
      aria-describedby={describedBy}
      title={hint}
      value={value}
      data-testid={testId}
      onChange={(event) => {
        const chosen = options.find((option) => option.value === event.currentTarget.value);
        if (chosen !== undefined) onChange(chosen.value);
      }}
    >
      {options.map((option) => (
        <option key={option.value} value={option.value} selected={option.value === value}>
          {option.name}
        </option>
      ))}
    </select>
  );
}
