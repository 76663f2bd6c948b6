/** What an input is that takes names, words to search or numbers: nothing is suggested, no spelling is checked. */
export const PLAIN_TEXT = { type: "text", autoComplete: "off", spellcheck: false } as const;
