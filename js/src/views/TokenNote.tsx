import { useView } from "../page";
import type { CellView } from "../protocol.gen";
import { isEnded } from "../states";
import { colourInfo, isScored } from "../token_words";
import { valuesOf } from "../tokens";

interface Props {
  run: string;
  cell: CellView;
  isRunOn: boolean;
  /** What stands there otherwise. */
  otherwise: string | undefined;
}

/** Why a text is not coloured, where colours were asked for and are not there. */
export function TokenNote({ run, cell, isRunOn, otherwise }: Props) {
  const { results } = useView();
  const { tokens } = results;
  const by = tokens.colourBy.value;
  const words = () => {
    if (by === "nothing" || !isEnded(cell) || cell.text === "") return otherwise;
    const held = tokens.held(run, cell);
    if (isRunOn && !isScored(cell)) return "tokens not measured yet";
    if (held === null) return otherwise;
    if (held === "asked") return "reading tokens…";
    if (held === "failed") return "tokens not read";
    if (held.texts.length === 0) return "no token measures";
    const values = valuesOf(held, cell.measures.activations, by, tokens.feature.value);
    return values === null ? `no ${colourInfo(by).one} here` : otherwise;
  };
  return (
    <span class="sw-quiet" data-testid={`sw-token-note-${cell.index}`}>
      {words()}
    </span>
  );
}
