import type { QueueName } from "./tasks.ts";

export type RequestKind =
  | "now"
  | "delayed"
  | "retried"
  | "exhausted"
  | "unique"
  | "grouped"
  | "kept"
  | "named"
  | "blocking"
  | "cancelled_waiting"
  | "cancelled_running"
  | "killer"
  | "probe";

/** One task that somebody asked for, and what was answered. */
export interface TaskRequest {
  readonly key: string;
  readonly kind: RequestKind;
  readonly queue: QueueName;
  readonly askedAt: number;
  /** When it may first run, by the clock of the harness. */
  readonly dueAt: number | undefined;
  readonly failures: number;
  /** Requests with the same one exclude each other. */
  readonly uniqueKey: string | undefined;
  /** `unknown`: the answer was lost, so the task may exist or not. `refused`: it must not exist. */
  state: "asked" | "accepted" | "refused" | "unknown";
  id: string | undefined;
  answeredAt: number | undefined;
  error: string | undefined;
  /** What was answered to the last try to cancel it. */
  cancel: "archived" | "signalled" | "failed" | undefined;
}

/** Everything that was asked for in one schedule. */
export class Ledger {
  readonly requests = new Map<string, TaskRequest>();

  open(request: Pick<TaskRequest, "key" | "kind" | "queue"> & Partial<TaskRequest>): TaskRequest {
    const entry: TaskRequest = {
      askedAt: Date.now(),
      dueAt: undefined,
      failures: 0,
      uniqueKey: undefined,
      state: "asked",
      id: undefined,
      answeredAt: undefined,
      error: undefined,
      cancel: undefined,
      ...request,
    };
    this.requests.set(entry.key, entry);
    return entry;
  }

  ofState(state: TaskRequest["state"]): readonly TaskRequest[] {
    return [...this.requests.values()].filter((request) => request.state === state);
  }
}
