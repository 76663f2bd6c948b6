// Which tokens an edit acts on and from when, in words.
import type { Edit, NamedPositions, Schedule, Span } from "./protocol.gen";

export type Positions = NonNullable<Edit["positions"]>;

const MAX_LISTED = 5;

const ORDINALS: Readonly<Record<number, string>> = { 2: "2nd", 3: "3rd" };

const number = (position: number): string => String(position).replace("-", "−");

function spanWords({ start, stop, step }: Span): string {
  const every = step === 1 ? "" : `, every ${ORDINALS[step] ?? `${step}th`}`;
  if (stop === null) return `tokens from ${number(start)} on${every}`;
  const sameEnd = start < 0 === stop < 0;
  if (stop === 0 || (sameEnd && stop <= start)) return "no tokens";
  const last = stop - 1;
  if (sameEnd && last === start) return `token ${number(start)}`;
  return start < 0 || last < 0
    ? `tokens ${number(start)} to ${number(last)}${every}`
    : `tokens ${start}–${last}${every}`;
}

/** As short as it goes; "" for all of them. */
export function positionsWords(positions: Edit["positions"]): string {
  if (positions === null || positions === "all") return "";
  if (positions === "prompt" || positions === "generated") return `${positions} only`;
  if (positions.kind === "span") return spanWords(positions);
  const { at } = positions;
  if (at.length === 1) return `token ${number(at[0] ?? 0)}`;
  const listed = at.slice(0, MAX_LISTED).map(number).join(", ");
  return `tokens ${listed}${at.length > MAX_LISTED ? `, … (${at.length})` : ""}`;
}

export const NAMED: readonly { value: NamedPositions; name: string; hint: string }[] = [
  { value: "all", name: "all positions", hint: "Steers the prompt and what is generated." },
  { value: "prompt", name: "prompt only", hint: "Steers the prompt's tokens only." },
  {
    value: "generated",
    name: "generated only",
    hint: "Steers from the prompt's last token on, which makes the first new one.",
  },
];

const COUNTED = "Counted from 0; negative numbers from the end of the prompt.";

/** What a pointer resting on positions set in Python is told. */
export function positionsHint(positions: Exclude<Positions, NamedPositions>): string {
  const all = positions.kind === "tokens" ? `Tokens ${positions.at.map(number).join(", ")}. ` : "";
  return `${all}${COUNTED} Set in Python.`;
}

/** "" for a schedule that changes nothing. */
export function scheduleWords(schedule: Schedule | null): string {
  if (schedule === null) return "";
  return [
    ...(schedule.start > 0 ? [`from new token ${schedule.start}`] : []),
    ...(schedule.half_life !== null ? [`halving every ${schedule.half_life}`] : []),
  ].join(", ");
}

/** What a pointer resting on a schedule is told. */
export function scheduleHint({ start, half_life }: Schedule): string {
  const from = start > 0 ? `Steers from generated token ${start} on, counted from 0.` : "";
  const fades =
    half_life === null
      ? ""
      : `The strength halves every ${half_life} generated tokens${start > 0 ? " after that" : ""}.`;
  return [from, fades, "Set in Python."].filter(Boolean).join(" ");
}
