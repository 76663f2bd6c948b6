// Moments as people read them: how long ago, and exactly.
const MINUTE_S = 60;
const HOUR_S = 3_600;
const DAY_S = 86_400;
const WEEK_S = 7 * DAY_S;

const RELATIVE = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const EXACT = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });

/** "2 hours ago", for the last week; "" before that, or where the moment cannot be read. */
export function ago(iso: string, nowMs: number): string {
  const passedS = (nowMs - Date.parse(iso)) / 1000;
  if (!(passedS < WEEK_S)) return "";
  if (passedS < MINUTE_S) return "just now";
  if (passedS < HOUR_S) return RELATIVE.format(-Math.floor(passedS / MINUTE_S), "minute");
  if (passedS < DAY_S) return RELATIVE.format(-Math.floor(passedS / HOUR_S), "hour");
  return RELATIVE.format(-Math.floor(passedS / DAY_S), "day");
}

/** Day and time by the reader's clock; the text itself where it cannot be read. */
export function exactly(iso: string): string {
  const at = new Date(iso);
  return Number.isNaN(at.getTime()) ? iso : EXACT.format(at);
}
