import * as z from "zod";

/** A moment as every shape tells it: RFC 3339, in UTC, to the millisecond. */
export const moment = z.iso.datetime().meta({ examples: ["2026-01-31T12:00:00.000Z"] });

const earliest = Date.parse("0001-01-01T00:00:00.000Z");
const latest = Date.parse("9999-12-31T23:59:59.999Z");

/**
 * A moment as `moment` has it. What lies outside the years 1 to 9999, which RFC 3339 and its readers can't say, is told
 * as the first or the last moment of them: any program can store such a moment, and one task must not break the answer
 * for all.
 */
export function momentText(at: Date | number): string {
  return new Date(Math.min(Math.max(Number(at), earliest), latest)).toISOString();
}
