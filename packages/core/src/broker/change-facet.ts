import type { CallOptions } from "./call-options.ts";
import type { TaskState } from "./task-message.ts";

/** What to do with tasks that no handler is running. */
export type Change = "run" | "archive" | "delete";

/** Which tasks: named ones, or all of a state that fit, oldest first. */
export type Selection =
  | { readonly kind: "ids"; readonly queue: string; readonly taskIds: readonly string[] }
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
  | "taken";

export interface ChangeAnswer {
  /** For `ids`: one per id, in order. For `state`: only what was not `changed`. */
  readonly outcomes: readonly { readonly taskId: string; readonly outcome: ChangeOutcome }[];
  readonly changed: number;
  /** Whether another call would find more: only for `state`. */
  readonly more: boolean;
}

/** Changing tasks and queues by hand, in bounded slices that never hold the store for long. */
export interface ChangeFacet {
  /** Carries out a change on up to `limit` tasks. Locks are released where a task is deleted, bodies go with entries. */
  change(selection: Selection, change: Change, limit: number, call?: CallOptions): Promise<ChangeAnswer>;
  /**
   * Replaces the payload of a scheduled, retry, pending, archived or aggregating task, if it still is what it was when it
   * was read; a uniqueness lock moves with it. `taken` when an equal unique task exists already.
   */
  editPayload(
    request: { readonly queue: string; readonly taskId: string; readonly payload: Uint8Array },
    call?: CallOptions,
  ): Promise<"changed" | "not_found" | "active" | "conflict" | "taken">;
  /**
   * Removes up to `limit` tasks of the queue and, when nothing is left, the queue with its counters, pause flag, groups
   * and locks. Call again while `more`. Without `force` only an empty queue is removed.
   */
  removeQueue(
    queue: string,
    request: { readonly force: boolean; readonly limit: number },
    call?: CallOptions,
  ): Promise<{ readonly kind: "removed" | "not_found" | "not_empty" | "active" | "more" }>;
}
