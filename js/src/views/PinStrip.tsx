import { useView } from "../page";
import { Button } from "./Button";
import { PinCard } from "./PinCard";
import { TokenTips } from "./TokenTips";

/** Cells kept above the table, of whatever row and run, side by side. */
export function PinStrip() {
  const { results } = useView();
  const pins = results.pins.value;
  if (pins.length === 0) return null;
  return (
    <section class="sw-pins" aria-label="Pinned texts" data-testid="sw-pins">
      <div class="sw-pins-head">
        <h4>Pinned</h4>
        <Button
          kind="link"
          testId="sw-unpin-all"
          onPress={() => {
            results.pins.value = [];
          }}
        >
          Unpin all
        </Button>
      </div>
      <TokenTips name="pins">
        <ul class="sw-pin-list">
          {pins.map((pin) => (
            <PinCard key={`${pin.run}/${pin.cell.index}`} context={pin} />
          ))}
        </ul>
      </TokenTips>
    </section>
  );
}
