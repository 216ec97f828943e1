import { errorText, HikyakuError } from "../../errors.ts";
import type { CallOptions } from "../call-options.ts";
import { readDurableEntry } from "../durable-entry-text.ts";
import type { EnqueueOutcome } from "../enqueue-facet.ts";
import { eventsKept, eventsKeptMs, turnMemoryMs, turnsKept } from "../limits.ts";
import { longestWordMs } from "../presence-facet.ts";
import type {
  AnnouncedEntry,
  DurableEntry,
  EnqueueEvent,
  EntryBeginning,
  FireAnswer,
  ScheduleFacet,
  ScheduleRecord,
  Turn,
  TurnMemory,
} from "../schedule-facet.ts";
import { eventCursorParts } from "../schedule-facet.ts";
import type { Row } from "./database.ts";
import type { SqliteEnqueue } from "./enqueue.ts";
import type { Store } from "./store.ts";
import { base64, bytesOfBase64, numberOf } from "./task-row.ts";
import type { Transaction } from "./transaction.ts";

export class SqliteSchedule implements ScheduleFacet {
  readonly #store: Store;
  readonly #enqueue: SqliteEnqueue;

  constructor(store: Store, enqueue: SqliteEnqueue) {
    this.#store = store;
    this.#enqueue = enqueue;
  }

  announceEntries(
    schedulerId: string,
    records: readonly ScheduleRecord[],
    ttlMs: number,
    call?: CallOptions,
  ): Promise<void> {
    const told = JSON.stringify(records.map(storedRecord));
    return this.#store.write(call, 1, ({ db, now }) => {
      db.run(deleteExpiredSchedulers, now, now + longestWordMs);
      db.run(upsertScheduler, schedulerId, now + ttlMs, told);
    });
  }

  withdrawEntries(schedulerId: string, call?: CallOptions): Promise<void> {
    return this.#store.write(call, 1, ({ db }) => {
      db.run(deleteScheduler, schedulerId);
    });
  }

  scheduleRecords(call?: CallOptions): Promise<readonly AnnouncedEntry[]> {
    const now = this.#store.clock.now();
    return this.#store.read(call, (db) => db.all(selectSchedulers, now, now + longestWordMs).flatMap(recordsOf));
  }

  beginTurns(entry: EntryBeginning, call?: CallOptions): Promise<TurnMemory> {
    const { entryId, queue, schedule } = entry;
    return this.#store.write(call, 1, ({ db, now }) => {
      forgetOld(db, now);
      const memory = db.get(selectMemory, queue, entryId);
      const known = memory?.["schedule"] === schedule ? numberOf(memory["since"]) : undefined;
      const isKnown = known !== undefined && known !== entry.insteadOf;
      const since = isKnown ? known : Math.floor(entry.since);
      db.run(upsertSchedule, queue, entryId, schedule, since, now + turnMemoryMs);
      return { since, lastTurnAt: numberOf(db.get(selectLastTurn, queue, entryId, now)?.["turn_at"]) };
    });
  }

  fireTurn(turn: Turn, call?: CallOptions): Promise<FireAnswer> {
    return this.#store.write(call, 1, (transaction) => this.#fire(transaction, turn));
  }

  #fire(transaction: Transaction, { entryId, turnAt, item, firedBy }: Turn): FireAnswer {
    const { db, now } = transaction;
    const { queue } = item.message;
    if (db.get(selectTurn, queue, entryId, turnAt) !== undefined) {
      const memory = db.get(selectMemory, queue, entryId);
      if (memory?.["fired_turn"] !== turnAt || memory["fired_by"] !== firedBy) return { kind: "fired_before" };
      return { kind: "fired", outcome: parsed<EnqueueOutcome>(memory, "outcome") };
    }
    const later = numberOf(db.get(selectLastTurn, queue, entryId, now)?.["turn_at"]);
    if (later !== undefined && later > turnAt) return { kind: "fired_before" };
    const outcome = this.#enqueue.enqueueWithin(transaction, item);
    // Undoes everything, so that the turn can still be fired.
    if (outcome.kind === "failed") throw outcome.error;
    db.run(insertTurn, queue, entryId, turnAt);
    db.run(upsertFired, queue, entryId, turnAt, firedBy, JSON.stringify(outcome), now + turnMemoryMs);
    db.run(prunePastTurns, queue, entryId, now, turnsKept);
    // A scheduler whose clock is ahead leaves turns of the future. They must not push out those of now.
    db.run(pruneFutureTurns, queue, entryId, now, turnsKept);
    return { kind: "fired", outcome };
  }

  recordEvent(entryId: string, { taskId, at }: EnqueueEvent, call?: CallOptions): Promise<void> {
    return this.#store.write(call, 1, ({ db, now }) => {
      db.run(insertEvent, entryId, Math.floor(at), taskId);
      db.run(pruneEvents, entryId, eventsKept);
      db.run(deleteOldEvents, now - eventsKeptMs);
    });
  }

  async enqueueEvents(
    entryId: string,
    { limit, cursor }: { readonly limit: number; readonly cursor?: string },
    call?: CallOptions,
  ): Promise<{ readonly events: readonly EnqueueEvent[]; readonly nextCursor: string | undefined }> {
    const [at, number] = cursor === undefined ? [Number.MAX_SAFE_INTEGER, 0] : eventCursorParts(cursor);
    return this.#store.read(call, (db) => {
      const rows = db.all(selectEvents, entryId, at, number, limit);
      const last = rows.at(-1);
      return {
        events: rows.map((row) => ({ taskId: String(row["task_id"]), at: Number(row["at"]) })),
        nextCursor: last === undefined || rows.length < limit ? undefined : `${last["at"]}:${last["number"]}`,
      };
    });
  }

  durableEntries(call?: CallOptions): Promise<readonly DurableEntry[]> {
    return this.#store.read(call, (db) =>
      db.all(selectDurable).flatMap((row) => readDurableEntry(String(row["entry"])) ?? []),
    );
  }

  unreadableEntries(call?: CallOptions): Promise<readonly string[]> {
    return this.#store.read(call, (db) =>
      db
        .all(selectDurable)
        .filter((row) => readDurableEntry(String(row["entry"])) === undefined)
        .map((row) => String(row["entry_id"])),
    );
  }

  putDurableEntry(entry: DurableEntry, call?: CallOptions): Promise<"written" | "conflict"> {
    return this.#store.write(call, 1, (transaction) => {
      const { db } = transaction;
      const before = numberOf(db.get(selectRevision, entry.entryId)?.["revision"]) ?? 0;
      if (before !== entry.revision - 1) return "conflict";
      db.run(upsertDurable, entry.entryId, entry.revision, JSON.stringify(entry));
      transaction.signal({ kind: "schedules_changed" });
      return "written";
    });
  }

  removeDurableEntry(entryId: string, call?: CallOptions): Promise<"removed" | "not_found"> {
    return this.#store.write(call, 1, (transaction) => {
      if (transaction.db.run(deleteDurable, entryId) === 0) return "not_found";
      transaction.signal({ kind: "schedules_changed" });
      return "removed";
    });
  }
}

