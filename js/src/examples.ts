// Three ways in for the embedded model and SAE; seen to work there, so shown only there.
import type { Status } from "./protocol.gen";

export interface Example {
  readonly index: number;
  readonly label: string;
  readonly prompt: string;
  readonly strength: number;
  readonly why: string;
}

/** Greedy, the small model goes in circles without one; set only where nobody has chosen other settings. */
export const EXAMPLE_PENALTY = 1.1;
const PROMPT = "Yesterday I went for a walk and";
const EMBEDDED_D_SAE = 4608;

export const EXAMPLES: readonly Example[] = [
  {
    index: 523,
    label: "war, in 'during the war'",
    prompt: PROMPT,
    strength: 70,
    why: "A harmless walk ends in wartime.",
  },
  {
    index: 3530,
    label: "Science, mostly the journal",
    prompt: PROMPT,
    strength: 70,
    why: "The walker comes home with the latest study.",
  },
  {
    index: 3548,
    label: "food and drink nouns (soup, juice, bread)",
    prompt: PROMPT,
    strength: 60,
    why: "The same walk ends at a table.",
  },
];

export function fitsExamples({ model, saes }: Status): boolean {
  return saes[0]?.d_sae === EMBEDDED_D_SAE && (model?.name.includes("SmolLM2") ?? false);
}
