import { useView } from "../page";
import type { RunFeature } from "../run_features";
import { COLOURS } from "../token_words";
import { Choice } from "./Choice";

interface Props {
  /** Whose activation there may be. */
  features: readonly RunFeature[];
  /** Begins the hooks for tests, and the ids. */
  prefix: string;
}

/** What tokens are coloured by; with several features, whose activation. */
export function ColourChoice({ features, prefix }: Props) {
  const { results } = useView();
  const { colourBy, feature } = results.tokens;
  const several = features.length > 1;
  return (
    <span class="sw-tools">
      <span aria-hidden>Colour tokens by</span>
      <Choice
        label="Colour tokens by"
        value={colourBy.value}
        options={COLOURS}
        testId={`${prefix}-colour-by`}
        onChange={(by) => {
          colourBy.value = by;
        }}
      />
      {colourBy.value === "activation" && several && (
        <Choice
          label="Whose activation"
          value={features.some(({ key }) => key === feature.value) ? feature.value : ""}
          options={[
            { value: "", name: "of each column's feature" },
            ...features.map(({ key, name }) => ({ value: key, name: `of ${name}` })),
          ]}
          testId={`${prefix}-colour-feature`}
          class="sw-colour-feature"
          onChange={(key) => {
            feature.value = key;
          }}
        />
      )}
    </span>
  );
}
