import type { RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { type Answer, NOT_ASKED } from "../asked";
import { clipped } from "../clipped";
import { focusOn } from "../focus";
import { useView } from "../page";
import type { Side, Spot } from "../parts";
import { NOWHERE, placeAt } from "../placing";
import type { PageCommand } from "../protocol.gen";
import { columnName } from "../steering";
import { AskedAnswer } from "./AskedAnswer";
import { Button } from "./Button";
import { IconButton } from "./IconButton";

const PANEL_PX = { width: 440, height: 250 };
const MAX_WORDS_CHARS = 40;
/** A stretch that grows rests so long before it is asked about. */
const PAUSE_MS = 150;

interface Props {
  /** Id of what it hangs in. */
  name: string;
  around: RefObject<HTMLElement | null>;
}

/** Which features fire on the tokens that are marked, or tell them from others; hangs beside them. */
export function TokenPanel({ name, around }: Props) {
  const { parts } = useView();
  return parts.isOpen && parts.host.value === name ? <Panel around={around} /> : null;
}

interface Shown {
  readonly command: PageCommand;
  readonly answer: Answer;
}

/** The token that was marked last, or its text. */
function elementOf(around: HTMLElement, { run, at, range }: Spot): Element {
  const box = around.querySelector(`[data-run="${CSS.escape(run)}"][data-cell="${at}"]`);
  return box?.querySelector(`[data-token="${range?.[1]}"]`) ?? box ?? around;
}

function Panel({ around }: Pick<Props, "around">) {
  const { parts, asked } = useView();
  const panel = useRef<HTMLDivElement>(null);
  const opener = useRef<Element | null>(null);
  const [place, setPlace] = useState(NOWHERE);
  const shown = useRef<Shown | null>(null);
  const [a, b, picking, last] = [parts.a.value, parts.b.value, parts.picking.value, parts.last];
  const command = parts.command.value;
  const problem = parts.problem(a) || parts.problem(b);
  const answer = command === null ? NOT_ASKED : asked.of(command);
  // What is shown stays until there is something newer.
  if (command !== null && (shown.current === null || answer.result !== null || answer.error !== null))
    shown.current = { command, answer };
  const put = () => {
    if (around.current !== null && last !== null)
      setPlace(
        placeAt(
          elementOf(around.current, last),
          around.current,
          PANEL_PX,
          around.current.closest("dialog, .sw-root") ?? undefined,
        ),
      );
  };

  useLayoutEffect(put, [last]);
  useEffect(() => {
    if (command === null) return;
    const timer = setTimeout(() => void asked.ask(command), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [asked, JSON.stringify(command)]);
  const { value: entered } = parts.entered;
  useEffect(() => {
    if (panel.current?.contains(document.activeElement) === false) opener.current = document.activeElement;
    focusOn(panel.current);
  }, [entered]);
  const close = () => {
    const { current } = opener;
    parts.close();
    if (current instanceof HTMLElement) focusOn(current);
  };
  useEffect(() => {
    const onPointerDown = (event: PointerEvent) => {
      const isInside = event
        .composedPath()
        .some(
          (one) =>
            one instanceof Element && one.matches(".sw-token-panel, .sw-text, .sw-token-flow, .sw-fires-in"),
        );
      if (!isInside && parts.picking.peek() === null) parts.close();
    };
    const area = around.current;
    document.addEventListener("pointerdown", onPointerDown, true);
    area?.addEventListener("scroll", put, true);
    return () => {
      document.removeEventListener("pointerdown", onPointerDown, true);
      area?.removeEventListener("scroll", put, true);
    };
  }, [last]);

  const pick = (side: Side) => {
    parts.picking.value = side;
    if (around.current === null || last === null) return;
    const token = elementOf(around.current, last);
    focusOn(token.querySelector<HTMLElement>('[data-token="0"]') ?? (token as HTMLElement));
  };
  return (
    <div
      ref={panel}
      class="sw-token-panel"
      role="dialog"
      aria-label={b === null ? "What fires here" : "What tells them apart"}
      tabIndex={-1}
      style={place}
      data-testid="sw-token-panel"
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.preventDefault();
        event.stopPropagation();
        close();
      }}
    >
      <div class="sw-panel-head">
        <Mark side="a" spot={a} />
        {b !== null && <Mark side="b" spot={b} />}
        <IconButton icon="close" label="Close" testId="sw-panel-close" onPress={close} />
      </div>
      {picking !== null ? (
        <p role="status" data-testid="sw-picking">
          {picking === "b" ? "Press what it is to be compared with: " : "Press "}a token, with Shift as many
          as you like; or <b>What fires here</b> below a text for all of it. By keyboard: arrows and Enter.{" "}
          <Button
            kind="link"
            testId="sw-picking-off"
            onPress={() => {
              parts.picking.value = null;
              focusOn(panel.current);
            }}
          >
            Cancel
          </Button>
        </p>
      ) : (
        <>
          <div class="sw-tools">
            <Button
              kind="link"
              title="Then press another token, stretch or text"
              testId="sw-compare-with"
              onPress={() => pick("b")}
            >
              Compare with…
            </Button>
            {parts.baseline !== null && b === null && (
              <Button kind="link" testId="sw-against-baseline" onPress={() => parts.againstBaseline()}>
                Against the baseline
              </Button>
            )}
            {last?.range === null && (
              <Button
                kind="link"
                title="By keyboard: arrows and Enter"
                testId="sw-pick-token"
                onPress={() => pick("a")}
              >
                Choose a token
              </Button>
            )}
          </div>
          {problem === "" && shown.current !== null ? (
            <div data-stale={shown.current.answer !== answer}>
              <AskedAnswer {...shown.current} waiting="Reading…" testId="sw-fires" />
            </div>
          ) : (
            <p class="sw-quiet" role="status" data-testid="sw-panel-problem">
              {problem}
            </p>
          )}
        </>
      )}
    </div>
  );
}

/** What is marked, in its colour. */
function Mark({ side, spot }: { side: Side; spot: Spot | null }) {
  const { store, results, parts } = useView();
  if (spot === null) return null;
  const { run, at, range } = spot;
  const words =
    range &&
    parts
      .texts(spot)
      .slice(range[0], range[1] + 1)
      .join("");
  return (
    <span class="sw-mark" data-part={side} dir="auto">
      {clipped(
        words?.trim() ?? columnName(results.find(run, at)?.edits ?? [], store.label),
        MAX_WORDS_CHARS,
      ) || "␣"}
    </span>
  );
}
