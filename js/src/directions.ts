// What an edit steers by: a feature, a vector of one's own, or a random control of either.
import { bytesOf } from "./base64";
import { clipped } from "./clipped";
import type { Feature, SaeInfo, Steerable, Vector } from "./protocol.gen";

const N_BYTES = 4;
/** A vector's first numbers tell it from others of its name; doubles are told apart by their turn. */
const N_KEY_CHARS = 16;

/** Its name among all directions of the page; stays the same whatever is done with it. */
export function directionKey(direction: Steerable): string {
  switch (direction.kind) {
    case "feature":
      return `${direction.sae}:${direction.index}`;
    case "vector":
      return `vector:${direction.name}:${direction.values.slice(0, N_KEY_CHARS)}`;
    case "control":
      return `control:${direction.seed}:${directionKey(direction.of)}`;
  }
}

/** What a control is the control of; anything else is its own source. */
export const sourceOf = (direction: Steerable): Feature | Vector =>
  direction.kind === "control" ? direction.of : direction;

/** The feature whose activation and maximum stand for this direction; null for a vector. */
export function featureOf(direction: Steerable): Feature | null {
  const source = sourceOf(direction);
  return source.kind === "feature" ? source : null;
}

function numbersOf(vector: Vector): number[] {
  const bytes = bytesOf(vector.values);
  const view = new DataView(bytes.buffer);
  return Array.from({ length: bytes.length / N_BYTES }, (_, i) => view.getFloat32(i * N_BYTES, true));
}

/** Length of the direction; of features the page knows none and takes 1, which most decoders have. */
export function normOf(direction: Steerable): number {
  const source = sourceOf(direction);
  return source.kind === "vector" ? Math.hypot(...numbersOf(source)) : 1;
}

/** The SAE at whose hook point the direction acts; the first one where nothing says which. */
export function saeOf(direction: Steerable, saes: readonly SaeInfo[]): SaeInfo | null {
  const source = sourceOf(direction);
  const named = saes.find((sae) =>
    source.kind === "feature" ? sae.name === source.sae : sae.hook_name === source.hook_name,
  );
  return named ?? saes[0] ?? null;
}

/** The SAE's name as features of it have it: the first one's is "". Null where no such SAE is loaded. */
export function searchedSae(sae: string, saes: readonly SaeInfo[]): string | null {
  if (sae === "" || saes.length === 0 || sae === saes[0]?.name) return "";
  return saes.some(({ name }) => name === sae) ? sae : null;
}

const MAX_LABEL_CHARS = 300;

/** What it is called; `label` is what is known of the feature beside its own label. */
export function labelOf(direction: Steerable, label = ""): string {
  switch (direction.kind) {
    case "feature":
      return clipped(direction.label || label, MAX_LABEL_CHARS);
    case "vector":
      return (
        clipped(direction.name, MAX_LABEL_CHARS) || `vector of ${atob(direction.values).length / N_BYTES}`
      );
    case "control": {
      const { of } = direction;
      return `random like ${labelOf(of, label) || `feature ${(of as Feature).index}`}`;
    }
  }
}

/** What it is, beside its label: a feature's index, or a word. */
export function kindOf(direction: Steerable, saes: readonly SaeInfo[]): string {
  switch (direction.kind) {
    case "feature":
      return `feature ${direction.index}${saes.length > 1 ? layerOf(direction, saes) : ""}`;
    case "vector":
      return `vector${saes.length > 1 ? layerOf(direction, saes) : ""}`;
    case "control":
      return direction.seed === 0 ? "control" : `control, seed ${direction.seed}`;
  }
}

function layerOf(direction: Feature | Vector, saes: readonly SaeInfo[]): string {
  const sae = saeOf(direction, saes);
  return sae === null ? "" : `, layer ${sae.layer}`;
}

/** What a pointer resting on its name is told. */
export function explain(direction: Steerable): string {
  switch (direction.kind) {
    case "feature":
      return direction.sae === "" ? "" : `Feature of the SAE ${direction.sae}.`;
    case "vector": {
      const where = direction.hook_name === "" ? "the first SAE's hook point" : direction.hook_name;
      return `A vector of your own; acts at ${where}.`;
    }
    case "control":
      return "A random direction of the same length: shows what steering of that size does by itself.";
  }
}
