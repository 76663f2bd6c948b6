import { shortSigned } from "../numbers";
import type { LensToken } from "../protocol.gen";
import { TokenText } from "./TokenText";

interface Props {
  title: string;
  /** With what is done to their logits, where that was measured now. */
  tokens: readonly (string | LensToken)[];
  testId: string;
}

/** Tokens that a direction raises or lowers, side by side, each as it is. */
export function LensTokens({ title, tokens, testId }: Props) {
  if (tokens.length === 0) return null;
  return (
    <div class="sw-lens" data-testid={testId}>
      <h4 title="Most, if the direction is read out directly (logit lens).">{title}</h4>
      <ul>
        {tokens.map((token, i) => (
          <li key={i} class="sw-lens-token">
            <bdi>
              <TokenText text={typeof token === "string" ? token : token.text} />
            </bdi>
            {typeof token === "object" && <span class="sw-lens-logit"> {shortSigned(token.logit)}</span>}
          </li>
        ))}
      </ul>
    </div>
  );
}
