import { neuronpediaUrl } from "../neuronpedia";
import { rounded, short } from "../numbers";
import type { FeatureCard, SaeInfo, Steerable } from "../protocol.gen";
import { ExampleText } from "./ExampleText";
import { Explore } from "./Explore";
import { Icon } from "./Icon";
import { LensTokens } from "./LensTokens";

const CONFIDENCE: Readonly<Record<number, string>> = { 3: "clear", 2: "mostly fits", 1: "mixed" };

interface Fact {
  readonly name: string;
  readonly value: string;
  readonly hint: string;
}

function facts(card: FeatureCard | undefined, sae: SaeInfo | null): Fact[] {
  const known: (Fact | null)[] = [
    sae && { name: "layer", value: String(sae.layer), hint: `${sae.name}, at ${sae.hook_name}` },
    card?.density == null
      ? null
      : {
          name: "fires on",
          value: `${rounded(card.density * 100, 2)} %`,
          hint: "Share of tokens on which the feature is active.",
        },
    card?.max_act == null
      ? null
      : {
          name: "max activation",
          value: String(rounded(card.max_act, 3)),
          hint: "The largest activation on the texts that were read.",
        },
    card?.output_score == null
      ? null
      : {
          name: "output score",
          value: short(card.output_score),
          hint: "0 to 1: how much the feature, amplified, brings its own tokens forth. High ones steer better.",
        },
    CONFIDENCE[card?.label_confidence ?? 0] === undefined
      ? null
      : {
          name: "label",
          value: CONFIDENCE[card?.label_confidence ?? 0] ?? "",
          hint: "How well the label fits the examples.",
        },
  ];
  return known.filter((fact) => fact !== null);
}

interface Props {
  card: FeatureCard | undefined;
  direction: Steerable;
  sae: SaeInfo | null;
  /** Whether it stands beside a list, hidden from the keyboard. */
  isPreview?: boolean;
}

/** What is known of a feature, in full, and what can be asked of it; of a vector, what can be asked. */
export function FeatureDetails({ card, direction, sae, isPreview = false }: Props) {
  const isFeature = direction.kind === "feature";
  const url = isFeature ? neuronpediaUrl(sae, direction.index) : null;
  return (
    <div class="sw-details" data-testid="sw-feature-details">
      <div class="sw-card-facts">
        <dl>
          {facts(card, sae).map(({ name, value, hint }) => (
            <div key={name} class="sw-card-fact" title={hint}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
        {url !== null && (
          <a
            class="sw-out"
            href={url}
            target="_blank"
            rel="noopener noreferrer"
            tabIndex={isPreview ? -1 : 0}
            data-testid="sw-neuronpedia"
          >
            Neuronpedia
            <Icon name="out" />
            <span class="sw-hidden"> (opens in a new tab)</span>
          </a>
        )}
      </div>
      {card === undefined ? (
        isFeature && <p class="sw-quiet">Nothing more is known of this feature yet.</p>
      ) : (
        <div class="sw-card-body">
          <TopExamples card={card} />
          <div class="sw-lenses">
            <LensTokens title="Raises" tokens={card.logit_lens_up} testId="sw-tokens-up" />
            <LensTokens title="Lowers" tokens={card.logit_lens_down} testId="sw-tokens-down" />
          </div>
        </div>
      )}
      {!isPreview && <Explore direction={direction} hasLens={(card?.logit_lens_up.length ?? 0) > 0} />}
    </div>
  );
}

function TopExamples({ card }: { card: FeatureCard }) {
  if (card.examples.length === 0) return null;
  return (
    <div>
      <h4>Where it fires most</h4>
      <ol class="sw-examples">
        {card.examples.map((example, i) => (
          <li key={i}>
            <span class="sw-act">{example.act.toFixed(1)}</span>
            <ExampleText example={example} />
          </li>
        ))}
      </ol>
    </div>
  );
}
