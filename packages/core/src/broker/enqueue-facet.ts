import type { HikyakuError } from "../errors.ts";
import type { CallOptions } from "./call-options.ts";
import type { TaskMessage } from "./task-message.ts";

/**
 * Where a new task goes: to the end of its queue, to wait for a moment (milliseconds since the epoch; never early),
 * or into the group that its message names. A task with a group that waits for a moment joins the group then.
 */
export type Placement =
  | { readonly kind: "now" }
  | { readonly kind: "at"; readonly at: number }
  | { readonly kind: "group" };

export interface EnqueueItem {
  readonly message: TaskMessage;
  readonly placement: Placement;
  /**
   * Whether the message's id is one of ours, made for this task and never sent before: no other task can have it, so a
   * store need not look. Absent means that one may.
   */
  readonly hasNewId?: boolean;
  /**
   * Takes the lock of (queue, type, payload) for this long, counted from the moment that the task may first run; absent
   * means not unique. Whole seconds in Redis: a fraction counts as a full second.
   */
  readonly uniqueForMs?: number;
}

export type EnqueueOutcome =
  | { readonly kind: "accepted"; readonly state: "pending" | "scheduled" | "aggregating" }
  /** An equal unique task holds the lock. Tested after the id, so a taken id leaves no lock behind. */
  | { readonly kind: "duplicate"; readonly ownerId: string }
  /** The queue has a task with this id, in whatever state. */
  | { readonly kind: "id_taken" }
  /** This item could not be written; others of the same call may have been. */
  | { readonly kind: "failed"; readonly error: HikyakuError };

export interface EnqueueFacet {
  /**
   * Writes tasks, each one atomically, one outcome per item in order. Tasks of one queue that are placed alike keep
   * their order. Makes the queue known where it is not.
   */
  enqueue(items: readonly EnqueueItem[], call?: CallOptions): Promise<readonly EnqueueOutcome[]>;
}
