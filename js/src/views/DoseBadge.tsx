const EXPLANATION =
  "Dose: how large the edit is next to the hidden state it is added to, on average over the steered tokens. " +
  "0 is no change; near 1 texts usually fall apart.";

export function DoseBadge({ dose }: { dose: number }) {
  return (
    <span class="sw-badge" title={EXPLANATION} data-testid="sw-dose">
      dose {dose.toFixed(2)}
      <span class="sw-hidden">. {EXPLANATION}</span>
    </span>
  );
}
