/**
 * A target of ours: the least or the most that a figure may be. The figure is our own, or its ratio to another system's
 * of the same run.
 */
export interface Target {
  readonly what: string;
  readonly figure: string;
  readonly ours: string;
  /** Whose same figure it is divided by; undefined for a figure that stands for itself. */
  readonly peer?: string;
  readonly atLeast?: number;
  readonly atMost?: number;
}

const redis = "hikyaku (redis)";
const sqlite = "hikyaku (sqlite)";
const bullmq = "BullMQ";
const asynq = "Asynq (Go)";

function ratio(figure: string, peer: string, atLeast: number, ours: string = redis): Target {
  return { what: `${figure}, ${ours} ÷ ${peer}`, figure, ours, peer, atLeast };
}

function atMost(figure: string, most: number, ours: string = redis): Target {
  return { what: `${figure}, ${ours}`, figure, ours, atMost: most };
}

function atLeast(figure: string, least: number, ours: string = redis): Target {
  return { what: `${figure}, ${ours}`, figure, ours, atLeast: least };
}

const growth = ["waiting", "scheduled"].flatMap((kind) =>
  ["enqueue", "process"].flatMap((what) =>
    [redis, sqlite].map((ours) => atLeast(`growth: ${what} beside ${kind}`, 0.9, ours)),
  ),
);

export const targets: readonly Target[] = [
  ratio("bulk enqueue", bullmq, 6),
  ratio("bulk enqueue", asynq, 1.2),
  ratio("enqueue, 256 in flight", bullmq, 3),
  ratio("enqueue, 1 in flight", bullmq, 1.3),
  ratio("process, concurrency 10", bullmq, 3.5),
  ratio("process, concurrency 100", bullmq, 4.5),
  ratio("process, concurrency 10", asynq, 3),
  ratio("process, concurrency 100", asynq, 6),
  ratio("process, concurrency 100, 1 ms away", bullmq, 4),
  ratio("whole round", bullmq, 3),
  atMost("idle pick-up, p50", 1),
  atMost("idle pick-up, p99", 3),
  atMost("lateness, p50", 3),
  atMost("lateness, p99", 20),
  atMost("ran early", 0),
  atMost("idle cost", 2),
  {
    what: `memory, server defaults, ${redis} ÷ ${bullmq}`,
    figure: "memory, server defaults",
    ours: redis,
    peer: bullmq,
    atMost: 0.95,
  },
  ...growth,
  ratio("bulk enqueue", bullmq, 3, sqlite),
  ratio("process, concurrency 100", bullmq, 3, sqlite),
  atMost("event loop delay, p99", 20, sqlite),
  atLeast("share of the limit", 0.7),
];
