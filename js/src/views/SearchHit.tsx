import { rounded } from "../numbers";
import type { FeatureCard } from "../protocol.gen";
import { ExampleText } from "./ExampleText";

const MAX_LEFT_CHARS = 44;

interface Props {
  card: FeatureCard;
  id: string;
  active: boolean;
  onPick: () => void;
  onPoint: () => void;
}

export const facts = (card: FeatureCard): string[] => [
  ...(card.density === null ? [] : [`fires on ${rounded(card.density * 100, 2)} % of tokens`]),
  ...(card.max_act === null ? [] : [`max ${rounded(card.max_act, 3)}`]),
];

/** Enough of the text before, so that the token itself is seen on one line. */
function ending(text: string): string {
  const flat = text.replace(/\s+/g, " ");
  return flat.length <= MAX_LEFT_CHARS ? flat : `…${flat.slice(-MAX_LEFT_CHARS)}`;
}

export function SearchHit({ card, id, active, onPick, onPoint }: Props) {
  const [example] = card.examples;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the combobox that owns this option handles the keys
    <div
      class="sw-hit"
      role="option"
      id={id}
      aria-selected={active}
      data-testid={`sw-hit-${card.index}`}
      onMouseDown={(event) => event.preventDefault()}
      onMouseMove={onPoint}
      onClick={onPick}
    >
      <div class="sw-hit-head">
        <span class="sw-index">{card.index}</span>
        <span class="sw-label" dir="auto">
          {card.label || "no label"}
        </span>
        <span class="sw-facts">{facts(card).join(" · ")}</span>
      </div>
      {example !== undefined && (
        <div class="sw-hit-example">
          <ExampleText example={{ ...example, left: ending(example.left) }} />
        </div>
      )}
    </div>
  );
}
