import type { CallOptions } from "./call-options.ts";
import type { TaskState } from "./task-message.ts";

/** What to do with tasks that no handler is running. */
export type Change = "run" | "archive" | "delete";

/** Which tasks: named ones, or all of a state, oldest first. */
export type Selection =
  | {
      readonly kind: "ids";
      readonly queue: string;
      readonly taskIds: readonly string[];
      /** Only those that are in this state; others come back as `moved`. */
      readonly state?: TaskState;
    }
  | {
      readonly kind: "state";
      readonly queue: string;
      readonly state: Exclude<TaskState, "active">;
      /** Needed for `aggregating`. */
      readonly group?: string;
    };

export type ChangeOutcome =
  | "changed"
  /** There is no such task. */
  | "not_found"
  /** It is already where it was to go. */
  | "unchanged"
  /** A worker holds it: cancel it instead. */
  | "active"
  /** It is being aggregated right now. */
  | "taken"
  /** It is not in the state any more that was asked for. */
  | "moved";

export interface ChangeAnswer {
  /** For `ids`: one per id, in order. For `state`: only what was not `changed`. */
  readonly outcomes: readonly { readonly taskId: string; readonly outcome: ChangeOutcome }[];
  readonly changed: number;
  /** Whether another call would find more: only for `state`. */
  readonly more: boolean;
}

export type EditOutcome =
  | "changed"
  | "not_found"
  /** A worker holds it. */
  | "active"
  /** It is being aggregated right now. */
  | "taken"
  /** It has run: its payload is history. */
  | "completed"
  /** Somebody else changed the task between reading and writing; nothing was written. */
  | "conflict"
  /** An equal unique task exists already. */
  | "duplicate";

export interface RemoveQueueRequest {
  /** Without it only an empty queue is removed. */
  readonly force: boolean;
  /** How much one call removes at most. */
  readonly limit: number;
  /** What the call before answered. */
  readonly cursor?: string;
}

export type RemoveQueueAnswer =
  | { readonly kind: "removed"; readonly tasks: number }
  /** Call again with the cursor. */
  | { readonly kind: "more"; readonly cursor: string; readonly tasks: number }
  | { readonly kind: "not_found" }
  | { readonly kind: "not_empty" }
  /** A worker holds a task, or a group is being aggregated. */
  | { readonly kind: "active"; readonly tasks: number };

/** Most tasks of one slice. */
export const mostChanged = 1_000;

/**
 * Changing tasks and queues by hand, in bounded slices that never hold the store for long. A task counts as held while
 * its lease runs and for a minute after: so far two clocks may differ.
 */
export interface ChangeFacet {
  /**
   * Carries out a change on the named tasks, in slices of at most `limit`, or on up to `limit` (1 to 1000) tasks of a
   * state. Locks are released where a task is deleted, bodies go with entries; a task to run is placed behind those that
   * wait, and is not sent back to its group if it fails.
   */
  change(selection: Selection, change: Change, limit: number, call?: CallOptions): Promise<ChangeAnswer>;
  /**
   * Replaces the payload of a task that is not running and has not completed; a uniqueness lock that the task still owns
   * moves with it. @throws HikyakuError `corrupt_data` when the task can't be read.
   */
  editPayload(
    request: { readonly queue: string; readonly taskId: string; readonly payload: Uint8Array },
    call?: CallOptions,
  ): Promise<EditOutcome>;
  /**
   * Frees the uniqueness lock of equal tasks, so that another one can be enqueued; the tasks stay as they are. Answers the
   * id of the task that owned it, undefined when there was no lock.
   */
  releaseLock(
    lock: { readonly queue: string; readonly type: string; readonly payload: Uint8Array | undefined },
    call?: CallOptions,
  ): Promise<string | undefined>;
  /**
   * Removes up to `limit` tasks of the queue and, when nothing is left, the queue with its counters, pause flag, groups
   * and locks. Call again while `more`. Tasks that are enqueued meanwhile go with it or make the queue anew.
   */
  removeQueue(queue: string, request: RemoveQueueRequest, call?: CallOptions): Promise<RemoveQueueAnswer>;
}
