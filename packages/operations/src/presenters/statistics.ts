import { momentText, type StatisticsNumbersView, type StatisticsResponse } from "@hikyaku/contract";
import {
  type DurationHistogram,
  histogramEndsMs,
  percentileMs,
  type Statistics,
  type StatisticsNumbers,
} from "hikyaku";

/** What happened in a range of time. */
export function presentStatistics({ resolution, from, to, total, points, parts }: Statistics): StatisticsResponse {
  return {
    resolution,
    from: momentText(from),
    to: momentText(to),
    bucket_ends_ms: [...histogramEndsMs],
    total: presentNumbers(total),
    points: points.map(({ at, ...numbers }) => ({ at: momentText(at), ...presentNumbers(numbers) })),
    parts: parts?.map(({ queue, type, ...numbers }) => ({ queue, type, ...presentNumbers(numbers) })) ?? null,
  };
}

function presentNumbers(numbers: StatisticsNumbers): StatisticsNumbersView {
  const { enqueued, started, succeeded, failed, retried, archived, lost } = numbers;
  return {
    enqueued,
    started,
    succeeded,
    failed,
    retried,
    archived,
    lost,
    lateness: presentHistogram(numbers.lateness),
    succeeded_run: presentHistogram(numbers.succeededRun),
    failed_run: presentHistogram(numbers.failedRun),
  };
}

function presentHistogram(histogram: DurationHistogram): StatisticsNumbersView["lateness"] {
  const percentile = (share: number): number | null => {
    const ms = percentileMs(histogram, share);
    return ms === undefined ? null : Math.round(ms * 100) / 100;
  };
  return {
    count: histogram.count,
    sum_ms: histogram.sumMs,
    p50_ms: percentile(0.5),
    p95_ms: percentile(0.95),
    p99_ms: percentile(0.99),
    buckets: [...histogram.buckets],
  };
}
