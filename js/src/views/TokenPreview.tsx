import { useLayoutEffect, useRef } from "preact/hooks";
import { drawParts } from "../marked";
import { useMarking } from "../marking";
import { count } from "../numbers";
import { useView } from "../page";
import { NO_PREVIEW } from "../token_preview";
import { type VisibleRow, visibleRows } from "../visible";
import { Choice } from "./Choice";
import { ErrorLine } from "./ErrorLine";
import { TokenChips } from "./TokenChips";
import { TokenPanel } from "./TokenPanel";

/** Below a prompt: its exact tokens, those marked that the chosen row steers. */
export function TokenPreview({ index }: { index: number }) {
  const { store, tokenPreviews: tokens, parts, id } = useView();
  const around = useRef<HTMLDivElement>(null);
  const name = id(`tokens-${index}`);
  const marking = useMarking(name);
  const marks = parts.marks("", index);
  const { read, rows, error, isStale } = tokens.shown.value.get(index) ?? NO_PREVIEW;
  const selected = visibleRows(store.selection.value.value).filter(({ key }) => rows.includes(key));
  const marked = selected.find(({ key }) => key === tokens.row.value) ?? selected[0];
  const steered = read?.steered[rows.indexOf(marked?.key ?? "")] ?? [];
  useLayoutEffect(() => {
    if (around.current !== null) drawParts(around.current, marks);
  }, [marks, read]);
  const nameOf = ({ edit }: VisibleRow) => store.nameOf(edit.feature) || "no label";
  return (
    <div
      ref={around}
      class="sw-token-preview sw-tips"
      id={name}
      {...marking}
      role="group"
      aria-label={`Tokens of prompt ${index + 1}`}
      data-testid={`sw-tokens-${index}`}
      data-stale={isStale}
    >
      {error !== null && <ErrorLine error={error} testId={`sw-tokens-error-${index}`} />}
      {read === null && error === null && (
        <p class="sw-quiet">
          {store.link.value === "offline"
            ? "The kernel does not answer."
            : isStale
              ? "Asking for the tokens…"
              : "Type a prompt to see its tokens."}
        </p>
      )}
      {read !== null && (
        <>
          <div
            class="sw-token-flow"
            // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling area must be reachable by keyboard
            tabIndex={0}
            role="region"
            aria-label="Tokens one by one"
            data-run=""
            data-cell={index}
            data-colour={marked === undefined ? undefined : store.colours.of(marked.edit.feature)}
          >
            <TokenChips tokens={read.tokens} steered={new Set(steered)} />
          </div>
          <div class="sw-token-legend">
            {marked !== undefined && (
              <span
                class="sw-token-key"
                data-colour={store.colours.of(marked.edit.feature)}
                data-testid={`sw-tokens-steered-${index}`}
              >
                <span class="sw-chip-token" data-steered="true" aria-hidden>
                  abc
                </span>
                {count(steered.length, "token")} steered by
                {selected.length === 1 && <span class="sw-key-name">{nameOf(marked)}</span>}
              </span>
            )}
            {selected.length > 1 && (
              <Choice
                label={`Feature whose steered tokens of prompt ${index + 1} are marked`}
                value={marked?.key ?? ""}
                options={selected.map((row) => ({ value: row.key, name: nameOf(row) }))}
                testId={`sw-tokens-row-${index}`}
                onChange={(key) => {
                  tokens.row.value = key;
                }}
              />
            )}
            {read.tokens.some(({ is_special }) => is_special) && (
              <span class="sw-token-key">
                <span class="sw-chip-token" data-special="true" aria-hidden>
                  abc
                </span>
                special token
              </span>
            )}
          </div>
        </>
      )}
      <TokenPanel name={name} around={around} />
    </div>
  );
}
