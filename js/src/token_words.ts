// What is said of a token and of the colours of tokens.
import { short } from "./numbers";
import type { CellView } from "./protocol.gen";
import type { ColourBy } from "./tokens";

interface ColourInfo {
  readonly value: ColourBy;
  readonly name: string;
  /** Name of one token's value. */
  readonly one: string;
  readonly unit: string;
  readonly hint: string;
}

export const COLOURS: readonly ColourInfo[] = [
  { value: "nothing", name: "nothing", one: "", unit: "", hint: "Tokens are not coloured." },
  {
    value: "kl",
    name: "KL",
    one: "KL",
    unit: "nats",
    hint: "How far steering moved the model's probabilities where this token was drawn: where it took hold of the text.",
  },
  {
    value: "surprise",
    name: "surprise",
    one: "surprise",
    unit: "nats",
    hint: "How much the token surprises the unsteered model, which read the same text up to it.",
  },
  {
    value: "activation",
    name: "activation",
    one: "activation",
    unit: "",
    hint: "How strongly the feature fires on the token when the unsteered model reads the text.",
  },
];

export const colourInfo = (by: ColourBy): ColourInfo =>
  COLOURS.find(({ value }) => value === by) ?? { value: by, name: by, one: by, unit: "", hint: "" };

/** "KL 1.20 nats". */
export function valueWords(by: ColourBy, value: number): string {
  const { one, unit } = colourInfo(by);
  return `${one} ${short(value)}${unit === "" ? "" : ` ${unit}`}`;
}

/** Whether the pass that measures tokens has come to this cell. */
export const isScored = ({ measures }: CellView): boolean =>
  measures.perplexity !== null || measures.kl_mean !== null || measures.activations.length > 0;
