// For development only: a toy of a tokenizer and of a next-token distribution, so that their places can be judged.
import { asChat } from "../src/prompts";
import type {
  Edit,
  NextTokenRead,
  Prompt,
  PromptsRead,
  PromptToken,
  ReadNextToken,
  ReadTokens,
  TokensRead,
} from "../src/protocol.gen";

const SPECIAL = /(<\|im_start\|>|<\|im_end\|>)/;

/** Words with the space before them, as byte-level tokenizers cut, or special tokens. */
function tokensOf(prompt: Prompt, chat: boolean): PromptToken[] {
  const turns = typeof prompt === "string" ? (chat ? asChat(prompt) : null) : prompt;
  const text =
    turns === null
      ? (prompt as string)
      : `${turns.map(({ role, content }) => `<|im_start|>${role}\n${content}<|im_end|>\n`).join("")}<|im_start|>assistant\n`;
  return text
    .split(SPECIAL)
    .flatMap((part) =>
      SPECIAL.test(part) ? [part] : (part.match(/\n| ?[\p{L}']+| ?\d| ?[^\s\p{L}\d]+|\s/gu) ?? []),
    )
    .map((piece) => ({ text: piece, token_id: hash(piece) % 49_152, is_special: SPECIAL.test(piece) }));
}

const hash = (text: string): number =>
  [...text].reduce((sum, char) => (sum * 31 + (char.codePointAt(0) ?? 0)) % 1_000_003, 7);

function steeredBy({ positions, skip_special }: Edit, tokens: readonly PromptToken[]): number[] {
  const all = tokens.map((_, i) => i);
  const chosen =
    positions === null || positions === "all" || positions === "prompt"
      ? all
      : positions === "generated"
        ? all.slice(-1)
        : positions.kind === "tokens"
          ? positions.at.map((at) => (at < 0 ? at + all.length : at))
          : all
              .slice(positions.start, positions.stop ?? undefined)
              .filter((_, i) => i % positions.step === 0);
  return chosen.filter((i) => i in tokens && !(skip_special === true && tokens[i]?.is_special));
}

export function readTokens({ prompt, chat, columns }: ReadTokens): TokensRead {
  const tokens = tokensOf(prompt, chat);
  const steered = columns.map(({ edits }) => [...new Set(edits.flatMap((edit) => steeredBy(edit, tokens)))]);
  return { type: "TokensRead", tokens, steered };
}

const WORDS = [
  " I",
  " the",
  " my",
  " saw",
  " a",
  " found",
  " met",
  " it",
  "\n",
  " soldiers",
  " war",
  " then",
  ".",
];

const softmax = (logits: readonly number[]): number[] => {
  const sizes = logits.map(Math.exp);
  const sum = sizes.reduce((a, b) => a + b, 0);
  return sizes.map((size) => size / sum);
};

export function readNextToken({ prompt, steering, k }: ReadNextToken): NextTokenRead {
  const seed = hash(JSON.stringify(prompt));
  const plain = WORDS.map((word, i) => ((hash(word) + seed) % 97) / 30 - i / 8);
  const pushed = plain.map((logit, i) =>
    steering.edits.reduce(
      (sum, edit) => sum + (edit.strength / 60) * Math.sin(i * 1.7 + hash(JSON.stringify(edit.feature))),
      logit,
    ),
  );
  const [unsteered, steered] = [softmax(plain), softmax(pushed)];
  const tokens = WORDS.map((text, i) => ({
    token_id: i,
    text,
    unsteered: unsteered[i] ?? 0,
    steered: steered[i] ?? 0,
  })).sort((a, b) => Math.max(b.steered, b.unsteered) - Math.max(a.steered, a.unsteered));
  const kl = steered.reduce((sum, p, i) => sum + p * Math.log(p / (unsteered[i] ?? 1)), 0);
  const dose = steering.edits.reduce((sum, edit) => sum + Math.abs(edit.strength) / 180, 0);
  return { type: "NextTokenRead", tokens: tokens.slice(0, k), kl, dose };
}

export function readPrompts(name: string, content: string): PromptsRead {
  const lines = content.split("\n").filter((line) => line.trim() !== "");
  const prompts = name.endsWith(".jsonl")
    ? lines.map((line) => (JSON.parse(line) as { prompt: Prompt }).prompt)
    : name.endsWith(".csv")
      ? lines.slice(1)
      : lines;
  return { type: "PromptsRead", prompts };
}
