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
  /** How many scheduled and retry tasks are due and not in line yet; counted up to 10000. */
  readonly due: number;
  /** For how long the first of them has been due, to the second; 0 where none is. */
  readonly overdueMs: number;
}

/** How many due tasks are counted at most. */
export const mostDueCounted = 10_000;

/** What was archived in one queue since a moment. */
export interface ArchivedLately {
  readonly total: number;
  /** The newest first; fewer than asked for where they are large. `type` undefined for one that can't be read. */
  readonly newest: readonly {
    readonly taskId: string;
    readonly type: string | undefined;
    readonly archivedAt: number;
  }[];
}

/** What was done on one day (UTC). */
export interface DayNumbers {
  /** As in `2026-01-31`. */
  readonly day: string;
  /** Attempts finished, and counted failures among them. */
  readonly processed: number;
  readonly failed: number;
}

/** How much of the store's room a queue's tasks take, reckoned from a few of them. */
export type MemoryEstimate =
  | { readonly kind: "estimate"; readonly bytes: number; readonly sampledTasks: number }
  /** The store does not tell, such as where the needed command is not permitted. */
  | { readonly kind: "unknown"; readonly reason: string };

/** A task with all that the store knows of it. */
export interface StoredTask {
  readonly unreadable?: undefined;
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
  /** The token of the lease that holds it now; undefined where the holder is none of ours, or unknown. */
  readonly leaseToken: string | undefined;
  readonly result: Uint8Array | undefined;
  readonly attempts: readonly AttemptRecord[];
  /** How many workers died or stalled while they ran it, since it last failed or succeeded under one that lived. */
  readonly lostAttempts: number;
}

/** Something that lies where a task should and can't be read as one. It can still be deleted. */
export interface UnreadableTask {
  /** Why not, in words. */
  readonly unreadable: string;
  readonly queue: string;
  readonly taskId: string;
  /** Where it is listed, or what it says of itself; undefined when that is no state. */
  readonly state: TaskState | undefined;
  /** What is stored in place of the message; undefined where there is nothing. */
  readonly bytes: Uint8Array | undefined;
}

/** What is found under a task's id. */
export type TaskEntry = StoredTask | UnreadableTask;

/** Which tasks of a list are wanted: those that fit everything given here. Unreadable ones fit by `idPrefix` only. */
export interface TaskFilter {
  /** The whole type. */
  readonly type?: string;
  readonly idPrefix?: string;
  /** Part of the last error's text; ASCII letters in either case. */
  readonly error?: string;
  /** Part of the payload's bytes. */
  readonly payload?: Uint8Array;
  /**
   * From this moment on, and before that one: due for scheduled and retry, archived, completed, waiting since for pending.
   * Not for active and aggregating tasks, which carry no such moment.
   */
  readonly from?: number;
  readonly before?: number;
}

export interface ListQuery {
  readonly queue: string;
  readonly state: TaskState;
  /** Needed for `aggregating`, unused otherwise. */
  readonly group?: string;
  readonly limit: number;
  /** Where an earlier page ended; absent for the first page. */
  readonly cursor?: string;
  readonly filter?: TaskFilter;
}

export interface TaskPage {
  /**
   * Pending: next to run first. Active: longest running first. Scheduled, retry: due first. Others: oldest first.
   * Fewer than `limit`, even none, where the look ended before the list did: at most 1000 tasks or a few megabytes.
   */
  readonly tasks: readonly TaskEntry[];
  /**
   * Pass it on for the next page; undefined when this was the last. It names the last task that was looked at, so pages
   * stay right while tasks come and go. Only for Redis's pending and active tasks, where that task may be gone, it then
   * goes by the place in the list.
   */
  readonly nextCursor: string | undefined;
  /** How many tasks were looked at for this page. */
  readonly scanned: number;
}

/** Reading and steering queues, in bounded slices that never hold the store for long. */
export interface InspectFacet {
  /** Names of all queues that the store knows, sorted. */
  queues(call?: CallOptions): Promise<readonly string[]>;
  /** Whether there is such a queue. Costs one small command. */
  hasQueue(queue: string, call?: CallOptions): Promise<boolean>;
  /** Undefined when there is no such queue. */
  queue(queue: string, call?: CallOptions): Promise<QueueNumbers | undefined>;
  /** The last `days` days, today first, days without work included. Stores keep 90 days. */
  history(queue: string, days: number, call?: CallOptions): Promise<readonly DayNumbers[]>;
  /** Looks at a few tasks of each state. A store that refuses the look is no error here. */
  memory(queue: string, call?: CallOptions): Promise<MemoryEstimate>;
  list(query: ListQuery, call?: CallOptions): Promise<TaskPage>;
  /** One answer per id in order; undefined where there is no such task. */
  get(queue: string, taskIds: readonly string[], call?: CallOptions): Promise<readonly (TaskEntry | undefined)[]>;
  /** What was archived since a moment, and up to `limit` of the newest. A second more or less on Redis. */
  archivedSince(queue: string, since: number, limit: number, call?: CallOptions): Promise<ArchivedLately>;
  /** Stops new claims from the queue, and makes it known where it is not. `unchanged` when it was paused already. */
  pause(queue: string, call?: CallOptions): Promise<"changed" | "unchanged">;
  /** `unchanged` when it was not paused. Does not ask whether the queue is known. */
  resume(queue: string, call?: CallOptions): Promise<"changed" | "unchanged">;
}
