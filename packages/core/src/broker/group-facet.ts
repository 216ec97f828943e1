import type { CallOptions } from "./call-options.ts";
import type { EnqueueItem, EnqueueOutcome } from "./enqueue-facet.ts";
import type { TaskMessage } from "./task-message.ts";

/** When a group is ripe to be taken: when it is large enough, old enough, or has been quiet for long enough. */
export interface GroupLimits {
  /** Ripe as soon as it holds this many; at most this many are taken. Undefined means no such limit. */
  readonly maxSize: number | undefined;
  /** Ripe when its oldest task has waited this long. Undefined means no such limit. */
  readonly maxDelayMs: number | undefined;
  /** Ripe when nothing was added for this long. */
  readonly gracePeriodMs: number;
}

/** A group being taken: its tasks belong to the taker until the deadline. */
export interface AggregationSet {
  readonly queue: string;
  readonly group: string;
  /** Names this one taking; never used again. The one task made of it gets an id derived from it. */
  readonly setId: string;
  /** Oldest first. */
  readonly messages: readonly TaskMessage[];
  /** When others may take the tasks back. */
  readonly deadlineAt: number;
}

/** Tasks that are collected to be handled as one. */
export interface GroupFacet {
  /** Names of the queue's groups that hold tasks. */
  groups(queue: string, call?: CallOptions): Promise<readonly { readonly group: string; readonly size: number }[]>;
  /** Takes the group's tasks out, as one atomic step, when it is ripe; undefined when it is not. */
  collect(
    request: { readonly queue: string; readonly group: string; readonly limits: GroupLimits; readonly holdMs: number },
    call?: CallOptions,
  ): Promise<AggregationSet | undefined>;
  /**
   * Enqueues the one task and removes the set with its tasks' bodies and locks, in one atomic step. `lost` when the set is
   * gone: somebody took it back, or an earlier call did it already; nothing is written then. Without an item the tasks
   * are just removed.
   */
  finish(
    set: AggregationSet,
    item: EnqueueItem | undefined,
    call?: CallOptions,
  ): Promise<{ readonly kind: "finished"; readonly outcome: EnqueueOutcome | undefined } | { readonly kind: "lost" }>;
  /** Puts the tasks of up to `limit` sets whose deadline has passed back into their groups, so that those are seen again. */
  reclaim(queue: string, limit: number, call?: CallOptions): Promise<{ readonly sets: number; readonly tasks: number }>;
}
