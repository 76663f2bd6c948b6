interface Props<V extends string> {
  /** What is chosen here, for screen readers. */
  legend: string;
  /** Unique in the document, as radio buttons need it. */
  name: string;
  value: V;
  options: readonly { value: V; words: string; hint?: string }[];
  testId: string;
  onChange: (value: V) => void;
}

/** One of a few, side by side. */
export function Segments<V extends string>({ legend, name, value, options, testId, onChange }: Props<V>) {
  return (
    <fieldset class="sw-segments">
      <legend class="sw-hidden">{legend}</legend>
      {options.map((option) => (
        <label key={option.value} class="sw-segment" data-on={value === option.value} title={option.hint}>
          <input
            type="radio"
            name={name}
            checked={value === option.value}
            data-testid={`${testId}-${option.value}`}
            onChange={() => onChange(option.value)}
          />
          {option.words}
        </label>
      ))}
    </fieldset>
  );
}
