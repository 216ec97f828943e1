import { HikyakuError } from "../errors.ts";
import type { CallOptions } from "./call-options.ts";
import type { EnqueueItem, EnqueueOutcome } from "./enqueue-facet.ts";

/** A scheduler entry as others see it: one registered periodic task. */
export interface ScheduleRecord {
  readonly entryId: string;
  /** The cron spec as registered. */
  readonly spec: string;
  readonly taskType: string;
  readonly payload: Uint8Array | undefined;
  /** Options in Asynq's textual form, such as `MaxRetry(5)`. */
  readonly options: readonly string[];
  /** Undefined when the spec never matches or the entry is paused. */
  readonly nextAt: number | undefined;
  readonly previousAt: number | undefined;
}

/** An entry and the scheduler that announced it. Several schedulers may announce the same entry. */
export interface AnnouncedEntry extends ScheduleRecord {
  readonly schedulerId: string;
}

/** An entry that lives in the store. Any scheduler can fire it, and anybody can change it at run time. */
export interface DurableEntry {
  readonly entryId: string;
  readonly spec: string;
  /** IANA name. */
  readonly timeZone: string;
  /** The queue of its task. */
  readonly queue: string;
  /** The task to enqueue, as JSON in the scheduler's own shape. The store does not read it. */
  readonly definition: string;
  readonly paused: boolean;
  /** What happens to missed turns: nothing, one run for all of them, or a run for each of the last ones. */
  readonly catchUp: CatchUp;
  /** Turns at or before this moment do not belong to the entry. `@every` counts from it. */
  readonly since: number;
  /** 1 for a new entry, one more with each change. So two editors don't overwrite each other. */
  readonly revision: number;
}

export type CatchUp = "skip" | "once" | { readonly all: number };

export interface EnqueueEvent {
  readonly taskId: string;
  readonly at: number;
}

/** An entry whose turns a scheduler begins to fire, as the scheduler knows it. */
export interface EntryBeginning {
  readonly entryId: string;
  readonly queue: string;
  readonly schedule: string;
  readonly since: number;
  /** The stored `since` to replace, because it turned out to lie in the future. */
  readonly insteadOf?: number;
}

/** What all schedulers on a store know of an entry's turns. */
export interface TurnMemory {
  /** Since when the entry has this schedule. `@every` counts from here. No turn before it is made up for. */
  readonly since: number;
  /** The last turn that was fired and is not in the future. Undefined when there is none. */
  readonly lastTurnAt: number | undefined;
}

export interface Turn {
  readonly entryId: string;
  readonly turnAt: number;
  /** The task. The store remembers an entry's turns beside the task's queue. */
  readonly item: EnqueueItem;
  /** Who fires the turn. After a lost answer, the same caller may ask again and gets the first answer. */
  readonly firedBy: string;
}

export type FireAnswer =
  | { readonly kind: "fired"; readonly outcome: EnqueueOutcome }
  /** This turn, or a later one that is not in the future, was fired before: nothing was written. */
  | { readonly kind: "fired_before" };

/** Periodic tasks. Several schedulers on one store never fire a turn twice, and miss none while one of them lives. */
export interface ScheduleFacet {
  /** Shows a scheduler's entries to others, for `ttlMs`. In Redis whole seconds. */
  announceEntries(
    schedulerId: string,
    records: readonly ScheduleRecord[],
    ttlMs: number,
    call?: CallOptions,
  ): Promise<void>;
  withdrawEntries(schedulerId: string, call?: CallOptions): Promise<void>;
  /** Entries of all schedulers whose announcement still holds. */
  scheduleRecords(call?: CallOptions): Promise<readonly AnnouncedEntry[]>;
  /**
   * What is known of an entry's turns. An entry that is new, or has another schedule than before, is known from `since`
   * on. So is an entry that was known since `insteadOf`. Forgotten some 400 days after the last turn or call.
   */
  beginTurns(entry: EntryBeginning, call?: CallOptions): Promise<TurnMemory>;
  /**
   * Enqueues the task of one turn of an entry and remembers the turn, in one atomic step. A turn counts as fired even
   * when its task was refused as a duplicate or for its id. At least the last 100 turns are remembered one by one.
   */
  fireTurn(turn: Turn, call?: CallOptions): Promise<FireAnswer>;
  /** Adds to an entry's history. At most 1000 events of an entry are kept, for some 90 days after the last. */
  recordEvent(entryId: string, event: EnqueueEvent, call?: CallOptions): Promise<void>;
  /** Newest first. A cursor stays good while events are added. */
  enqueueEvents(
    entryId: string,
    page: { readonly limit: number; readonly cursor?: string },
    call?: CallOptions,
  ): Promise<{ readonly events: readonly EnqueueEvent[]; readonly nextCursor: string | undefined }>;
  /** All entries that can be read, sorted by id. One that can't be read does not keep the others from being fired. */
  durableEntries(call?: CallOptions): Promise<readonly DurableEntry[]>;
  /** Ids of durable entries that can't be read and so are never fired. */
  unreadableEntries(call?: CallOptions): Promise<readonly string[]>;
  /**
   * Writes an entry if the stored one has the revision before, otherwise answers `conflict`. Revision 1 creates it.
   * Tells all schedulers.
   */
  putDurableEntry(entry: DurableEntry, call?: CallOptions): Promise<"written" | "conflict">;
  /** Tells all schedulers. */
  removeDurableEntry(entryId: string, call?: CallOptions): Promise<"removed" | "not_found">;
}

/**
 * The two numbers of an events cursor.
 * @throws HikyakuError `invalid_option` for a cursor that no store gave out.
 */
export function eventCursorParts(cursor: string): readonly [number, number] {
  const [, first, second] = /^(\d{1,15}):(\d{1,15})$/.exec(cursor) ?? [];
  if (first !== undefined && second !== undefined) return [Number(first), Number(second)];
  throw new HikyakuError("invalid_option", `option "cursor": expected one that this store gave out, got "${cursor}"`);
}
