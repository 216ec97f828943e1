import { HikyakuError } from "../errors.ts";
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
  /** Undefined when the spec never matches, or the entry is paused. */
  readonly nextAt: number | undefined;
  readonly previousAt: number | undefined;
}

/** An entry, and who told of it. Several schedulers may tell of the same one. */
export interface AnnouncedEntry extends ScheduleRecord {
  readonly schedulerId: string;
}

/** An entry that lives in the store, so that any scheduler can fire it and anybody can change it at run time. */
export interface DurableEntry {
  readonly entryId: string;
  readonly spec: string;
  /** IANA name. */
  readonly timeZone: string;
  /** The queue of its task. */
  readonly queue: string;
  /** The task to enqueue, as JSON of the scheduler's own shape: the store does not look inside. */
  readonly definition: string;
  readonly paused: boolean;
  /** What becomes of turns that were missed: nothing, one run for all of them, or a run for each of the last so many. */
  readonly catchUp: CatchUp;
  /** Turns at or before this moment are none of this entry's; `@every` counts from it. */
  readonly since: number;
  /** 1 for a new entry, one more with each change, so that two editors don't overwrite each other. */
  readonly revision: number;
}

export type CatchUp = "skip" | "once" | { readonly all: number };

export interface EnqueueEvent {
  readonly taskId: string;
  readonly at: number;
}

/** An entry as a scheduler knows it that begins to fire its turns. */
export interface EntryBeginning {
  readonly entryId: string;
  readonly queue: string;
  readonly schedule: string;
  readonly since: number;
  /** The moment since which the entry is known, where it turned out to lie in the future. */
  readonly insteadOf?: number;
}

/** What all schedulers on a store know of an entry's turns. */
export interface TurnMemory {
  /** Since when the entry has this schedule: `@every` counts from here, and no turn before is made up for. */
  readonly since: number;
  /** The last turn that was fired and is not in the future; undefined where none was. */
  readonly lastTurnAt: number | undefined;
}

export interface Turn {
  readonly entryId: string;
  readonly turnAt: number;
  /** The task. The turns of an entry are remembered with its queue. */
  readonly item: EnqueueItem;
  /** Who fires it: whoever asks again after a lost answer gets the answer of the first time. */
  readonly firedBy: string;
}

export type FireAnswer =
  | { readonly kind: "fired"; readonly outcome: EnqueueOutcome }
  /** This turn, or a later one that is not in the future, was fired before: nothing was written. */
  | { readonly kind: "fired_before" };

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
  scheduleRecords(call?: CallOptions): Promise<readonly AnnouncedEntry[]>;
  /**
   * What is known of an entry's turns. An entry that nobody knew, or knew with another schedule, is known from now on,
   * since `since`; so is one that is known since `insteadOf`. Forgotten some 400 days after the last turn or call.
   */
  beginTurns(entry: EntryBeginning, call?: CallOptions): Promise<TurnMemory>;
  /**
   * Enqueues the task of one turn of an entry and remembers the turn, in one atomic step; a turn whose task was refused
   * as a duplicate, or for its id, counts as fired. At least the last 100 turns are remembered one by one.
   */
  fireTurn(turn: Turn, call?: CallOptions): Promise<FireAnswer>;
  /** Adds to an entry's history; at most 1000 events are kept for each, some 90 days after the last. */
  recordEvent(entryId: string, event: EnqueueEvent, call?: CallOptions): Promise<void>;
  /** Newest first. A cursor stays good while events are added. */
  enqueueEvents(
    entryId: string,
    page: { readonly limit: number; readonly cursor?: string },
    call?: CallOptions,
  ): Promise<{ readonly events: readonly EnqueueEvent[]; readonly nextCursor: string | undefined }>;
  /** All that can be read, sorted by id: one that can't be must not keep the others from being fired. */
  durableEntries(call?: CallOptions): Promise<readonly DurableEntry[]>;
  /** Ids of durable entries that can't be read, and so are never fired. */
  unreadableEntries(call?: CallOptions): Promise<readonly string[]>;
  /**
   * Writes an entry if the stored one still has the revision before; `conflict` otherwise. Revision 1 creates. Tells all
   * schedulers.
   */
  putDurableEntry(entry: DurableEntry, call?: CallOptions): Promise<"written" | "conflict">;
  /** Tells all schedulers. */
  removeDurableEntry(entryId: string, call?: CallOptions): Promise<"removed" | "not_found">;
}

/** The two numbers of an events cursor. @throws HikyakuError `invalid_option` for one that no store gave out. */
export function eventCursorParts(cursor: string): readonly [number, number] {
  const [, first, second] = /^(\d{1,15}):(\d{1,15})$/.exec(cursor) ?? [];
  if (first !== undefined && second !== undefined) return [Number(first), Number(second)];
  throw new HikyakuError("invalid_option", `option "cursor": expected one that this store gave out, got "${cursor}"`);
}
