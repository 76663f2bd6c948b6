import { useView } from "../page";
import type { RunView } from "../protocol.gen";
import { featuresOf } from "../run_features";
import { COLOURS } from "../token_words";
import { Choice } from "./Choice";

/** What tokens are coloured by; with several features, whose activation. */
export function ColourChoice({ run }: { run: RunView }) {
  const { store, results, id } = useView();
  const { colourBy, feature } = results.tokens;
  const features = featuresOf(run, store);
  const several = features.length > 1;
  return (
    <span class="sw-tools">
      <span id={id("colour-by")} aria-hidden="true">
        Colour tokens by
      </span>
      <Choice
        label="Colour tokens by"
        value={colourBy.value}
        options={COLOURS}
        testId="sw-colour-by"
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
          testId="sw-colour-feature"
          class="sw-colour-feature"
          onChange={(key) => {
            feature.value = key;
          }}
        />
      )}
    </span>
  );
}