function forgetOld(db: Transaction["db"], now: number): void {
  db.run(deleteTurnsOfOldMemories, now);
  db.run(deleteOldMemories, now);
}

interface StoredRecord extends Omit<ScheduleRecord, "payload"> {
  /** base64 */
  readonly payload: string | undefined;
}

function storedRecord(record: ScheduleRecord): StoredRecord {
  return { ...record, payload: record.payload === undefined ? undefined : base64(record.payload) };
}

function recordsOf(row: Row): AnnouncedEntry[] {
  return storedRecords(row["records"]).map(({ payload, ...record }) => ({
    schedulerId: String(row["scheduler_id"]),
    ...record,
    payload: payload === undefined || payload === "" ? undefined : bytesOfBase64(payload),
    nextAt: record.nextAt,
    previousAt: record.previousAt,
  }));
}

/** Empty when what is stored is not a list of records: one scheduler's entries must not hide the others'. */
function storedRecords(json: unknown): StoredRecord[] {
  try {
    const records: unknown = JSON.parse(String(json));
    return Array.isArray(records) ? records.filter(isStoredRecord) : [];
  } catch {
    return [];
  }
}

function isStoredRecord(value: unknown): value is StoredRecord {
  if (typeof value !== "object" || value === null) return false;
  const { entryId, spec, taskType, options, payload } = value as Partial<StoredRecord>;
  return (
    [entryId, spec, taskType, payload ?? ""].every((word) => typeof word === "string") &&
    Array.isArray(options) &&
    options.every((option) => typeof option === "string")
  );
}

