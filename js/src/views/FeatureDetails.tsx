import type { FeatureCard } from "../protocol.gen";
import { ExampleText } from "./ExampleText";
import { facts } from "./SearchHit";

const CONFIDENCE: Readonly<Record<number, string>> = {
  3: "label: clear",
  2: "label: mostly fits",
  1: "label: mixed examples",
};

function Tokens({ title, hint, tokens }: { title: string; hint: string; tokens: readonly string[] }) {
  if (tokens.length === 0) return null;
  return (
    <div class="sw-tokens">
      <h4 title={hint}>{title}</h4>
      <ul>
        {tokens.map((token) => (
          <li key={token} class="sw-token">
            <bdi>{token}</bdi>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** What is known of a feature, in full. */
export function FeatureDetails({ card }: { card: FeatureCard | undefined }) {
  if (card === undefined) return <p class="sw-details sw-quiet">Nothing is known of this feature yet.</p>;
  const confidence = CONFIDENCE[card.label_confidence ?? 0];
  const known = [...facts(card), ...(confidence === undefined ? [] : [confidence])];
  return (
    <div class="sw-details" data-testid="sw-feature-details">
      {known.length > 0 && <p class="sw-facts">{known.join(" · ")}</p>}
      {card.examples.length > 0 && (
        <>
          <h4>Where it fires most</h4>
          <ol class="sw-examples">
            {card.examples.map((example, i) => (
              <li key={i}>
                <span class="sw-act">{example.act.toFixed(1)}</span>
                <ExampleText example={example} />
              </li>
            ))}
          </ol>
        </>
      )}
      <Tokens
        title="Raises the tokens"
        hint="Tokens that this direction raises most if it is read out directly (logit lens)."
        tokens={card.logit_lens_up}
      />
      <Tokens
        title="Lowers the tokens"
        hint="Tokens that this direction lowers most if it is read out directly (logit lens)."
        tokens={card.logit_lens_down}
      />
    </div>
  );
}
