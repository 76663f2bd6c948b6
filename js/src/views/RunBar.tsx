import { expectedWords } from "../estimate";
import { combinationWords } from "../layout";
import { count } from "../numbers";
import { useView } from "../page";
import { isActive } from "../states";
import { Icon } from "./Icon";
import { LiveToggle } from "./LiveToggle";
import { RetryAll } from "./RetryAll";
import { StopNotice } from "./StopNotice";

/** Run and Stop, and how much a press will make. */
export function RunBar() {
  const { store, actions, id } = useView();
  const selection = store.selection.value.value;
  const { samples } = selection;
  const nColumns = store.nColumns.value;
  const nPrompts = Math.max(1, store.prompts.value.value.length);
  const nCells = nColumns * nPrompts * samples;
  const combinations = combinationWords(selection);
  const expected = expectedWords(
    store.status.value.speed,
    nCells,
    store.generation.value.value.max_new_tokens,
  );
  const blocked = store.blocked.value;
  const { run } = store.shown.value;
  const active = isActive(run);
  const stopping = active && (store.ui.stopping.value === run.id || run.state === "stopping");
  const starting = store.isStarting.value;
  const why = blocked !== "" && !active && !starting;
  return (
    <div class="sw-run-bar">
      <button
        type="button"
        class="sw-run"
        disabled={blocked !== ""}
        aria-describedby={id("run-note")}
        title="Run (Ctrl+Enter or ⌘+Enter)"
        data-testid="sw-run"
        onClick={() => void actions.run()}
      >
        {starting && store.ui.retrying.value === null ? "Starting…" : "Run"}
      </button>
      <button
        type="button"
        class="sw-stop"
        disabled={!active || stopping}
        data-testid="sw-stop"
        onClick={() => void actions.stop()}
      >
        <Icon name="stop" />
        {stopping ? "Stopping…" : "Stop"}
      </button>
      <LiveToggle />
      <p class="sw-run-note" id={id("run-note")} data-testid="sw-run-note">
        <span class="sw-count" data-testid="sw-count">
          {count(nColumns, "column")} × {count(nPrompts, "prompt")} × {count(samples, "sample")} ={" "}
          <strong>{count(nCells, "cell")}</strong>
          {expected !== "" && <span data-testid="sw-expected">, {expected}</span>}
        </span>
        {combinations !== "" && (
          <span class="sw-count" data-testid="sw-combinations">
            {combinations}
          </span>
        )}
        {why && (
          <span class="sw-why" data-testid="sw-why">
            {blocked}
          </span>
        )}
      </p>
      <RetryAll />
      <StopNotice />
    </div>
  );
}
