import { useView } from "../page";
import { NOTHING_SIFTED } from "../sifting";

/** Stands where the rows were, with the way back to them. */
export function NothingFits() {
  const { results } = useView();
  const { text, state, flag } = NOTHING_SIFTED;
  return (
    <div class="sw-nothing" role="row">
      <p role="cell" data-testid="sw-no-match">
        No cells match.{" "}
        <button type="button" class="sw-link" onClick={() => results.sift({ text, state, flag })}>
          Show all
        </button>
      </p>
    </div>
  );
}
