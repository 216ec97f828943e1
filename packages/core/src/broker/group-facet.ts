import { HikyakuError } from "../errors.ts";
import type { CallOptions } from "./call-options.ts";
import type { EnqueueItem, EnqueueOutcome } from "./enqueue-facet.ts";
import type { TaskMessage } from "./task-message.ts";
import type { SetAside } from "./work-facet.ts";

/** When a group is ripe to be taken: when it is large enough, old enough, or quiet for long enough. */
export interface GroupLimits {
  /** The group is ripe as soon as it holds this many tasks; at most this many are taken. Undefined: no such limit. */
  readonly maxSize: number | undefined;
  /** The group is ripe when its oldest task has waited this long. Undefined: no such limit. */
  readonly maxDelayMs: number | undefined;
  /** The group is ripe when nothing was added for this long. */
  readonly gracePeriodMs: number;
}

/** The tasks that wait in one group. Tasks taken out to be aggregated are not counted. */
export interface GroupNumbers {
  readonly group: string;
  readonly size: number;
  /** When its oldest task joined it. Redis keeps whole seconds; this is the last millisecond of that second. */
  readonly oldestAt: number;
  readonly newestAt: number;
}

/** A group being taken: its tasks belong to the taker until the deadline. */
export interface AggregationSet {
  readonly queue: string;
  readonly group: string;
  /** A UUID that names this one set and is never used again. The id of the one task is derived from it. */
  readonly setId: string;
  /** Oldest first. */
  readonly messages: readonly TaskMessage[];
  /** Tasks of the group that can't be aggregated as they are stored, and what was done about them. */
  readonly setAside: readonly SetAside[];
  /** When others may take the tasks back. */
  readonly deadlineAt: number;
}

export type FinishAnswer =
  /** Done. `state` is the one task's; undefined when there was none. */
  | { readonly kind: "finished"; readonly state: "pending" | "scheduled" | "aggregating" | undefined }
  /** The one task could not be enqueued. Nothing was written; the set is as it was. */
  | { readonly kind: "refused"; readonly outcome: Exclude<EnqueueOutcome, { readonly kind: "accepted" }> }
  /** The set is gone: somebody took it back, or an earlier call did it already. Nothing was written. */
  | { readonly kind: "lost" };

/** Tasks that are collected to be handled as one. */
export interface GroupFacet {
  /** The queue's groups that hold tasks, in no order. */
  groups(queue: string, call?: CallOptions): Promise<readonly GroupNumbers[]>;
  /** Takes the group's tasks out, as one atomic step, when it is ripe; undefined when it is not. */
  collect(
    request: { readonly queue: string; readonly group: string; readonly limits: GroupLimits; readonly holdMs: number },
    call?: CallOptions,
  ): Promise<AggregationSet | undefined>;
  /**
   * Enqueues the one task and removes the set with its tasks' bodies and locks. For the caller it is one atomic step,
   * though the bodies of a large set are removed in slices after it. Without an item the tasks are just removed.
   * @throws HikyakuError `invalid_option` for an item of another queue.
   */
  finish(set: AggregationSet, item: EnqueueItem | undefined, call?: CallOptions): Promise<FinishAnswer>;
  /**
   * Takes tasks out of the set and archives them, for the caller's reasons. Answers for each whether it was still in
   * the set.
   */
  archiveMembers(
    set: AggregationSet,
    members: readonly { readonly message: TaskMessage; readonly error: string }[],
    call?: CallOptions,
  ): Promise<readonly ("archived" | "lost")[]>;
  /** Puts the tasks of a set back into their group at once. `lost` when the set is gone. */
  putBack(set: AggregationSet, call?: CallOptions): Promise<"put_back" | "lost">;
  /** Puts the tasks of up to `limit` sets whose deadline has passed back into their groups. */
  reclaim(queue: string, limit: number, call?: CallOptions): Promise<{ readonly sets: number; readonly tasks: number }>;
}

/** A task that joined further ahead of now than this joined by a clock that was ahead. */
export const joinedAheadMs = 60_000;

/**
 * When a group is ripe if nothing more is added to it. A moment that has passed means now. A group whose newest task
 * joined by a clock that was ahead is ripe now: nobody knows how long it has waited.
 */
export function ripeAt(
  numbers: GroupNumbers,
  { maxSize, maxDelayMs, gracePeriodMs }: GroupLimits,
  now: number,
): number {
  if (numbers.newestAt > now + joinedAheadMs) return now;
  if (maxSize !== undefined && numbers.size >= maxSize) return numbers.oldestAt;
  const quietAt = numbers.newestAt + gracePeriodMs;
  return maxDelayMs === undefined ? quietAt : Math.min(quietAt, numbers.oldestAt + maxDelayMs);
}

/** @throws HikyakuError `invalid_option` for an item of another queue than the set's. */
export function checkFinish(set: AggregationSet, item: EnqueueItem | undefined): void {
  if (item === undefined || item.message.queue === set.queue) return;
  throw new HikyakuError(
    "invalid_option",
    `finishing a set of queue "${set.queue}": expected a task of the same queue, got one of "${item.message.queue}"`,
  );
}
