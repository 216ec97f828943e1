import { HikyakuError } from "../errors.ts";

const dayMs = 86_400_000;
/** Day counters are kept for 90 days. No question further back has an answer. */
const mostDays = 366;

/**
 * The last days in UTC, today first, as in `2026-01-31`.
 * @throws HikyakuError `invalid_option`.
 */
export function lastDays(now: number, days: number): string[] {
  if (!Number.isInteger(days) || days < 1 || days > mostDays) {
    throw new HikyakuError("invalid_option", `option "days": expected an integer from 1 to ${mostDays}, got ${days}`);
  }
  return Array.from({ length: days }, (_, back) => utcDay(now - back * dayMs));
}

let lastDay = Number.NaN;
let lastDayText = "";

/** The day in UTC, as in `2026-01-31`. Every call asks for it, so the last answer is kept. */
export function utcDay(now: number): string {
  const day = Math.floor(now / dayMs);
  if (day !== lastDay) {
    lastDay = day;
    lastDayText = new Date(now).toISOString().slice(0, 10);
  }
  return lastDayText;
}
