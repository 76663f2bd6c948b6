import { useRef } from "preact/hooks";
import { useFinder } from "../finder";
import { whole } from "../numbers";
import { useView } from "../page";
import { PLAIN_TEXT } from "../plain_text";
import { Button } from "./Button";
import { Choice } from "./Choice";
import { errorId, FieldError } from "./FieldError";
import { Hits } from "./Hits";
import { Icon } from "./Icon";
import { Toggle } from "./Toggle";

/** Words search labels, a number is an index, a button asks what fires on the prompt; a combobox as any other. */
export function FeatureSearch() {
  const { store, finding, id } = useView();
  const finder = useFinder();
  const input = useRef<HTMLInputElement>(null);
  const { saes, n_labels } = store.status.value;
  const isWrong = store.fieldErrors.value["search"] !== undefined;
  const { active, isOpen } = finder;
  const nHits = finder.hits.length;
  const problem = finding.firingProblem;

  const onKeyDown = (event: KeyboardEvent) => {
    const last = nHits - 1;
    const move = { ArrowDown: active >= last ? 0 : active + 1, ArrowUp: active === 0 ? last : active - 1 }[
      event.key
    ];
    if (move !== undefined && nHits > 0) finder.point(move);
    else if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) void finder.take();
    else if (event.key === "Escape" && isOpen) finder.close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div class="sw-search">
      <div class="sw-search-line">
        <div class="sw-search-box">
          <Icon name="search" />
          <input
            ref={input}
            class="sw-input"
            role="combobox"
            aria-label="Find a feature by label or index"
            aria-autocomplete="list"
            aria-expanded={isOpen}
            aria-controls={id("hits")}
            aria-activedescendant={isOpen && nHits > 0 ? id(`hit-${active}`) : undefined}
            aria-invalid={isWrong}
            aria-describedby={isWrong ? id(errorId("search")) : undefined}
            {...PLAIN_TEXT}
            placeholder={
              n_labels > 0 ? `Search ${whole(n_labels)} labels, or type an index` : "Type a feature's index"
            }
            value={finder.text}
            data-testid="sw-search"
            onInput={(event) => finder.type(event.currentTarget.value)}
            onKeyDown={onKeyDown}
            onBlur={finder.close}
          />
        </div>
        {saes.length > 1 && (
          <Choice
            label="SAE to search"
            value={finding.sae.value === "" ? (saes[0]?.name ?? "") : finding.sae.value}
            options={saes.map((sae) => ({
              value: sae.name,
              name: `layer ${sae.layer} · ${sae.name}`,
              hint: `Searches ${sae.name}, ${whole(sae.d_sae)} features at ${sae.hook_name}`,
            }))}
            class="sw-search-sae"
            testId="sw-search-sae"
            onChange={(name) => {
              finding.sae.value = name === saes[0]?.name ? "" : name;
              input.current?.focus();
              finder.again();
            }}
          />
        )}
        <Button
          class="sw-fire"
          icon="spark"
          disabled={problem !== "" || finder.isReading}
          title={problem || "Lists the features that fire most surprisingly on the first prompt"}
          testId="sw-find-firing"
          onPress={() => {
            input.current?.focus();
            finder.fire();
          }}
        >
          Fires on the prompt
        </Button>
        {/* biome-ignore lint/a11y/noStaticElementInteractions: a press must not take the focus from the box, which closes the list */}
        <span onMouseDown={(event) => event.preventDefault()}>
          <Toggle
            words="Steers best first"
            title="Ranks what is found by its output score: how much a feature, amplified, brings its own tokens forth"
            on={finding.isRanked.value}
            testId="sw-rank"
            onChange={(isOn) => {
              input.current?.focus();
              finder.rank(isOn);
            }}
          />
        </span>
      </div>
      <Hits finder={finder} />
      <FieldError field="search" testId="sw-field-error-feature" />
    </div>
  );
}
