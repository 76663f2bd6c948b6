interface Props<V extends string> {
  label: string;
  value: V;
  options: readonly { value: V; name: string; hint?: string }[];
  onChange: (value: V) => void;
  testId: string;
  describedBy?: string;
  class?: string;
}

/** A select with a label for screen readers. */
export function Choice<V extends string>({
  label,
  value,
  options,
  onChange,
  testId,
  describedBy,
  class: extra = "",
}: Props<V>) {
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
