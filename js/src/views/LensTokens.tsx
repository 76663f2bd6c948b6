import { TokenText } from "./TokenText";

interface Props {
  title: string;
  hint: string;
  tokens: readonly string[];
  testId: string;
}

/** Tokens side by side, each as it is. */
export function LensTokens({ title, hint, tokens, testId }: Props) {
  if (tokens.length === 0) return null;
  return (
    <div class="sw-lens" data-testid={testId}>
      <h4 title={hint}>{title}</h4>
      <ul>
        {tokens.map((token, i) => (
          <li key={i} class="sw-lens-token">
            <bdi>
              <TokenText text={token} />
            </bdi>
          </li>
        ))}
      </ul>
    </div>
  );
}
