import { useEffect, useRef } from "preact/hooks";
import { saeOf, searchedSae } from "../directions";
import type { Finder } from "../finder";
import type { Hit } from "../finding";
import { count, whole } from "../numbers";
import { useView } from "../page";
import { FeatureDetails } from "./FeatureDetails";
import { SearchHit } from "./SearchHit";

/** What was found, and beside it the card of the hit that is active. */
export function Hits({ finder }: { finder: Finder }) {
  const { store, finding, id } = useView();
  const list = useRef<HTMLDivElement>(null);
  const { answer, active, hits, scores, isOpen, isReading } = finder;
  const shown = hits[active];
  const searched = searchedSae(finding.sae.value, store.status.value.saes) ?? "";
  const dSae = saeOf({ kind: "feature", index: 0, label: "", sae: searched }, store.status.value.saes)?.d_sae;
  const isFiring = answer?.question === "firing";

  useEffect(() => {
    const option = list.current?.children[active];
    option?.scrollIntoView?.({ block: "nearest" });
  }, [active]);

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: a press inside must not take the focus from the box
    <div class="sw-found" hidden={!isOpen} onMouseDown={(event) => event.preventDefault()}>
      <div id={id("hits")} class="sw-hits" role="listbox" aria-label="Features found" ref={list}>
        {hits.map((hit, i) => (
          <SearchHit
            key={`${hit.sae}:${hit.card.index}`}
            hit={hit}
            id={id(`hit-${i}`)}
            active={i === active}
            score={scores[i]}
            isSelected={finding.isSelected(hit)}
            onPick={() => finder.add(hit)}
            onPoint={() => {
              if (i !== active) finder.point(i);
            }}
          />
        ))}
      </div>
      {isOpen && hits.length === 0 && (
        <p class="sw-no-hits" data-testid="sw-no-hits">
          {isReading
            ? "Reading the prompt…"
            : isFiring
              ? "No feature fires on the prompt."
              : nothingWords(finder.text, dSae)}
        </p>
      )}
      {shown !== undefined && <Preview hit={shown} />}
      <span class="sw-hidden" role="status">
        {isReading ? "Reading the prompt" : isOpen ? `${count(hits.length, "feature")} found` : ""}
      </span>
    </div>
  );
}

function nothingWords(text: string, dSae: number | undefined): string {
  const what = /^\d+$/.test(text.trim()) ? "has this index" : "has a label like this";
  const range = dSae === undefined ? "" : `; indices go from 0 to ${whole(dSae - 1)}`;
  return `No feature ${what}${range}.`;
}

function Preview({ hit }: { hit: Hit }) {
  const { store } = useView();
  const { index, label } = hit.card;
  const direction = { kind: "feature", index, label, sae: hit.sae } as const;
  return (
    <div class="sw-preview" aria-hidden data-testid="sw-preview">
      <p class="sw-preview-label" dir="auto">
        {label || "no label"}
      </p>
      <FeatureDetails
        card={hit.card}
        direction={direction}
        sae={saeOf(direction, store.status.value.saes)}
        isPreview
      />
    </div>
  );
}
