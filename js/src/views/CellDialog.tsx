import { useEffect, useRef } from "preact/hooks";
import { type CellContext, renewed } from "../context";
import { flagsOf } from "../flags";
import { focusOn } from "../focus";
import { isMeasured } from "../measures";
import { count } from "../numbers";
import { useView } from "../page";
import { promptText } from "../prompts";
import { featuresOf } from "../run_features";
import { isActive } from "../states";
import { cellName } from "../steering";
import { CellFlags } from "./CellFlags";
import { CellText } from "./CellText";
import { ChangesChoice } from "./ChangesChoice";
import { ColourChoice } from "./ColourChoice";
import { CopyButton } from "./CopyButton";
import { IconButton } from "./IconButton";
import { MeasureList } from "./MeasureList";
import { Swatch } from "./Swatch";
import { TokenLegend } from "./TokenLegend";
import { TokenTips } from "./TokenTips";

/** The cell that is read by itself, where it was asked for in this view. */
export function CellDialog() {
  const { store, results, id } = useView();
  const expanded = results.expanded.value;
  if (expanded === null || expanded.view !== id("")) return null;
  return <OpenCell context={renewed(expanded.context, store.shown.value.run)} />;
}

/** A text whole, with its prompt and all its measures, over the page: focus stays inside until it is closed. */
function OpenCell({ context }: { context: CellContext }) {
  const { store, results, id } = useView();
  const { run, cell, edits, prompt, at, sample, baseline } = context;
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const opener = document.activeElement;
    dialog.current?.showModal();
    return () => {
      if (opener instanceof HTMLElement && opener.isConnected) focusOn(opener);
    };
  }, []);
  const close = () => {
    results.expanded.value = null;
  };
  const name = cellName(edits, at, sample, store.label);
  const shown = store.shown.value.run;
  const { measures } = cell;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes a dialog by itself
    <dialog
      ref={dialog}
      class="sw-dialog"
      aria-labelledby={id("cell-title")}
      data-colour={store.colours.ofFirst(edits)}
      data-testid="sw-dialog"
      onClose={close}
      onClick={(event) => {
        if (event.target === event.currentTarget) event.currentTarget.close(); // outside of what it holds
      }}
    >
      <div class="sw-dialog-body">
        <header class="sw-dialog-head">
          <Swatch />
          <h3 id={id("cell-title")} dir="auto">
            {name}
          </h3>
          <span class="sw-facts">{count(cell.n_tokens, "token")}</span>
          <CellFlags flags={flagsOf(cell)} />
          <span class="sw-row-buttons">
            <CopyButton text={cell.text} what="this text" />
            <IconButton
              icon="close"
              label="Close"
              testId="sw-dialog-close"
              onPress={() => dialog.current?.close()}
            />
          </span>
        </header>
        <div
          class="sw-dialog-prompt"
          dir="auto"
          role="group"
          aria-label="Prompt"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling area must be reachable by keyboard
          tabIndex={0}
          data-testid="sw-dialog-prompt"
        >
          {promptText(prompt)}
        </div>
        <div class="sw-toolbar-row">
          <ChangesChoice
            reason={
              baseline === null ? (edits.length === 0 ? "this is the baseline" : "no baseline text") : ""
            }
            prefix="sw-dialog"
          />
          <ColourChoice features={featuresOf([{ edits }], store)} prefix="sw-dialog" />
        </div>
        <TokenLegend run={run} />
        <TokenTips name="dialog">
          <CellText
            run={run}
            cell={cell}
            baseline={baseline}
            name={name}
            isRunOn={shown?.id === run && isActive(shown)}
            testId="sw-dialog-text"
          />
        </TokenTips>
        {isMeasured(measures) && (
          <div class="sw-dialog-measures sw-panel">
            <h4>Measures</h4>
            <MeasureList measures={measures} edits={edits} />
          </div>
        )}
      </div>
    </dialog>
  );
}
