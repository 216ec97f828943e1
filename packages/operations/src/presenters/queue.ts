import type { QueueSummaryView } from "@hikyaku/contract";
import type { QueueSummary } from "hikyaku";

/** A queue at one moment. */
export function presentQueue(summary: QueueSummary): QueueSummaryView {
  const { pending, active, scheduled, retry, aggregating, completed, archived } = summary.counts;
  return {
    queue: summary.queue,
    paused: summary.paused,
    size: summary.size,
    counts: { pending, active, scheduled, retry, aggregating, completed, archived },
    processed_today: summary.processedToday,
    processed_total: summary.processedTotal,
    failed_today: summary.failedToday,
    failed_total: summary.failedTotal,
    latency_ms: summary.latencyMs,
    due: summary.due,
    overdue_ms: summary.overdueMs,
  };
}
