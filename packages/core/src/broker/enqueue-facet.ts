import type { HikyakuError } from "../errors.ts";
import type { CallOptions } from "./call-options.ts";
import type { TaskMessage } from "./task-message.ts";

/**
 * Where a new task goes: to the end of its queue, to wait for a moment (milliseconds since the epoch; never early), or
 * into the group that its message names. A task that has a group and waits for a moment joins the group at that moment.
 */
export type Placement =
  | { readonly kind: "now" }
  | { readonly kind: "at"; readonly at: number }
  | { readonly kind: "group" };

export interface EnqueueItem {
  readonly message: TaskMessage;
  readonly placement: Placement;
  /**
   * Whether this library made the message's id for this task and never sent it before. No other task can have such an
   * id, so a store need not look. Absent: another task may have it.
   */
  readonly hasNewId?: boolean;
  /**
   * Takes the lock of (queue, type, payload) for this long, counted from the moment that the task may first run.
   * Absent: the task is not unique. In Redis whole seconds, rounded up.
   */
  readonly uniqueForMs?: number;
}

export type EnqueueOutcome =
  | { readonly kind: "accepted"; readonly state: "pending" | "scheduled" | "aggregating" }
  /** An equal unique task holds the lock. This is tested after the id, so a taken id leaves no lock behind. */
  | { readonly kind: "duplicate"; readonly ownerId: string }
  /** The queue has a task with this id, in any state. */
  | { readonly kind: "id_taken" }
  /** This item could not be written. Others of the same call may have been. */
  | { readonly kind: "failed"; readonly error: HikyakuError };

export interface EnqueueFacet {
  /**
   * Writes tasks, each one atomically, one outcome per item in order. Tasks of one queue that are placed alike keep
   * their order. Adds the queue to the store's list if it is not there.
   */
  enqueue(items: readonly EnqueueItem[], call?: CallOptions): Promise<readonly EnqueueOutcome[]>;
}
