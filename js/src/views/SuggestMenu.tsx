import { labelOf } from "../directions";
import { rounded, signed } from "../numbers";
import { useView } from "../page";
import { PLAIN_TEXT } from "../plain_text";
import type { SuggestedFeature } from "../protocol.gen";
import { isActive } from "../states";
import { Button } from "./Button";
import { ErrorBox } from "./ErrorBox";
import { Popover } from "./Popover";

/** From a wish in words to features that were tried for it. */
export function SuggestMenu() {
  return (
    <Popover
      words="Suggest"
      icon="spark"
      label="Features for what you want more of, tried and ranked"
      testId="sw-suggest"
    >
      {() => <SuggestPanel />}
    </Popover>
  );
}

function SuggestPanel() {
  const { store, suggesting } = useView();
  const { wish, found, error } = suggesting;
  const isBusy = suggesting.isBusy.value;
  return (
    <>
      <div class="sw-save-line">
        <input
          class="sw-input"
          aria-label="What do you want more of?"
          placeholder="What do you want more of?"
          {...PLAIN_TEXT}
          maxLength={200}
          value={wish.value}
          data-testid="sw-wish"
          onInput={({ currentTarget }) => {
            wish.value = currentTarget.value;
          }}
          onKeyDown={(event) => {
            if (event.key !== "Enter" || event.ctrlKey || event.metaKey) return;
            event.preventDefault();
            void suggesting.ask();
          }}
        />
        <Button
          disabled={!isBusy && wish.value.trim() === ""}
          testId="sw-wish-go"
          onPress={() => void (isBusy ? suggesting.stop() : suggesting.ask())}
        >
          {isBusy ? "Stop" : "Suggest"}
        </Button>
      </div>
      {error.value !== null && (
        <ErrorBox
          error={error.value}
          testId="sw-wish-error"
          onClose={() => {
            error.value = null;
          }}
        />
      )}
      <span class="sw-quiet" role="status" data-testid="sw-wish-note">
        {isBusy
          ? `${
              store.status.value.tasks[0]?.message ||
              (isActive(store.shown.value.run) ? "trying features, as the run below shows" : "working")
            }…`
          : (found.value?.note ??
            "Features are found by labels and by what the model writes on it, tried at equal strength behind your prompts, and ranked by the model itself: some 20 seconds with the embedded one.")}
      </span>
      {found.value !== null && (
        <ul>
          {found.value.suggestions.map((one) => (
            <Item key={one.feature.index} one={one} />
          ))}
        </ul>
      )}
    </>
  );
}

const SURE: Readonly<Record<string, string>> = {
  clear: "Above zero and a random direction: luck calls one so in 5 % of searches.",
  likely: "The same, in 20 %.",
  "a guess": "The effect does not stand out from a random direction's.",
};

function Item({ one }: { one: SuggestedFeature }) {
  const { actions } = useView();
  const { feature, strength, effect, sureness, is_fluent, prompt, text, baseline } = one;
  const name = labelOf(feature) || `feature ${feature.index}`;
  return (
    <li class="sw-set" data-testid={`sw-suggestion-${feature.index}`}>
      <div class="sw-set-words">
        <span class="sw-label" dir="auto" title={name}>
          {name}
        </span>
        <span class="sw-quiet" title={SURE[sureness]}>
          {effect !== null && `effect ${signed(rounded(effect, 2))} · ${sureness}`}
          {!is_fluent && " · not fluent"}
        </span>
      </div>
      <Button
        aria-label={`Add ${name} at ${rounded(strength, 3)}`}
        title={`Adds it at ${rounded(strength, 3)}, where it was tried`}
        testId="sw-add-suggestion"
        onPress={() => actions.addFeature(feature, rounded(strength, 3), feature.sae)}
      >
        Add
      </Button>
      <p class="sw-suggested" dir="auto" title="Its text of the largest effect; all are in the run">
        <span class="sw-quiet">{prompt}</span>
        {text}
      </p>
      <p class="sw-suggested sw-quiet" dir="auto">
        unsteered: {baseline}
      </p>
    </li>
  );
}
