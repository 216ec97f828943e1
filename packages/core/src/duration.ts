import { HikyakuError } from "./errors.ts";
import { shown } from "./option-names.ts";

/**
 * A length of time with its unit: `"250ms"`, `"30s"`, `"3m"`, `"1h30m"`, `"7d"`, or `{ ms: 250 }`. A bare number is
 * never accepted, because nobody can see its unit.
 */
export type Duration = `${number}${string}` | { readonly ms: number };

/** The longest duration that Go's `time.Duration` holds, in milliseconds: about 292 years. */
export const longestDurationMs = 9_223_372_036_000;

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * The milliseconds of a duration, rounded up to a whole one.
 * @throws HikyakuError `invalid_option` when it is not a duration, negative or above 292 years; the message names `option`.
 */
export function durationMs(option: string, value: Duration): number {
  const ms = typeof value === "string" ? parse(value) : isMilliseconds(value) ? value.ms : undefined;
  if (typeof ms !== "number" || Number.isNaN(ms) || ms < 0) {
    throw new HikyakuError(
      "invalid_option",
      `option "${option}": expected a duration such as "30s", "1h30m" or { ms: 250 }, got ${shown(value)}`,
    );
  }
  if (ms > longestDurationMs) {
    throw new HikyakuError(
      "invalid_option",
      `option "${option}": expected at most ${longestDurationMs} ms (292 years), got ${shown(value)}`,
    );
  }
  return Math.ceil(ms);
}

function parse(text: string): number | undefined {
  let total = 0;
  let end = 0;
  for (const part of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/gy)) {
    const [whole, amount, unit] = part;
    total += Number(amount) * (unitMs[unit ?? ""] ?? Number.NaN);
    end = part.index + whole.length;
  }
  return end > 0 && end === text.length ? total : undefined;
}

/** Has `ms` and nothing else: in `{ ms: 5, s: 3 }` a part would be ignored. */
function isMilliseconds(value: unknown): value is { readonly ms: number } {
  return typeof value === "object" && value !== null && "ms" in value && Object.keys(value).length === 1;
}
