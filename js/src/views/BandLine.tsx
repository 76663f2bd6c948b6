import { bandIn, bandWords, coherent, isCalibrated } from "../band";
import { normOf, saeOf } from "../directions";
import { plainNumber } from "../numbers";
import { useView } from "../page";
import type { SelectedEdit } from "../protocol.gen";
import { dialRange } from "../strength";
import { Button } from "./Button";

interface Props {
  row: string;
  index: number;
  edit: SelectedEdit;
  name: string;
}

/** The row's band in numbers, and what can be done with it; nothing where it was never calibrated. */
export function BandLine({ row, index, edit, name }: Props) {
  const { store, actions, bands } = useView();
  const { saes } = store.status.value;
  const { master } = store.selection.value.value;
  const known = store.known(edit.feature);
  const isPending = bands.isPending(edit.feature);
  if (!isCalibrated(edit) || (known.band === null && !isPending)) return null;
  const band = bandIn(edit, saes, known, master);
  const iso = band?.iso_kl ?? null;
  const range = dialRange(edit.unit ?? "raw", saeOf(edit.feature, saes), normOf(edit.feature));
  const zone = band && coherent(band, { max: range });
  return (
    <div class="sw-more" data-testid={`sw-band-line-${index}`}>
      {band !== null && (
        <span class="sw-quiet" title={bandWords(band)}>
          {zone === null ? (
            "no coherent band"
          ) : (
            <>
              <span class="sw-band-key" aria-hidden /> {plainNumber(zone.from)} to {plainNumber(zone.to)}{" "}
              steers and holds together
            </>
          )}
          {iso !== null && `, iso-KL at ${plainNumber(iso)}`}
        </span>
      )}
      {isPending ? (
        <span class="sw-quiet" role="status">
          calibrating…
        </span>
      ) : (
        <>
          {iso !== null && Math.abs(edit.strength) !== iso && (
            <Button
              kind="link"
              aria-label={`Set ${name} to iso-KL`}
              testId={`sw-set-iso-${index}`}
              onPress={() =>
                actions.changeEdit(row, "strength", (e) => ({ ...e, strength: e.strength < 0 ? -iso : iso }))
              }
            >
              Set to iso-KL
            </Button>
          )}
          <Button
            kind="link"
            aria-label={`Calibrate ${name} again`}
            testId={`sw-calibrate-${index}`}
            onPress={() => void bands.find(edit.feature)}
          >
            Calibrate again
          </Button>
        </>
      )}
    </div>
  );
}
