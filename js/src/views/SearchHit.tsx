import type { Hit } from "../finding";
import { rounded } from "../numbers";
import { scoreWords } from "./AskedAnswer";
import { ExampleText } from "./ExampleText";
import { Icon } from "./Icon";

const MAX_LEFT_CHARS = 44;

interface Props {
  hit: Hit;
  id: string;
  active: boolean;
  /** How well it steers: undefined where that was not asked, or is not known yet; null where it has no score. */
  score: number | null | undefined;
  /** Whether it is among the rows already. */
  isSelected: boolean;
  onPick: () => void;
  onPoint: () => void;
}

/** Enough of the text before, so that the token itself is seen on one line. */
function ending(text: string): string {
  const flat = text.replace(/\s+/g, " ");
  return flat.length <= MAX_LEFT_CHARS ? flat : `…${flat.slice(-MAX_LEFT_CHARS)}`;
}

/** A feature that was found: its label, and where it fires most, on the prompt or on texts known before. */
export function SearchHit({ hit, id, active, score, isSelected, onPick, onPoint }: Props) {
  const { card, fires } = hit;
  const example = fires ?? card.examples[0];
  const { density } = card;
  const fact =
    fires !== null
      ? `activation ${rounded(fires.act, 3)}`
      : density === null
        ? ""
        : `fires on ${rounded(density * 100, 2)} %`;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the combobox that owns this option handles the keys
    <div
      class="sw-hit"
      role="option"
      id={id}
      aria-selected={active}
      data-testid={`sw-hit-${card.index}`}
      onMouseMove={onPoint}
      onClick={onPick}
    >
      <div class="sw-hit-head">
        <span class="sw-index">{card.index}</span>
        <span class="sw-label" dir="auto">
          {card.label || "no label"}
        </span>
        {isSelected && (
          <span class="sw-hit-selected">
            <Icon name="check" />
            selected
          </span>
        )}
        <span class="sw-facts">{fact}</span>
        {score !== undefined && (
          <span class="sw-badge" title={`Output score ${scoreWords(score)}`} data-testid="sw-hit-score">
            steers {score === null ? "?" : score.toFixed(2)}
          </span>
        )}
      </div>
      {example !== undefined && (
        <div class="sw-hit-example">
          <ExampleText example={{ ...example, left: ending(example.left) }} />
        </div>
      )}
    </div>
  );
}
