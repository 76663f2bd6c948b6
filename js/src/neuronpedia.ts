// Links to Neuronpedia's page of a feature: something to follow, never a request of the page's own.
import type { SaeInfo } from "./protocol.gen";

/** Null where the SAE has no id there. */
export function neuronpediaUrl(sae: SaeInfo | null, index: number): string | null {
  if (sae === null || sae.neuronpedia_id === "") return null;
  const path = sae.neuronpedia_id.split("/").map(encodeURIComponent).join("/");
  return `https://www.neuronpedia.org/${path}/${index}`;
}
