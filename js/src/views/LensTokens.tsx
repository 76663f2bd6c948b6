interface Props {
  title: string;
  hint: string;
  tokens: readonly string[];
  testId: string;
}

/** White space is what tells " a" from "a": it is shown. */
const visible = (token: string): string => token.replaceAll("\n", "↵").replaceAll("\t", "⇥");

/** Tokens side by side, each as it is. */
export function LensTokens({ title, hint, tokens, testId }: Props) {
  if (tokens.length === 0) return null;
  return (
    <div class="sw-lens" data-testid={testId}>
      <h4 title={hint}>{title}</h4>
      <ul>
        {tokens.map((token, i) => (
          <li key={i} class="sw-lens-token">
            <bdi>{visible(token)}</bdi>
          </li>
        ))}
      </ul>
    </div>
  );
}
