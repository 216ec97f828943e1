import {
  bucketCount,
  bucketEndsMs,
  countPlaces,
  type HistogramName,
  histogramPlaces,
  type StatisticsCounts,
} from "../broker/statistics-counts.ts";

/** How often a duration lay in which range. */
export interface DurationHistogram {
  readonly count: number;
  readonly sumMs: number;
  /** One number for each range of `histogramEndsMs`, and a last one for all that is longer. */
  readonly buckets: readonly number[];
}

/** What was counted of some tasks in some time. */
export interface StatisticsNumbers {
  /** New tasks that the store accepted: of clients, schedules and groups. */
  readonly enqueued: number;
  /** Attempts whose handler was called. */
  readonly started: number;
  /** Attempts that ended well, or by `Revoke`. */
  readonly succeeded: number;
  /** Failures that count: they spent a retry, or archived the task. */
  readonly failed: number;
  /** Attempts after which the task waits for its next one. Those that spent no retry are among them. */
  readonly retried: number;
  /** Attempts after which the task was archived. Tasks that somebody archives by hand are not among them. */
  readonly archived: number;
  /** Attempts whose worker died or stalled. */
  readonly lost: number;
  /** From the moment that a task joined its line to its start. The delay that was asked for is not in it. */
  readonly lateness: DurationHistogram;
  /** How long attempts ran that succeeded. */
  readonly succeededRun: DurationHistogram;
  /** How long attempts ran that did not. */
  readonly failedRun: DurationHistogram;
}

/** The upper ends of the ranges of every histogram, in milliseconds, each included: from 1 ms to 24 h. */
export const histogramEndsMs: readonly number[] = bucketEndsMs;

/**
 * The duration below which this share (0 to 1) of all durations lie, in milliseconds. An estimate: within its range, a
 * duration is taken to be anywhere. 24 hours for all that is longer. Undefined when there is none.
 */
export function percentileMs({ count, buckets }: DurationHistogram, share: number): number | undefined {
  if (count === 0) return undefined;
  const wanted = Math.min(1, Math.max(0, share)) * count;
  let before = 0;
  for (const [index, inside] of buckets.entries()) {
    if (inside > 0 && before + inside >= wanted) {
      const [begin, end] = [bucketEndsMs[index - 1] ?? 0, bucketEndsMs[index]];
      return end === undefined ? begin : begin + ((end - begin) * (wanted - before)) / inside;
    }
    before += inside;
  }
  return bucketEndsMs.at(-1);
}

export function statisticsNumbersOf(counts: StatisticsCounts): StatisticsNumbers {
  const at = (place: number): number => counts[place] ?? 0;
  const histogram = (name: HistogramName): DurationHistogram => {
    const place = histogramPlaces[name];
    const buckets = Array.from({ length: bucketCount }, (_, index) => at(place + 1 + index));
    return { count: buckets.reduce((sum, count) => sum + count, 0), sumMs: at(place), buckets };
  };
  return {
    enqueued: at(countPlaces.enqueued),
    started: at(countPlaces.started),
    succeeded: at(countPlaces.succeeded),
    failed: at(countPlaces.failed),
    retried: at(countPlaces.retried),
    archived: at(countPlaces.archived),
    lost: at(countPlaces.lost),
    lateness: histogram("lateness"),
    succeededRun: histogram("succeededRun"),
    failedRun: histogram("failedRun"),
  };
}
