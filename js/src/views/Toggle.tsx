interface Props {
  words: string;
  title: string;
  on: boolean;
  disabled?: boolean;
  onChange: (on: boolean) => void;
  testId: string;
}

/** Something that is on or off, and takes effect at once. */
export function Toggle({ words, title, on, disabled = false, onChange, testId }: Props) {
  return (
    <button
      type="button"
      class="sw-toggle"
      role="switch"
      aria-checked={on}
      title={title}
      disabled={disabled}
      data-testid={testId}
      onClick={() => onChange(!on)}
    >
      <span class="sw-toggle-track" aria-hidden />
      {words}
    </button>
  );
}
