import type { CallOptions } from "./call-options.ts";
import type { TaskMessage, TaskState } from "./task-message.ts";
import type { AttemptRecord } from "./work-facet.ts";

/** The numbers of one queue at one moment. */
export interface QueueNumbers {
  readonly queue: string;
  readonly paused: boolean;
  /** How many tasks are in each state. */
  readonly counts: Readonly<Record<TaskState, number>>;
  /** Attempts finished today (UTC) and altogether; a task that fails twice and then succeeds adds 3. */
  readonly processedToday: number;
  readonly processedTotal: number;
  /** Counted failures today (UTC) and altogether. */
  readonly failedToday: number;
  readonly failedTotal: number;
  /** How long the task that is next in line has waited; 0 when none waits or nobody wrote down since when. */
  readonly latencyMs: number;
}

/** A task with all that the store knows of it. */
export interface StoredTask {
  readonly message: TaskMessage;
  readonly state: TaskState;
  /** When it is to run next: scheduled and retry only. */
  readonly dueAt: number | undefined;
  /** When it may be removed: completed only. */
  readonly keptUntil: number | undefined;
  readonly archivedAt: number | undefined;
  readonly pendingSince: number | undefined;
  /** Who holds it and until when: active only. */
  readonly leaseEndsAt: number | undefined;
  readonly leaseToken: string | undefined;
  readonly result: Uint8Array | undefined;
  readonly attempts: readonly AttemptRecord[];
}

export interface ListQuery {
  readonly queue: string;
  readonly state: TaskState;
  /** Needed for `aggregating`, unused otherwise. */
  readonly group?: string;
  readonly limit: number;
  /** Where an earlier page ended; absent for the first page. */
  readonly cursor?: string;
}

export interface TaskPage {
  /** Pending: next to run first. Active: longest running first. Scheduled, retry: due first. Others: oldest first. */
  readonly tasks: readonly StoredTask[];
  /** Pass it on for the next page; undefined when this was the last. */
  readonly nextCursor: string | undefined;
}

/** Reading and steering queues, in bounded slices that never hold the store for long. */
export interface InspectFacet {
  /** Names of all queues that the store knows, sorted. */
  queues(call?: CallOptions): Promise<readonly string[]>;
  /** Undefined when there is no such queue. */
  queue(queue: string, call?: CallOptions): Promise<QueueNumbers | undefined>;
  list(query: ListQuery, call?: CallOptions): Promise<TaskPage>;
  /** One answer per id in order; undefined where there is no such task. */
  get(queue: string, taskIds: readonly string[], call?: CallOptions): Promise<readonly (StoredTask | undefined)[]>;
  /** Stops new claims from the queue. `unchanged` when it was paused already. */
  pause(queue: string, call?: CallOptions): Promise<"changed" | "unchanged">;
  resume(queue: string, call?: CallOptions): Promise<"changed" | "unchanged">;
}
