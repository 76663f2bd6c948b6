import { useView } from "../page";
import type { PastRun } from "../protocol.gen";

/** A run at a glance: its columns in their features' colours, over the first words of their texts. */
export function Thumbnail({ run }: { run: PastRun }) {
  const { store } = useView();
  const nMore = run.n_steerings - run.steerings.length;
  return (
    <span class="sw-thumb" aria-hidden data-testid={`sw-thumb-${run.id}`}>
      {run.steerings.map((_, i) => {
        const feature = run.features[i] ?? null;
        return (
          <span
            key={i}
            class="sw-thumb-column"
            data-colour={feature === null ? undefined : store.colours.of(feature)}
          >
            {run.thumbnail[i]?.trim()}
          </span>
        );
      })}
      {nMore > 0 && <span class="sw-thumb-more">+{nMore}</span>}
    </span>
  );
}
