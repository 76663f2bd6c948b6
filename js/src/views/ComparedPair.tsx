import { useMemo } from "preact/hooks";
import { columnWords, type TextPair } from "../comparison";
import { type DiffPart, wordDiff } from "../diff";
import { useView } from "../page";
import type { RunView } from "../protocol.gen";
import { Swatch } from "./Swatch";

interface Props {
  pair: TextPair;
  left: RunView;
  right: RunView;
  at: number;
}

function Parts({ parts, gone }: { parts: readonly DiffPart[]; gone: DiffPart["kind"] }) {
  return (
    <>
      {parts
        .filter(({ kind }) => kind !== gone)
        .map(({ kind, text }, i) =>
          kind === "same" ? (
            <span key={i}>{text}</span>
          ) : kind === "removed" ? (
            <del key={i}>{text}</del>
          ) : (
            <ins key={i}>{text}</ins>
          ),
        )}
    </>
  );
}

/** A text of either run under the same column; words that differ are marked where the prompt is the same. */
export function ComparedPair({ pair, left, right, at }: Props) {
  const { left: a, right: b } = pair;
  const isMarked = a !== null && b !== null && pair.prompt.isSame;
  const parts = useMemo(() => (isMarked ? wordDiff(a, b) : null), [isMarked, a, b]);
  const isEqual = isMarked && a === b;
  return (
    <div class="sw-compared-pair" role="row" data-testid={`sw-compared-${at}`} data-equal={isEqual}>
      <Side run={left} pair={pair} column={pair.column.left} text={a}>
        {isEqual ? <span>{a}</span> : parts && <Parts parts={parts} gone="added" />}
      </Side>
      <Side run={right} pair={pair} column={pair.column.right} text={b}>
        {isEqual ? (
          <span class="sw-quiet">The same text.</span>
        ) : (
          parts && <Parts parts={parts} gone="removed" />
        )}
      </Side>
    </div>
  );
}

interface SideProps {
  run: RunView;
  pair: TextPair;
  column: number | null;
  text: string | null;
  /** The text with marks; null where nothing is to be marked. */
  children: preact.ComponentChildren;
}

function Side({ run, pair, column, text, children }: SideProps) {
  const { store } = useView();
  const steering = column === null ? undefined : run.steerings[column];
  const sample = run.samples > 1 ? `, sample ${pair.sample + 1}` : "";
  return (
    <div class="sw-compared-side" role="cell" data-colour={store.colours.ofFirst(steering?.edits ?? [])}>
      <span class="sw-compared-column">
        <Swatch />
        <span dir="auto">{steering === undefined ? "no such column" : columnWords(steering) + sample}</span>
      </span>
      {text === null ? (
        <span class="sw-quiet">Not in this run.</span>
      ) : text === "" ? (
        <span class="sw-quiet">No text.</span>
      ) : (
        <div class="sw-compared-text" dir="auto">
          {children ?? text}
        </div>
      )}
    </div>
  );
}
