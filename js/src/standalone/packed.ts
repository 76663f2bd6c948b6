// The tokens of a run as its file packs them (steer_widget/packed_tokens.py).
import { bytesOf } from "../base64";
import type { Alternative, PackedCell, PackedTokens, TokenMeasures } from "../protocol.gen";

/** What was no finite number is drawn as nothing. */
const whole = (values: readonly (number | null)[]): number[] => values.map((value) => value ?? 0);

export class Tokens {
  readonly #packed: PackedTokens;

  constructor(packed: PackedTokens) {
    this.#packed = packed;
  }

  /** Of a cell, as the kernel would tell them; empty where nothing was measured. */
  of(index: number): TokenMeasures {
    const cell = this.#packed.cells[index];
    let at = 0;
    return {
      kl: whole(cell?.kl ?? []),
      surprise: whole(cell?.surprise ?? []),
      activations: (cell?.activations ?? []).map(whole),
      alternatives: (cell?.alternatives ?? []).map((ofToken) =>
        ofToken.map((text) => this.#alternative(cell, text, at++)),
      ),
      texts: (cell?.texts ?? []).map((text) => this.#text(text)),
    };
  }

  #text(number: number): string {
    return this.#packed.texts[number] ?? "";
  }

  /** `at`: its number among all alternatives of the cell. */
  #alternative(cell: PackedCell | undefined, text: number, at: number): Alternative {
    const share = (parts: readonly number[] = []) => (parts[at] ?? 0) / this.#packed.one;
    return {
      token_id: -1,
      text: this.#text(text),
      steered: share(cell?.steered),
      unsteered: share(cell?.unsteered),
    };
  }
}

/** Unpacks what the file holds. */
export async function unpack(tokens: string): Promise<Tokens> {
  const packed = new Blob([bytesOf(tokens)]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Tokens((await new Response(packed).json()) as PackedTokens);
}
