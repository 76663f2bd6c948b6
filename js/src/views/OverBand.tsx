import type { Coherent } from "../band";
import { plainNumber } from "../numbers";
import { useView } from "../page";
import { bandProposal } from "../proposals";
import type { Selection } from "../protocol.gen";
import { Button } from "./Button";

interface Props {
  /** The strengths that go over a band. */
  over: (zone: Coherent) => Partial<Selection>;
}

/** Proposes strengths over the coherent band of the rows; nothing where none is known. */
export function OverBand({ over }: Props) {
  const { store, actions } = useView();
  const zone = bandProposal(store.selection.value.value, store.status.value.saes, store.known);
  if (zone === null) return null;
  return (
    <Button
      kind="link"
      title={`From where it steers to where texts fall apart: ${plainNumber(zone.from)} to ${plainNumber(zone.to)}`}
      testId="sw-over-band"
      onPress={() => {
        store.ui.forget((field) => field.startsWith("sweep_") || field === "grid_strengths");
        actions.setLayout(over(zone));
      }}
    >
      Over the band
    </Button>
  );
}
