import { HikyakuError } from "../errors.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** How long the periods are of which numbers are kept. Days are those of UTC. */
export type StatisticsResolution = "minute" | "ten_minutes" | "day";

/** How long each kind of period lasts, and how long its numbers are kept after it. Finest first. */
export const statisticsPeriods: Readonly<
  Record<StatisticsResolution, { readonly lengthMs: number; readonly keptMs: number }>
> = {
  minute: { lengthMs: minuteMs, keptMs: 8 * hourMs },
  ten_minutes: { lengthMs: 10 * minuteMs, keptMs: 72 * hourMs },
  day: { lengthMs: dayMs, keptMs: 90 * dayMs },
};

export const statisticsResolutions = Object.keys(statisticsPeriods) as readonly StatisticsResolution[];

/** The beginning of the period in which the moment lies. */
export function periodBegin(resolution: StatisticsResolution, moment: number): number {
  return moment - (moment % statisticsPeriods[resolution].lengthMs);
}

/** How long the numbers of a period that began then are kept from now on. 0 or less: no more. */
export function keptForMs(resolution: StatisticsResolution, begin: number, now: number): number {
  const { lengthMs, keptMs } = statisticsPeriods[resolution];
  return begin + lengthMs + keptMs - now;
}

/** The type under which a store keeps the numbers of all types together. No task has it. */
export const allTypes = "";
/** The type of all types that are too many, or too long. */
export const otherTypes = "other";

const mostPeriods = 1_000;

interface AskedRange {
  readonly resolution: StatisticsResolution;
  readonly from: number;
  readonly to: number;
}

/**
 * The beginnings of the periods that a request asks for, in order. Leaves out those that are kept no more.
 * @throws HikyakuError `invalid_option`.
 */
export function askedPeriods({ resolution, from, to }: AskedRange, now: number): number[] {
  const { lengthMs, keptMs } = statisticsPeriods[resolution];
  const firstKept = periodBegin(resolution, now - keptMs);
  const first = Math.max(firstKept, periodBegin(resolution, from));
  const count = Math.ceil((to - first) / lengthMs);
  if (!Number.isFinite(count) || count > mostPeriods) {
    throw new HikyakuError(
      "invalid_option",
      `statistics: expected a range of at most ${mostPeriods} periods of resolution "${resolution}", got ${count}`,
    );
  }
  return Array.from({ length: Math.max(0, count) }, (_, index) => first + index * lengthMs);
}
