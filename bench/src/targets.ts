/** What we hold ourselves to: a ratio of two figures of the same run, or a bound of one of ours. */
export type Target =
  | {
      readonly kind: "ratio";
      readonly what: string;
      readonly figure: string;
      readonly ours: string;
      readonly peer: string;
      readonly peerFigure?: string;
      readonly atLeast?: number;
      readonly atMost?: number;
    }
  | {
      readonly kind: "bound";
      readonly what: string;
      readonly figure: string;
      readonly ours: string;
      readonly atMost: number;
    };

const ours = "hikyaku (redis)";

function ratio(figure: string, peer: string, atLeast: number, by: string = ours): Target {
  return { kind: "ratio", what: `${figure}, ${by} ÷ ${peer}`, figure, ours: by, peer, atLeast };
}

function bound(figure: string, atMost: number, by: string = ours): Target {
  return { kind: "bound", what: `${figure}, ${by}`, figure, ours: by, atMost };
}

export const targets: readonly Target[] = [
  ratio("bulk enqueue", "BullMQ", 6),
  ratio("bulk enqueue", "Asynq (Go)", 1.2),
  ratio("enqueue, 256 in flight", "BullMQ", 3),
  ratio("enqueue, 1 in flight", "BullMQ", 1.3),
  ratio("process, concurrency 10", "BullMQ", 3.5),
  ratio("process, concurrency 100", "BullMQ", 4.5),
  ratio("process, concurrency 10", "Asynq (Go)", 3),
  ratio("process, concurrency 100", "Asynq (Go)", 6),
  ratio("process, concurrency 100, 1 ms away", "BullMQ", 4),
  ratio("whole round", "BullMQ", 3),
  bound("idle pick-up, p50", 1),
  bound("idle pick-up, p99", 3),
  bound("lateness, p50", 3),
  bound("lateness, p99", 20),
  bound("ran early", 0),
  bound("idle cost", 2),
  {
    kind: "ratio",
    what: `memory, server defaults, ${ours} ÷ BullMQ`,
    figure: "memory, server defaults",
    ours,
    peer: "BullMQ",
    atMost: 0.95,
  },
  ratio("bulk enqueue", "BullMQ", 3, "hikyaku (sqlite)"),
  ratio("process, concurrency 100", "BullMQ", 3, "hikyaku (sqlite)"),
  bound("event loop delay, p99", 20, "hikyaku (sqlite)"),
];
