import type { CallOptions } from "./call-options.ts";
import type { KeptProgress } from "./kept-progress.ts";
import type { Standing } from "./standing.ts";
import type { TaskMessage, TaskState } from "./task-message.ts";
import type { AttemptRecord } from "./work-facet.ts";

/** For whom a queue is paused, and why. */
export interface PauseSource {
  readonly who?: string | undefined;
  readonly reason?: string | undefined;
}

/** A queue's pause. `who` and `reason` are known only where this library paused it and was told. */
export interface QueuePause extends PauseSource {
  /** Since when. Undefined where a program wrote down no moment. */
  readonly at: number | undefined;
}

/** The numbers of one queue at one moment. */
export interface QueueNumbers {
  readonly queue: string;
  readonly paused: boolean;
  /** Undefined while it is not paused. */
  readonly pause?: QueuePause | undefined;
  /** By what claims take from it, as the store spells it: see `policyText`. Undefined for an open queue. */
  readonly policy?: string | undefined;
  /** How many tasks are in each state. */
  readonly counts: Readonly<Record<TaskState, number>>;
  /** Attempts finished today (UTC) and altogether. A task that fails twice and then succeeds adds 3. */
  readonly processedToday: number;
  readonly processedTotal: number;
  /** Counted failures today (UTC) and altogether. */
  readonly failedToday: number;
  readonly failedTotal: number;
  /** How long the next task in line has waited. 0 when none waits, or nobody wrote down since when. */
  readonly latencyMs: number;
  /** How many scheduled and retry tasks are due but not in line yet, counted up to 10000. */
  readonly due: number;
  /** How long the first of them has been due, to the second. 0 when none is due. */
  readonly overdueMs: number;
}

/** How many due tasks are counted at most. */
export const mostDueCounted = 10_000;

/** The tasks that were archived in one queue since a moment. */
export interface ArchivedLately {
  readonly total: number;
  /** The newest first; fewer than asked for when they are large. `type` is undefined when the task can't be read. */
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
  /** Finished attempts, failures included, and the counted failures among them. */
  readonly processed: number;
  readonly failed: number;
}

/** How much of the store's room a queue's tasks take, estimated from a few of them. */
export type MemoryEstimate =
  | { readonly kind: "estimate"; readonly bytes: number; readonly sampledTasks: number }
  /** The store does not tell, for example when the command is not permitted. */
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
  /** The token of the lease that holds it now. Undefined when the holder is unknown or belongs to another library. */
  readonly leaseToken: string | undefined;
  readonly result: Uint8Array | undefined;
  readonly attempts: readonly AttemptRecord[];
  /**
   * How many workers died or stalled while they ran it, since it last failed or succeeded under a worker that lived.
   */
  readonly lostAttempts: number;
  /** What its handler said last of how far it is. */
  readonly progress: KeptProgress | undefined;
}

/** Something that lies where a task should and can't be read as a task. It can still be deleted. */
export interface UnreadableTask {
  /** Why it can't be read, in words. */
  readonly unreadable: string;
  readonly queue: string;
  readonly taskId: string;
  /** The state that lists it, or that it names itself. Undefined when that is no state. */
  readonly state: TaskState | undefined;
  /** What is stored in place of the message. Undefined when there is nothing. */
  readonly bytes: Uint8Array | undefined;
}

/** What lies under a task's id. */
export type TaskEntry = StoredTask | UnreadableTask;

/** Which tasks of a list are wanted: those that fit all of it. Unreadable ones fit by `idPrefix` only. */
export interface TaskFilter {
  /** The whole type. */
  readonly type?: string;
  readonly idPrefix?: string;
  /** Part of the last error's text; ASCII letters in either case. */
  readonly error?: string;
  /** Part of the payload's bytes. */
  readonly payload?: Uint8Array;
  /** The payload is JSON that holds this value under these keys, one inside the other. An index is a key too. */
  readonly payloadValue?: { readonly path: readonly string[]; readonly value: string | number | boolean | null };
  /**
   * From `from` on, and before `before`. The moment meant: due (scheduled, retry), archived, completed, or since when
   * it waits (pending). Active and aggregating tasks have no such moment and can't be filtered by it.
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
  /** The cursor of the page before. Absent for the first page. */
  readonly cursor?: string;
  readonly filter?: TaskFilter;
}

export interface TaskPage {
  /**
   * Pending: next to run first. Active: longest running first. Scheduled, retry: due first. Others: oldest first. There
   * are fewer than `limit`, even none, when the look ended before the list did: after 1000 tasks or a few megabytes.
   */
  readonly tasks: readonly TaskEntry[];
  /**
   * Pass it on for the next page. Undefined when this was the last. It names the last task that was looked at, so pages
   * stay right while tasks come and go. One exception: a pending or active task in Redis may be gone by then. The next
   * page then starts at the task's place in the list.
   */
  readonly nextCursor: string | undefined;
  /** How many tasks were looked at for this page. */
  readonly scanned: number;
}

/** Reads and steers queues, in bounded slices that never hold the store for long. */
export interface InspectFacet {
  /** Names of all queues that the store knows, sorted. */
  queues(call?: CallOptions): Promise<readonly string[]>;
  /** Whether there is such a queue. Costs one small command. */
  hasQueue(queue: string, call?: CallOptions): Promise<boolean>;
  /** Undefined when there is no such queue. */
  queue(queue: string, call?: CallOptions): Promise<QueueNumbers | undefined>;
  /** The last `days` days, today first, days without work included. Stores keep 90 days. */
  history(queue: string, days: number, call?: CallOptions): Promise<readonly DayNumbers[]>;
  /** Looks at a few tasks of each state. `unknown`, not an error, when the store refuses the look. */
  memory(queue: string, call?: CallOptions): Promise<MemoryEstimate>;
  list(query: ListQuery, call?: CallOptions): Promise<TaskPage>;
  /** One answer per id, in order. Undefined when there is no such task. */
  get(queue: string, taskIds: readonly string[], call?: CallOptions): Promise<readonly (TaskEntry | undefined)[]>;
  /**
   * What the others of its queue mean to a task. Without a task, or with one that is not there, only what holds of the
   * queue. Costs the same however many tasks there are, up to the counted line.
   */
  standing(queue: string, taskId?: string, call?: CallOptions): Promise<Standing>;
  /** The tasks archived since a moment, and up to `limit` of the newest. In Redis `since` is exact to a second. */
  archivedSince(queue: string, since: number, limit: number, call?: CallOptions): Promise<ArchivedLately>;
  /**
   * Stops new claims from the queue, and adds it to the store's list if it is not there. `unchanged`: it was paused
   * already, and whoever paused it stays named.
   */
  pause(queue: string, call?: CallOptions, source?: PauseSource): Promise<"changed" | "unchanged">;
  /** `unchanged`: it was not paused. Does not ask whether the queue is known. */
  resume(queue: string, call?: CallOptions): Promise<"changed" | "unchanged">;
}
