import { useView } from "../page";
import { NO_FILTER } from "../sifting";
import { Button } from "./Button";

/** Stands where the rows were, with the way back to them. */
export function NothingFits() {
  const { results } = useView();
  return (
    <div class="sw-nothing" role="row">
      <p role="cell" data-testid="sw-no-match">
        No cells match.{" "}
        <Button kind="link" onPress={() => results.sift(NO_FILTER)}>
          Show all
        </Button>
      </p>
    </div>
  );
}
