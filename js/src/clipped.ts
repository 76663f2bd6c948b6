/** The start of a text, for places that show no more of it: laying out a megabyte takes seconds. */
export function clipped(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text;
  // Never half of a surrogate pair.
  return `${text.slice(0, maxChars).replace(/[\uD800-\uDBFF]$/, "")}…`;
}
