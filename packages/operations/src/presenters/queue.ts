import type { QueueDetailView, QueueSummaryView, ShardedQueueView } from "@hikyaku/contract";
import type { QueueInfo, QueuePause, QueueSummary, ShardedQueueSummary } from "hikyaku";
import { presentMoment } from "./moment.ts";

/** A queue at one moment. */
export function presentQueue(summary: QueueSummary): QueueSummaryView {
  const { paused, pause, policy } = summary;
  return {
    paused,
    pause: paused ? presentPause(pause) : null,
    policy: policy ?? null,
    ...presentNumbers(summary),
  };
}

/** A queue with what takes a little longer to find. */
export function presentQueueDetail(info: QueueInfo): QueueDetailView {
  const { memory, groups } = info;
  return {
    ...presentQueue(info),
    memory_bytes: memory.kind === "estimate" ? memory.bytes : null,
    memory_unknown_because: memory.kind === "unknown" ? memory.reason : null,
    groups: groups.length,
  };
}

/** All shards of a queue together. */
export function presentShardedQueue(summary: ShardedQueueSummary): ShardedQueueView {
  const { paused, shards, stray } = summary;
  return { paused, ...presentNumbers(summary), shards: shards.map(presentQueue), stray: [...stray] };
}

function presentPause(pause: QueuePause | undefined): NonNullable<QueueSummaryView["pause"]> {
  return { since: presentMoment(pause?.at), by: pause?.who ?? null, reason: pause?.reason ?? null };
}

function presentNumbers(summary: Omit<QueueSummary, "paused" | "pause" | "policy">) {
  const { pending, active, scheduled, retry, aggregating, completed, archived } = summary.counts;
  return {
    queue: summary.queue,
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
