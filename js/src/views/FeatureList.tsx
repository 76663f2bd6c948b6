import { useState } from "preact/hooks";
import { saeOf } from "../directions";
import { rounded } from "../numbers";
import { useView } from "../page";
import type { Scored } from "../scored";
import { Button } from "./Button";
import { ExampleText } from "./ExampleText";
import { FeatureDetails } from "./FeatureDetails";
import { Icon } from "./Icon";
import { IconButton } from "./IconButton";

/** From this share of tokens on a feature says little of a text. */
const OFTEN = 0.1;

interface Props {
  items: readonly Scored[];
  /** Says the number. */
  words: (value: number) => string;
  /** What is shown where nothing was found. */
  nothing: string;
  testId: string;
}

/** Features that were found, each with its number as a bar, a way to add it and a way to its card. */
export function FeatureList({ items, words, nothing, testId }: Props) {
  const top = Math.max(...items.map(({ value }) => Math.abs(value)));
  if (items.length === 0) return <p class="sw-quiet">{nothing}</p>;
  return (
    <ul class="sw-scored" data-testid={testId}>
      {items.map((item) => (
        <Item
          key={`${item.hit.sae}:${item.hit.card.index}`}
          item={item}
          words={words(item.value)}
          share={Math.abs(item.value) / top}
          testId={`${testId}-${item.hit.card.index}`}
        />
      ))}
    </ul>
  );
}

interface ItemProps {
  item: Scored;
  words: string;
  share: number;
  testId: string;
}

function Item({ item: { hit, value }, words, share, testId }: ItemProps) {
  const { store, actions, finding } = useView();
  const [isOpen, open] = useState(false);
  const { card, sae, fires } = hit;
  const { index, label, density } = card;
  const name = label || `feature ${index}`;
  const feature = { kind: "feature", index, label, sae } as const;
  return (
    <li data-side={value < 0 ? "b" : "a"} data-testid={testId}>
      <div class="sw-scored-head">
        <span class="sw-scored-value" style={{ "--sw-share": `${100 * share}%` }}>
          {words}
        </span>
        <span class="sw-scored-name">
          <span class="sw-label" dir="auto">
            {label || "no label"}
          </span>{" "}
          <span class="sw-index">{index}</span>
          {density !== null && (
            <span class="sw-facts" title="Share of tokens on which the feature is active.">
              {" "}
              fires on {rounded(density * 100, 2)} %{density > OFTEN && ", so often that it says little"}
            </span>
          )}
        </span>
        {finding.isSelected(hit) ? (
          <span class="sw-hit-selected">
            <Icon name="check" />
            selected
          </span>
        ) : (
          <Button
            kind="link"
            aria-label={`Add ${name}`}
            testId={`${testId}-add`}
            onPress={() => actions.addFeature(card, undefined, sae)}
          >
            Add
          </Button>
        )}
        <IconButton
          icon="chevron"
          class="sw-expander"
          label={`Details of ${name}`}
          expanded={isOpen}
          testId={`${testId}-details`}
          onPress={() => open(!isOpen)}
        />
      </div>
      {fires !== null && isOpen && <ExampleText example={fires} />}
      {isOpen && (
        <FeatureDetails
          card={store.card(feature) ?? card}
          direction={feature}
          sae={saeOf(feature, store.status.value.saes)}
        />
      )}
    </li>
  );
}
