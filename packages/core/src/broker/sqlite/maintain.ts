import type { CallOptions } from "../call-options.ts";
import { countersKeptMs } from "../limits.ts";
import type { ArchiveLimits, ForwardAnswer, ForwardRequest, MaintainFacet, SweepAnswer } from "../maintain-facet.ts";
import { utcDay } from "../utc-day.ts";
import type { Row } from "./database.ts";
import { earliestDue } from "./enqueue.ts";
import { joiningWhenDue, joinLine } from "./line.ts";
import { takesRetriesFirst } from "./policy.ts";
import { dropOldStatistics } from "./statistics.ts";
import type { Store } from "./store.ts";
import { within } from "./task-row.ts";
import type { Transaction } from "./transaction.ts";

export class SqliteMaintain implements MaintainFacet {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  async forwardDue({ queue, limit }: ForwardRequest, call?: CallOptions): Promise<ForwardAnswer> {
    return this.#store.write(call, limit, (transaction) => {
      const { db, now } = transaction;
      const due = db.all(selectDue, queue, now, limit, queue, now, limit, limit);
      const hasRetries = due.some((row) => row["state"] === "retry");
      const retriesFirst = hasRetries && takesRetriesFirst(transaction, queue);
      const goesFirst = (row: Row): boolean => retriesFirst && row["state"] === "retry";
      for (const row of due) if (!goesFirst(row)) forward(transaction, queue, row, "back");
      // The task that was due first goes in last, to the very front.
      for (const row of due.toReversed()) if (goesFirst(row)) forward(transaction, queue, row, "front");
      const isLeaseOver = db.get(selectEndedLease, queue, now) !== undefined;
      return { moved: due.length, nextDueAt: earliestDue(transaction, queue), isLeaseOver, setAside: [] };
    });
  }

  async sweep(queue: string, limit: number, archive: ArchiveLimits, call?: CallOptions): Promise<SweepAnswer> {
    return this.#store.write(call, limit, (transaction) => {
      const { db, now } = transaction;
      db.run(deleteExpiredLocks, queue, now, limit);
      db.run(deleteOldDays, queue, utcDay(now - countersKeptMs));
      dropOldStatistics(transaction, limit);
      const expired = db.all(selectExpired, queue, now, limit);
      remove(transaction, queue, "completed", expired);
      const old = this.#surplus(transaction, queue, limit - expired.length, archive);
      remove(transaction, queue, "archived", old);
      const removed = expired.length + old.length;
      return { completed: expired.length, archived: old.length, more: removed > 0 && removed >= limit };
    });
  }

  /** Archived tasks that are too old, then the oldest of those that are too many. */
  #surplus({ db, now }: Transaction, queue: string, limit: number, archive: ArchiveLimits): Row[] {
    if (limit <= 0) return [];
    const count = Number(db.get(countArchived, queue)?.["archived"] ?? 0);
    const tooMany = Math.max(0, count - archive.maxCount);
    const oldest = db.all(selectOldest, queue, limit);
    const oldestAllowed = now - archive.maxAgeMs;
    return oldest.filter((row, index) => index < tooMany || Number(row["archived_at"]) <= oldestAllowed);
  }
}

function forward(transaction: Transaction, queue: string, row: Row, end: "back" | "front"): void {
  const { db, now, tally } = transaction;
  const number = row["number"] as number;
  const from = row["state"] as "scheduled" | "retry";
  if (row["group_name"] === "") {
    joinLine(transaction, { queue, number, from, end, statement: joiningWhenDue });
  } else {
    db.run(toGroup, now, number);
    tally.moved(queue, from, "aggregating");
  }
}

function remove(
  { db, tally }: Transaction,
  queue: string,
  state: "completed" | "archived",
  rows: readonly Row[],
): void {
  for (const row of rows) {
    db.run(deleteTask, row["number"] as number);
    if (row["unique_key"] !== "") db.run(releaseLock, queue, row["unique_key"] as string, row["id"] as string);
  }
  if (rows.length > 0) tally.moved(queue, state, undefined, rows.length);
}

const selectDue = `
  SELECT number, state, group_name FROM (
    SELECT * FROM (SELECT number, state, group_name, due_at FROM tasks
      WHERE queue = ? AND state = 'scheduled' AND due_at <= ? ORDER BY due_at, number LIMIT ?)
    UNION ALL
    SELECT * FROM (SELECT number, state, group_name, due_at FROM tasks
      WHERE queue = ? AND state = 'retry' AND due_at <= ? ORDER BY due_at, number LIMIT ?))
  ORDER BY due_at, number LIMIT ?`;
const toGroup = "UPDATE tasks SET state = 'aggregating', due_at = NULL, grouped_at = ? WHERE number = ?";
const selectEndedLease = "SELECT 1 FROM tasks WHERE queue = ? AND lease_ends_at <= ? LIMIT 1";
const selectExpired = `
  SELECT number, id, unique_key FROM tasks WHERE queue = ? AND kept_until <= ? ORDER BY kept_until LIMIT ?`;
const selectOldest = `
  SELECT number, id, unique_key, ${within("archived_at")} AS archived_at FROM tasks
  WHERE queue = ? AND tasks.archived_at IS NOT NULL ORDER BY tasks.archived_at, number LIMIT ?`;
const countArchived = "SELECT archived FROM queues WHERE name = ?";
const deleteTask = "DELETE FROM tasks WHERE number = ?";
const releaseLock = "DELETE FROM locks WHERE queue = ? AND scope = ? AND owner_id = ?";
const deleteExpiredLocks = `
  DELETE FROM locks WHERE (queue, scope) IN
    (SELECT queue, scope FROM locks WHERE queue = ? AND expires_at <= ? LIMIT ?)`;
const deleteOldDays = "DELETE FROM daily_counters WHERE queue = ? AND day < ?";
