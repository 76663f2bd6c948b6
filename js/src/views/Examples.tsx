import { EXAMPLES, fitsExamples } from "../examples";
import { signed } from "../numbers";
import { useView } from "../page";
import { isBlank } from "../prompts";
import { Swatch } from "./Swatch";

/** The first view of an empty widget: what it does, and three ways in. */
export function Examples() {
  const { store, actions } = useView();
  const status = store.status.value;
  const loading = status.saes.length === 0 && status.worker === "loading";
  const started = store.selection.value.value.edits.length > 0 && !store.prompts.value.value.every(isBlank);
  if (started || store.shown.value.run !== null) return null;
  return (
    <section class="sw-examples-panel" data-testid="sw-examples">
      <p class="sw-lead">
        Push a language model along a feature of its own and read, side by side, what it writes with and
        without it.{fitsExamples(status) && " Press one of these to see it; each takes some seconds."}
      </p>
      {fitsExamples(status) ? (
        <ul class="sw-cards">
          {EXAMPLES.map((example, k) => (
            <li key={example.index}>
              <button
                type="button"
                class="sw-card"
                data-colour={store.colours.of({
                  kind: "feature",
                  index: example.index,
                  label: example.label,
                  sae: "",
                })}
                data-testid={`sw-example-${k}`}
                onClick={() => actions.useExample(example.prompt, example, example.strength)}
              >
                <span class="sw-card-head">
                  <Swatch />
                  <span class="sw-label">{example.label}</span>
                  <span class="sw-strength">{signed(example.strength)}</span>
                </span>
                <span>“{example.prompt} …”</span>
                <span class="sw-quiet">{example.why}</span>
              </button>
            </li>
          ))}
        </ul>
      ) : (
        <p class="sw-quiet" hidden={loading}>
          Type a prompt, choose a feature above, set its strength and press Run. Start low: at high strengths
          texts fall apart.
        </p>
      )}
    </section>
  );
}
