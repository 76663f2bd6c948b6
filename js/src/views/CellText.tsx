import { computed } from "@preact/signals";
import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { focusOn } from "../focus";
import { drawMarked, drawParts } from "../marked";
import { useView } from "../page";
import type { CellView, TokenMeasures } from "../protocol.gen";
import { useNear } from "../sight";
import { isEnded } from "../states";
import { isScored } from "../token_words";
import { type ColourBy, featureKey, valuesOf } from "../tokens";

interface Props {
  run: string;
  cell: CellView;
  /** What it is compared with, once that has ended. */
  baseline: string | null;
  /** What the text is of, in words. */
  name: string;
  /** Whether measures may still come. */
  isRunOn: boolean;
  testId: string;
}

/** What the browser needs to lay out and paint a text anew; one that is far away it leaves out. */
const NEAR_COST_MS = 1.5;
const FAR_COST_MS = 0.3;
const TOP_COST_MS = 0.7;

/** What a text is marked by; `read`: its tokens where they are told apart. */
type Plan = readonly [against: string | null, withRemoved: boolean, read: TokenMeasures | null, by: string];

const PLAIN: Plan = [null, false, null, ""];

/** Colours are chosen text by text: on the table, they would have the browser go through all of it at once. */
function dress(node: HTMLElement, by: ColourBy | null): void {
  if (by === null || by === "nothing") delete node.dataset["colourBy"];
  else node.dataset["colourBy"] = by;
}

const isSame = (a: Plan, b: Plan): boolean => a.every((one, i) => one === b[i]);

/**
 * A text that grows at its end. New text is appended to the one text node there is, so that a selection made by
 * the reader survives and long texts cost no more than short ones. Marks and colours come when it has ended.
 */
export function CellText({ run, cell, baseline, name, isRunOn, testId }: Props) {
  const { results, parts, store } = useView();
  const { tokens, frames } = results;
  const { text } = cell;
  const { activations } = cell.measures;
  const box = useRef<HTMLDivElement>(null);
  const drawn = useRef({ text: "", plan: PLAIN });
  const isNear = useNear(box);
  const hasEnded = isEnded(cell) && text !== "";

  const against = hasEnded && results.marksChanges.value ? baseline : null;
  const withRemoved = against !== null && results.showsRemoved.value;
  const by = hasEnded ? tokens.colourBy.value : "nothing";
  const feature = by === "activation" ? tokens.feature.value : "";
  const { value: marks } = useMemo(
    () => computed(() => parts.marks(run, cell.index)),
    [parts, run, cell.index],
  );
  const isRead = by !== "nothing" || (hasEnded && marks !== "");
  const held = isRead ? tokens.held(run, cell) : null;
  const read = typeof held === "object" && held !== null && held.texts.length > 0 ? held : null;

  const isAsked = isRead && isNear && (!isRunOn || isScored(cell));
  const round = tokens.round.value;
  useEffect(
    () => (isAsked && round >= 0 ? tokens.want(run, cell) : undefined),
    [isAsked, tokens, run, cell, round],
  );

  useLayoutEffect(() => {
    const node = box.current;
    if (node === null || drawn.current.text === text) return;
    const data = node.firstChild;
    const isGrown = drawn.current.plan === PLAIN && text.startsWith(drawn.current.text);
    if (isGrown && data instanceof Text) data.appendData(text.slice(drawn.current.text.length));
    else node.textContent = text;
    drawn.current = { text, plan: PLAIN };
  }, [text]);

  const colouring = read === null ? "" : `${by}/${feature}`;
  useLayoutEffect(() => {
    const node = box.current;
    const wanted: Plan = against === null && read === null ? PLAIN : [against, withRemoved, read, colouring];
    if (node === null || isSame(wanted, drawn.current.plan)) return;
    // Far away, marks that are out of date go, and the new ones wait until they are near.
    const plan = isNear ? wanted : PLAIN;
    if (isSame(plan, drawn.current.plan)) return;
    return frames.add(
      () => {
        drawn.current = { text, plan };
        dress(node, plan === PLAIN || read === null ? null : by);
        if (plan === PLAIN) {
          const isLeft = node.contains(document.activeElement);
          node.textContent = text;
          if (isLeft) focusOn(node.closest<HTMLElement>("[tabindex]"));
          return;
        }
        const values = read && valuesOf(read, activations, by, feature);
        if (values !== null) tokens.stretch(run, values);
        drawMarked(node, text, { against, withRemoved, tokens: read, by, values });
        drawParts(node, marks);
      },
      isNear ? NEAR_COST_MS : FAR_COST_MS,
    );
  }, [text, isNear, against, withRemoved, read, colouring, frames, tokens, run, activations, by, feature]);

  useLayoutEffect(() => {
    if (box.current !== null) drawParts(box.current, marks);
  }, [marks]);

  const top = read === null ? null : tokens.top(run);
  useLayoutEffect(() => {
    const node = box.current;
    if (node === null || top === null || !isNear) return;
    return frames.add(() => node.style.setProperty("--sw-top", String(top)), TOP_COST_MS);
  }, [top, isNear, frames]);

  const chosen = activations.find((one) => featureKey(one) === feature);
  return (
    <div
      ref={box}
      class="sw-text"
      dir="auto"
      {...(read === null ? {} : { role: "group", "aria-label": `Tokens of ${name}` })}
      data-leading={text.startsWith(" ")}
      data-run={run}
      data-cell={cell.index}
      data-colour={chosen && store.colours.of({ kind: "feature", label: "", ...chosen })}
      data-testid={testId}
    />
  );
}
