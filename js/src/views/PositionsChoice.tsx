import { useRef } from "preact/hooks";
import { NAMED, type Positions, positionsHint, positionsWords } from "../positions";
import type { Edit, NamedPositions } from "../protocol.gen";
import { Choice } from "./Choice";

interface Props {
  label: string;
  positions: Edit["positions"];
  testId: string;
  onChange: (positions: Positions) => void;
}

/** Named positions, and those that were given in Python: they can be left and taken again. */
export function PositionsChoice({ label, positions, testId, onChange }: Props) {
  const given = useRef<Exclude<Positions, NamedPositions> | null>(null);
  const isGiven = positions !== null && typeof positions !== "string";
  if (isGiven) given.current = positions;
  const kept = given.current;
  const words = kept === null ? "" : positionsWords(kept);
  return (
    <Choice<NamedPositions | "given">
      label={label}
      value={isGiven ? "given" : (positions ?? "all")}
      options={
        kept === null
          ? NAMED
          : [{ value: "given", name: words, hint: `${words}. ${positionsHint(kept)}` }, ...NAMED]
      }
      testId={testId}
      onChange={(chosen) => {
        if (chosen !== "given") onChange(chosen);
        else if (kept !== null) onChange(kept);
      }}
    />
  );
}
