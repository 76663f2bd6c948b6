import { clipped } from "../clipped";
import type { CellContext } from "../context";
import { flagsOf } from "../flags";
import { placesOf } from "../measures";
import { useView } from "../page";
import { promptText } from "../prompts";
import { isActive } from "../states";
import { cellName } from "../steering";
import { Badge } from "./Badge";
import { CellFlags } from "./CellFlags";
import { CellText } from "./CellText";
import { CopyButton } from "./CopyButton";
import { IconButton } from "./IconButton";
import { Swatch } from "./Swatch";

const MAX_PROMPT_CHARS = 300;

/** A pinned text: what it is of, its prompt, and its measures in short. */
export function PinCard({ context }: { context: CellContext }) {
  const { store, results, id } = useView();
  const { run, cell, edits, prompt, at, sample, baseline } = context;
  const shown = store.shown.value.run;
  const name = cellName(edits, at, sample, store.label);
  const isOfShown = shown?.id === run;
  const places = placesOf(cell.measures.similarity !== null, edits.length > 1);
  return (
    <li
      class="sw-pin-card"
      data-colour={store.colours.ofFirst(edits)}
      data-testid={`sw-pinned-${cell.index}`}
    >
      <div class="sw-pin-head">
        <Swatch />
        <span class="sw-label" dir="auto" title={name}>
          {name}
        </span>
        <span class="sw-row-buttons">
          {isOfShown && (
            <IconButton
              icon="search"
              label={`Show ${name} in the table`}
              testId={`sw-pinned-show-${cell.index}`}
              onPress={() => results.showCell(cell.index)}
            />
          )}
          <IconButton
            icon="expand"
            label={`Read ${name} by itself`}
            testId={`sw-pinned-expand-${cell.index}`}
            onPress={() => results.expand(run, cell.index, id(""))}
          />
          <CopyButton text={cell.text} what="this text" />
          <IconButton
            icon="close"
            label={`Unpin ${name}`}
            testId={`sw-unpin-${cell.index}`}
            onPress={() => results.unpin(run, cell.index)}
          />
        </span>
      </div>
      <p class="sw-pin-prompt sw-quiet" dir="auto" title={clipped(promptText(prompt), MAX_PROMPT_CHARS)}>
        {clipped(promptText(prompt), MAX_PROMPT_CHARS)}
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling area must be reachable by keyboard */}
      <div class="sw-pin-text" tabIndex={0} role="group" aria-label={name}>
        <CellText
          run={run}
          cell={cell}
          baseline={baseline}
          name={name}
          isRunOn={isOfShown && isActive(shown)}
          testId={`sw-pinned-text-${cell.index}`}
        />
      </div>
      <div class="sw-pin-foot">
        {!isOfShown && <span class="sw-badge">earlier run</span>}
        <CellFlags flags={flagsOf(cell)} />
        {places.map(({ info }) => (
          <Badge key={info.id} info={info} measures={cell.measures} />
        ))}
      </div>
    </li>
  );
}