function parsed<T>(row: Row, column: string): T {
  try {
    return JSON.parse(String(row[column])) as T;
  } catch (error) {
    throw new HikyakuError("corrupt_data", `column "${column}" was expected to hold JSON: ${errorText(error)}`, {
      cause: error,
    });
  }
}

const upsertScheduler = `
  INSERT INTO schedulers (scheduler_id, expires_at, records) VALUES (?, ?, ?)
  ON CONFLICT (scheduler_id) DO UPDATE SET expires_at = excluded.expires_at, records = excluded.records`;
const deleteScheduler = "DELETE FROM schedulers WHERE scheduler_id = ?";
const deleteExpiredSchedulers = "DELETE FROM schedulers WHERE expires_at <= ? OR expires_at > ?";
const selectSchedulers = `
  SELECT scheduler_id, records FROM schedulers WHERE expires_at > ? AND expires_at <= ? ORDER BY scheduler_id`;

const selectMemory = "SELECT * FROM turn_memories WHERE queue = ? AND entry_id = ?";
const upsertSchedule = `
  INSERT INTO turn_memories (queue, entry_id, schedule, since, kept_until) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT (queue, entry_id) DO UPDATE
    SET schedule = excluded.schedule, since = excluded.since, kept_until = excluded.kept_until`;
const upsertFired = `
  INSERT INTO turn_memories (queue, entry_id, fired_turn, fired_by, outcome, kept_until) VALUES (?, ?, ?, ?, ?, ?)
  ON CONFLICT (queue, entry_id) DO UPDATE
    SET fired_turn = excluded.fired_turn, fired_by = excluded.fired_by, outcome = excluded.outcome,
      kept_until = excluded.kept_until`;
const deleteTurnsOfOldMemories = `
  DELETE FROM fired_turns
  WHERE (queue, entry_id) IN (SELECT queue, entry_id FROM turn_memories WHERE kept_until < ? LIMIT 100)`;
const deleteOldMemories = `
  DELETE FROM turn_memories
  WHERE (queue, entry_id) IN (SELECT queue, entry_id FROM turn_memories WHERE kept_until < ? LIMIT 100)`;

const selectTurn = "SELECT 1 FROM fired_turns WHERE queue = ? AND entry_id = ? AND turn_at = ?";
const selectLastTurn = `
  SELECT max(turn_at) AS turn_at FROM fired_turns WHERE queue = ? AND entry_id = ? AND turn_at <= ?`;
const insertTurn = "INSERT INTO fired_turns (queue, entry_id, turn_at) VALUES (?, ?, ?)";
const prunePastTurns = `
  DELETE FROM fired_turns WHERE queue = ?1 AND entry_id = ?2 AND turn_at <= (
    SELECT turn_at FROM fired_turns WHERE queue = ?1 AND entry_id = ?2 AND turn_at <= ?3
    ORDER BY turn_at DESC LIMIT 1 OFFSET ?4)`;
const pruneFutureTurns = `
  DELETE FROM fired_turns WHERE queue = ?1 AND entry_id = ?2 AND turn_at >= (
    SELECT turn_at FROM fired_turns WHERE queue = ?1 AND entry_id = ?2 AND turn_at > ?3
    ORDER BY turn_at LIMIT 1 OFFSET ?4)`;

const insertEvent = "INSERT INTO enqueue_events (entry_id, at, task_id) VALUES (?, ?, ?)";
const pruneEvents = `
  DELETE FROM enqueue_events WHERE number IN (
    SELECT number FROM enqueue_events WHERE entry_id = ? ORDER BY at DESC, number DESC LIMIT -1 OFFSET ?)`;
const deleteOldEvents = `
  DELETE FROM enqueue_events WHERE number IN (SELECT number FROM enqueue_events WHERE at < ? ORDER BY at LIMIT 100)`;
const selectEvents = `
  SELECT number, at, task_id FROM enqueue_events WHERE entry_id = ? AND (at, number) < (?, ?)
  ORDER BY at DESC, number DESC LIMIT ?`;

const selectRevision = "SELECT revision FROM durable_entries WHERE entry_id = ?";
const upsertDurable = `
  INSERT INTO durable_entries (entry_id, revision, entry) VALUES (?, ?, ?)
  ON CONFLICT (entry_id) DO UPDATE SET revision = excluded.revision, entry = excluded.entry`;
const deleteDurable = "DELETE FROM durable_entries WHERE entry_id = ?";
const selectDurable = "SELECT entry_id, entry FROM durable_entries ORDER BY entry_id";
