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
      /** Changes only tasks in this state. Others come back as `moved`. */
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
  /** It is already where it should go. */
  | "unchanged"
  /** A worker holds it: cancel it instead. */
  | "active"
  /** It is being aggregated right now. */
  | "taken"
  /** It is not in the state `state` any more. */
  | "moved";

export interface ChangeAnswer {
  /** For `ids`: one per id, in order. For `state`: only the tasks that were not `changed`. */
  readonly outcomes: readonly { readonly taskId: string; readonly outcome: ChangeOutcome }[];
  readonly changed: number;
  /** Whether another call would find more. Only for `state`. */
  readonly more: boolean;
}

export interface EditPayloadRequest {
  readonly queue: string;
  readonly taskId: string;
  readonly payload: Uint8Array;
  /** The payload that is to be replaced. Any other is a `conflict`. Absent: whatever is there. */
  readonly before?: Uint8Array;
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
  /** Somebody else has changed the task meanwhile, or its payload is not `before`; nothing was written. */
  | "conflict"
  /** An equal unique task exists already. */
  | "duplicate";

export interface RescheduleRequest {
  readonly queue: string;
  readonly taskId: string;
  /** Milliseconds since the epoch. A moment that has passed means now. */
  readonly at: number;
}

export type RescheduleOutcome = Exclude<EditOutcome, "conflict" | "duplicate">;

export interface RemoveQueueRequest {
  /** Removes the queue even when it holds tasks. */
  readonly force: boolean;
  /** Most tasks that one call removes. */
  readonly limit: number;
  /** The cursor of the answer before. */
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
 * Changes tasks and queues by hand, in bounded slices that never hold the store for long. A task counts as held while
 * its lease runs and for a minute after: the clocks of two machines may differ by so much.
 */
export interface ChangeFacet {
  /**
   * Changes the named tasks, in slices of at most `limit`, or up to `limit` (1 to 1000) tasks of a state. A deleted
   * task's lock is released; its body goes with its entry. A task to run is placed behind those that wait. If it fails,
   * it does not go back to its group.
   */
  change(selection: Selection, change: Change, limit: number, call?: CallOptions): Promise<ChangeAnswer>;
  /**
   * Replaces the payload of a task that is not running and has not completed. A uniqueness lock that the task still
   * owns moves with it.
   * @throws HikyakuError `corrupt_data` when the task can't be read.
   */
  editPayload(request: EditPayloadRequest, call?: CallOptions): Promise<EditOutcome>;
  /**
   * Lets a task wait until a moment. One that is to be tried again stays so; one that waits in line, is archived or collected
   * is scheduled. One that has a group joins it at that moment. A uniqueness lock keeps its end.
   */
  reschedule(request: RescheduleRequest, call?: CallOptions): Promise<RescheduleOutcome>;
  /**
   * Frees the uniqueness lock of equal tasks, so that another one can be enqueued. The tasks stay as they are. Answers
   * the id of the task that owned the lock, undefined when there was none.
   */
  releaseLock(
    lock: { readonly queue: string; readonly type: string; readonly payload: Uint8Array | undefined },
    call?: CallOptions,
  ): Promise<string | undefined>;
  /**
   * Removes up to `limit` tasks of the queue. When nothing is left, it removes the queue with its counters, pause flag,
   * groups and locks. Its policy stays. Call again while the answer is `more`. Tasks that are enqueued meanwhile are removed too, or make
   * the queue anew.
   */
  removeQueue(queue: string, request: RemoveQueueRequest, call?: CallOptions): Promise<RemoveQueueAnswer>;
}
