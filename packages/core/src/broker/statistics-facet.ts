import type { CallOptions } from "./call-options.ts";
import type { StatisticsCounts } from "./statistics-counts.ts";
import type { StatisticsResolution } from "./statistics-resolution.ts";

/** What one writer counted in one minute, of one type of a queue's tasks. */
export interface StatisticsCell {
  readonly queue: string;
  readonly type: string;
  /** The beginning of the minute, in milliseconds. */
  readonly minute: number;
  readonly counts: StatisticsCounts;
}

/** Numbers that were not reported before. */
export interface StatisticsReport {
  /** Names who counted. Never used by two. */
  readonly writer: string;
  /** Counts the reports of the writer, from 1 up. A report is repeated with its own number. */
  readonly sequence: number;
  readonly cells: readonly StatisticsCell[];
}

export interface StatisticsRequest {
  /** Absent: all queues that the store knows. */
  readonly queues?: readonly string[];
  readonly resolution: StatisticsResolution;
  /** The beginning of the first period, in milliseconds. */
  readonly from: number;
  /** Periods that begin before this moment. */
  readonly to: number;
  /** `all`: all types of a queue as one. `each`: each type for itself. */
  readonly types: "all" | "each" | { readonly only: string };
}

/** The sum of what was reported of one period. Periods without a report are left out. */
export interface StatisticsRow {
  readonly queue: string;
  /** Undefined: all types as one. */
  readonly type: string | undefined;
  /** The beginning of the period, in milliseconds. */
  readonly at: number;
  readonly counts: StatisticsCounts;
}

/** Sums of what servers, clients and schedulers of this library have counted. Go's programs report nothing. */
export interface StatisticsFacet {
  /**
   * Adds a report to the numbers of its minutes, ten minutes and days. The parts of different queues may be added one
   * by one. A part that was added by an earlier call with this report is not added again, within two hours. A type
   * beyond the first 256 of a queue's period counts as `other`, and so does one of more than 200 characters. A period
   * that is not kept any more is left out.
   */
  addStatistics(report: StatisticsReport, call?: CallOptions): Promise<void>;
  /** Reads the numbers of a range, in no order. At most 1,000 periods: it throws `invalid_option` for more. */
  readStatistics(request: StatisticsRequest, call?: CallOptions): Promise<readonly StatisticsRow[]>;
}
