import type { CallOptions } from "./call-options.ts";
import type { EnqueueItem, EnqueueOutcome } from "./enqueue-facet.ts";

/** A scheduler entry as it is shown to others: one registered periodic task. */
export interface ScheduleRecord {
  readonly entryId: string;
  /** The cron spec as registered. */
  readonly spec: string;
  readonly taskType: string;
  readonly payload: Uint8Array | undefined;
  /** Options in Asynq's textual form, such as `MaxRetry(5)`. */
  readonly options: readonly string[];
  readonly nextAt: number | undefined;
  readonly previousAt: number | undefined;
}

/** An entry that lives in the store, so that any scheduler can fire it and anybody can change it at run time. */
export interface DurableEntry {
  readonly entryId: string;
  readonly spec: string;
  readonly timeZone: string | undefined;
  /** The task to enqueue, as JSON of the scheduler's own shape: the store does not look inside. */
  readonly definition: string;
  readonly paused: boolean;
  readonly catchUp: "skip" | "once" | "all";
  /** The turn that fired last. */
  readonly lastTurnAt: number | undefined;
  /** Counts up with each change, so that two editors don't overwrite each other. */
  readonly revision: number;
}

export interface EnqueueEvent {
  readonly taskId: string;
  readonly at: number;
}

/** Periodic tasks: several schedulers on one store never fire a turn twice and never miss one while one lives. */
export interface ScheduleFacet {
  /** Shows a scheduler's entries to others; forgotten after `ttlMs` unless told again. Whole seconds in Redis. */
  announceEntries(
    schedulerId: string,
    records: readonly ScheduleRecord[],
    ttlMs: number,
    call?: CallOptions,
  ): Promise<void>;
  withdrawEntries(schedulerId: string, call?: CallOptions): Promise<void>;
  /** Entries of all schedulers whose word is still fresh. */
  scheduleRecords(call?: CallOptions): Promise<readonly ScheduleRecord[]>;
  /**
   * Enqueues the task of one turn of an entry and remembers the turn, in one atomic step. `fired_before` when this turn or
   * a later one was fired already, by whomever; nothing is written then.
   */
  fireTurn(
    turn: { readonly entryId: string; readonly turnAt: number; readonly item: EnqueueItem },
    call?: CallOptions,
  ): Promise<{ readonly kind: "fired"; readonly outcome: EnqueueOutcome } | { readonly kind: "fired_before" }>;
  /** The last turn that was fired; undefined where none was. */
  lastTurn(entryId: string, call?: CallOptions): Promise<number | undefined>;
  /** Newest first; at most 1000 are kept for each entry. */
  enqueueEvents(
    entryId: string,
    page: { readonly limit: number; readonly cursor?: string },
    call?: CallOptions,
  ): Promise<{ readonly events: readonly EnqueueEvent[]; readonly nextCursor: string | undefined }>;
  durableEntries(call?: CallOptions): Promise<readonly DurableEntry[]>;
  /** Writes an entry if the stored one still has the revision before; `conflict` otherwise. Revision 1 creates. */
  putDurableEntry(entry: DurableEntry, call?: CallOptions): Promise<"written" | "conflict">;
  removeDurableEntry(entryId: string, call?: CallOptions): Promise<"removed" | "not_found">;
}
