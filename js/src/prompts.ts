// Changes of the list of prompts. Prompts have no id: one is found again by its place, or by what it was.
import type { Message, Prompt } from "./protocol.gen";

export const isBlank = (prompt: Prompt): boolean =>
  typeof prompt === "string" ? prompt.trim() === "" : prompt.every((turn) => turn.content.trim() === "");

/** A prompt in one text, as it is read. */
export const promptText = (prompt: Prompt): string =>
  typeof prompt === "string" ? prompt : prompt.map((turn) => `${turn.role}: ${turn.content}`).join("\n");

const same = (a: Prompt | undefined, b: Prompt): boolean => JSON.stringify(a) === JSON.stringify(b);

/** Where the prompt that was at `i` is now; -1 where it is gone. */
function find(all: readonly Prompt[], was: Prompt, i: number): number {
  return same(all[i], was) ? i : all.findIndex((prompt) => same(prompt, was));
}

/** Puts `prompt` in the place of the one at `i`; it comes to the end where there is no such place. */
export function withPrompt(all: readonly Prompt[], madeOn: readonly Prompt[], i: number, prompt: Prompt) {
  const was = madeOn[i];
  const found = was === undefined ? -1 : find(all, was, i);
  const at = Math.min(found >= 0 ? found : i, all.length);
  return [...all.slice(0, at), prompt, ...all.slice(at + 1)];
}

/** Takes out the prompt at `i`; where it is gone already, nothing is taken. */
export function withoutPrompt(all: readonly Prompt[], madeOn: readonly Prompt[], i: number): Prompt[] {
  const was = madeOn[i];
  const at = was === undefined ? -1 : find(all, was, i);
  return all.filter((_, place) => place !== at);
}

export const HALF_A_CHARACTER = "text of whole characters: half of a surrogate pair is none";

/** Whether all of it can be sent: half of a surrogate pair is no character. */
export const isWhole = (prompt: Prompt): boolean =>
  typeof prompt === "string"
    ? !/\p{Surrogate}/u.test(prompt)
    : prompt.every(({ content }) => !/\p{Surrogate}/u.test(content));

/** A prompt as a chat: its text is what the user says. */
export const asChat = (text: string): Message[] => [{ role: "user", content: text }];

/** A chat as plain text: what was said, without who said it. */
export const asText = (turns: readonly Message[]): string =>
  turns
    .map(({ content }) => content)
    .filter((content) => content.trim() !== "")
    .join("\n\n");

/** Whose turn would come: user and assistant take turns. */
export const nextRole = (turns: readonly Message[]): string =>
  turns.at(-1)?.role === "user" ? "assistant" : "user";

/** The lines of a text that say something. */
export const linesOf = (text: string): string[] => text.split(/\r?\n/).filter((line) => line.trim() !== "");

/** A prompt in one line. */
export const promptLine = (prompt: Prompt): string =>
  (typeof prompt === "string"
    ? prompt
    : prompt.map(({ role, content }) => `${role}: ${content}`).join(" · ")
  ).replace(/\s+/g, " ");
