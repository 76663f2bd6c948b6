import type { NextToken } from "../next_token";
import { short } from "../numbers";
import { useView } from "../page";
import { useRested } from "../rested";
import { columnName } from "../steering";
import { spoken } from "../whitespace";
import { ErrorLine } from "./ErrorLine";
import { NextTokenBars } from "./NextTokenBars";

const N_SPOKEN = 3;
const REST_MS = 800;

const percentWords = (share: number): string => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} percent`;

/** The likeliest tokens, said in a sentence. */
function sentence({ places, edits }: NextToken): string {
  const best = places
    .filter((token) => token !== null)
    .sort((a, b) => Math.max(b.steered, b.unsteered) - Math.max(a.steered, a.unsteered))
    .slice(0, N_SPOKEN)
    .map(
      ({ text, unsteered, steered }) =>
        `${spoken(text)}: ${percentWords(unsteered)}${edits.length > 0 ? `, steered ${percentWords(steered)}` : ""}`,
    );
  return `Likeliest next tokens: ${best.join("; ")}.`;
}

/** Which tokens come next, unsteered against steered; follows the dial while it moves. */
export function NextTokenStrip() {
  const { store, nextTokens, id } = useView();
  const shown = nextTokens.shown.value;
  const said = useRested(shown === null ? "" : sentence(shown), REST_MS);
  if (!nextTokens.isOn.value) return null;
  const error = nextTokens.error.value;
  const idle = nextTokens.idle.value;
  const name = columnName(shown?.edits ?? [], store.label);
  const nPrompts = store.prompts.value.value.length;
  const first = shown?.edits[0];
  return (
    <section
      class="sw-next"
      aria-labelledby={id("next-token")}
      data-colour={store.colours.ofFirst(shown?.edits ?? [])}
      data-idle={idle !== ""}
      data-testid="sw-next-strip"
    >
      <div class="sw-next-head">
        <h3 id={id("next-token")}>
          Next token{nPrompts > 1 && shown !== null ? ` after prompt ${shown.prompt + 1}` : ""}
        </h3>
        {shown !== null && (
          <>
            <span class="sw-next-key">
              <span class="sw-next-sample" aria-hidden />
              unsteered
            </span>
            {first !== undefined && (
              <span class="sw-next-key sw-next-name" title={name} data-testid="sw-next-of">
                <span class="sw-next-sample" data-steered="true" aria-hidden />
                <span>{name}</span>
              </span>
            )}
            <span class="sw-next-numbers" data-testid="sw-next-numbers">
              <span title="KL divergence of the steered from the unsteered distribution, in nats: 0 is the same">
                KL {short(shown.kl)}
              </span>
              <span title="Size of the edit next to the hidden state, mean over the steered tokens">
                dose {short(shown.dose)}
              </span>
            </span>
          </>
        )}
      </div>
      {idle !== "" && <p class="sw-quiet">{idle}</p>}
      {idle === "" && error !== null && <ErrorLine error={error} testId="sw-next-error" />}
      {idle === "" && error === null && shown === null && <p class="sw-quiet">Asking the model…</p>}
      {shown !== null && <NextTokenBars shown={shown} />}
      <span class="sw-hidden" role="status">
        {said}
      </span>
    </section>
  );
}
