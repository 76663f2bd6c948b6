// Reasons to distrust a cell, in words.
import type { CellView, Flag } from "./protocol.gen";
import type { IconName } from "./views/Icon";

interface FlagInfo {
  readonly name: string;
  readonly icon: IconName;
  readonly means: string;
}

export const FLAGS: Readonly<Record<Flag, FlagInfo>> = {
  empty: {
    name: "empty",
    icon: "empty",
    means: "There is no text: the model ended it at once. A smaller strength or another prompt may help.",
  },
  looping: {
    name: "looping",
    icon: "loop",
    means:
      "The text repeats itself from some point on. A smaller strength, or a repetition penalty above 1, may help.",
  },
  over_steered: {
    name: "over-steered",
    icon: "alert",
    means:
      "The edit is so large next to the hidden state that texts usually fall apart. A smaller strength may help.",
  },
  diverged: {
    name: "diverged",
    icon: "broken",
    means:
      "The model's output was no longer a finite number, so the text ends there. Other cells are not touched by it. " +
      "Use a much smaller strength.",
  },
};

/** All reasons there are, also the one that only the way it ended tells. */
export function flagsOf({ measures, finish }: CellView): readonly Flag[] {
  const { flags } = measures;
  return finish === "diverged" && !flags.includes("diverged") ? [...flags, "diverged"] : flags;
}
