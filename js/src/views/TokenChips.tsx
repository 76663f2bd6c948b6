import { Fragment } from "preact";
import { whole } from "../numbers";
import type { PromptToken } from "../protocol.gen";
import { spoken } from "../whitespace";
import { TokenText } from "./TokenText";

/** Laying out more takes long, and nobody reads them. */
const MAX_DRAWN = 2_000;

interface Props {
  tokens: readonly PromptToken[];
  steered: ReadonlySet<number>;
}

const hint = ({ token_id, is_special }: PromptToken, at: number, isSteered: boolean): string =>
  [
    `position ${at}`,
    `token ${token_id}`,
    ...(is_special ? ["special token"] : []),
    isSteered ? "steered" : "not steered",
  ].join(" · ");

/** Tokens one after the other, as the model reads them. */
export function TokenChips({ tokens, steered }: Props) {
  return (
    <>
      {tokens.slice(0, MAX_DRAWN).map((token, at) => (
        <Fragment key={at}>
          <span
            class="sw-chip-token"
            role="button"
            tabIndex={at === 0 ? 0 : -1}
            aria-label={token.text.trim() || spoken(token.text)}
            data-token={at}
            data-odd={at % 2 === 1}
            data-special={token.is_special}
            data-steered={steered.has(at)}
            title={hint(token, at, steered.has(at))}
          >
            <TokenText text={token.text} />
          </span>
          {token.text.includes("\n") && <br />}
        </Fragment>
      ))}
      {tokens.length > MAX_DRAWN && (
        <span class="sw-quiet"> … and {whole(tokens.length - MAX_DRAWN)} more</span>
      )}
    </>
  );
}
