import type { NextToken } from "../next_token";
import { FIGURE_SPACE } from "../numbers";
import type { Alternative } from "../protocol.gen";
import { spoken } from "../whitespace";
import { TokenText } from "./TokenText";

/** Bars reach to the first of these that no probability is above: the scale changes seldom. */
const SCALES = [0.05, 0.1, 0.25, 0.5, 1];
const N_CHARS = 6;

const percent = (share: number): string =>
  `${share >= 0.9995 ? "100" : (100 * share).toFixed(1)} %`.padStart(N_CHARS, FIGURE_SPACE);

interface BarProps {
  share: number;
  scale: number;
  steered: boolean;
}

function Bar({ share, scale, steered }: BarProps) {
  return (
    <>
      <span class="sw-next-bar" data-steered={steered} aria-hidden>
        <span style={{ transform: `scaleX(${(Math.min(share, scale) / scale).toFixed(4)})` }} />
      </span>
      <span class="sw-next-share">
        <span class="sw-hidden">{steered ? "steered " : "unsteered "}</span>
        {percent(share)}
      </span>
    </>
  );
}

/** Pairs of bars, each token at the place it keeps. */
export function NextTokenBars({ shown }: { shown: NextToken }) {
  const isSteered = shown.edits.length > 0;
  const tokens = shown.places.filter((token): token is Alternative => token !== null);
  const largest = Math.max(...tokens.map(({ steered, unsteered }) => Math.max(steered, unsteered)), 0);
  const scale = SCALES.find((one) => largest <= one) ?? 1;
  return (
    <>
      <ul class="sw-next-tokens" aria-label="Likeliest next tokens">
        {shown.places.map((token, place) => (
          <li key={place} class="sw-next-token" data-testid={`sw-next-token-${place}`}>
            {token !== null && (
              <>
                <span class="sw-token" title={`token ${token.token_id}`}>
                  <span aria-hidden>
                    <TokenText text={token.text} />
                  </span>
                  <span class="sw-hidden">{spoken(token.text)}</span>
                </span>
                <Bar share={token.unsteered} scale={scale} steered={false} />
                {isSteered && <Bar share={token.steered} scale={scale} steered />}
              </>
            )}
          </li>
        ))}
      </ul>
      <p class="sw-next-scale sw-quiet">Full bars: {scale * 100} %. Probabilities at temperature 1.</p>
    </>
  );
}
