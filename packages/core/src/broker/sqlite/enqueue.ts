import type { SQLInputValue } from "node:sqlite";
import { uniqueScope } from "../../codec/unique-scope.ts";
import type { CallOptions } from "../call-options.ts";
import type { EnqueueFacet, EnqueueItem, EnqueueOutcome } from "../enqueue-facet.ts";
import { isStoreFailing, storeError } from "./errors.ts";
import { placeAtBack } from "./line.ts";
import type { Store } from "./store.ts";
import { insertAlike, insertTasks, isAlike, messageValues, numberOf, within } from "./task-row.ts";
import type { Transaction } from "./transaction.ts";

/** Small enough that a long list leaves the event loop free between its writes. */
const itemsPerWrite = 500;
/** How many rows one statement writes. A statement costs about as much as a row; more rows gain little more. */
const rowsPerInsert = 16;

const stateOfPlacement = { now: "pending", at: "scheduled", group: "aggregating" } as const;

export class SqliteEnqueue implements EnqueueFacet {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  async enqueue(items: readonly EnqueueItem[], call?: CallOptions): Promise<readonly EnqueueOutcome[]> {
    if (items.length <= itemsPerWrite) return this.#write(items, call);
    const outcomes: EnqueueOutcome[] = [];
    for (let start = 0; start < items.length; start += itemsPerWrite) {
      const slice = items.slice(start, start + itemsPerWrite);
      try {
        outcomes.push(...(await this.#write(slice, call)));
      } catch (thrown) {
        if (start === 0) throw thrown;
        // The tasks of earlier slices are on disk, so the caller must hear that.
        const error = storeError(thrown, this.#store.location);
        for (const _ of items.slice(start)) outcomes.push({ kind: "failed", error });
        break;
      }
    }
    return outcomes;
  }

  /** Writes one task as part of another call's transaction, which goes on whatever the outcome. */
  enqueueWithin(transaction: Transaction, item: EnqueueItem): EnqueueOutcome {
    const due = new EarliestDue(transaction);
    const outcome = this.#enqueueOne(transaction, due, item);
    due.signal();
    return outcome;
  }

  #write(items: readonly EnqueueItem[], call: CallOptions | undefined): Promise<EnqueueOutcome[]> {
    return this.#store.write(call, items.length, (transaction) => {
      const due = new EarliestDue(transaction);
      const outcomes: EnqueueOutcome[] = [];
      while (outcomes.length < items.length) {
        const some = items.slice(outcomes.length, outcomes.length + rowsPerInsert);
        const together = some.length === rowsPerInsert && some.every(needsNoLock);
        if (together) outcomes.push(...this.#enqueueTogether(transaction, due, some));
        else for (const item of some) outcomes.push(this.#enqueueOne(transaction, due, item));
      }
      due.signal();
      return outcomes;
    });
  }

  /** A task that can't be stored fails its whole statement. Then each task goes alone. */
  #enqueueTogether(transaction: Transaction, due: EarliestDue, items: readonly EnqueueItem[]): EnqueueOutcome[] {
    try {
      return insertAll(transaction, due, items);
    } catch (error) {
      if (!transaction.db.isTransaction || isStoreFailing(error)) throw error;
      return items.map((item) => this.#enqueueOne(transaction, due, item));
    }
  }

  #enqueueOne(transaction: Transaction, due: EarliestDue, item: EnqueueItem): EnqueueOutcome {
    try {
      return item.uniqueForMs === undefined
        ? insert(transaction, due, item, "")
        : insertUnique(transaction, due, item, item.uniqueForMs);
    } catch (error) {
      if (!transaction.db.isTransaction || isStoreFailing(error)) throw error;
      return { kind: "failed", error: storeError(error, this.#store.location) };
    }
  }
}

function needsNoLock({ uniqueForMs }: EnqueueItem): boolean {
  return uniqueForMs === undefined;
}

function insert(transaction: Transaction, due: EarliestDue, item: EnqueueItem, uniqueKey: string): EnqueueOutcome {
  const inserted = transaction.db.run(insertOne, ...newRow(transaction, due, item, uniqueKey));
  return inserted === 0 ? { kind: "id_taken" } : accepted(transaction, due, item);
}

/** Writes `rowsPerInsert` tasks with one statement. */
function insertAll(transaction: Transaction, due: EarliestDue, items: readonly EnqueueItem[]): EnqueueOutcome[] {
  const { db } = transaction;
  const inserted =
    runInsertAlike(transaction, items) ??
    db.run(insertSome, ...items.flatMap((item) => newRow(transaction, due, item, "")));
  if (inserted === items.length) return items.map((item) => accepted(transaction, due, item));
  // New rows have the highest numbers, in the order of the items. An item without its row among them was refused.
  const newest = db.rows(selectNewest, inserted);
  return items.map((item) => {
    const [queue, id] = newest.at(-1) ?? [];
    if (queue !== item.message.queue || id !== item.message.id) return { kind: "id_taken" };
    newest.pop();
    return accepted(transaction, due, item);
  });
}

/** How many were written. Undefined when the items are not alike enough. */
function runInsertAlike(transaction: Transaction, items: readonly EnqueueItem[]): number | undefined {
  const [first] = items;
  if (first === undefined) return undefined;
  const values: SQLInputValue[] = [];
  for (const { message, placement } of items) {
    if (placement.kind !== "now" || !isAlike(message, first.message)) return undefined;
    values.push(message.id, message.payload ?? null);
  }
  const { db, now, tally } = transaction;
  const { queue, type, maxRetry, timeoutMs, retentionMs } = first.message;
  tally.known(queue);
  const position = placeAtBack(transaction, queue, items.length);
  return db.runNamed(insertSomeAlike, { now, queue, type, maxRetry, timeoutMs, retentionMs, position }, values);
}

/**
 * The values of a task's new row. This takes a place in line and makes the queue known, even if the task is not
 * accepted.
 */
function newRow(transaction: Transaction, due: EarliestDue, item: EnqueueItem, uniqueKey: string): SQLInputValue[] {
  const { now, tally } = transaction;
  const { message, placement } = item;
  const values = messageValues(message, uniqueKey);
  tally.known(message.queue);
  switch (placement.kind) {
    case "now":
      return ["pending", placeAtBack(transaction, message.queue), now, null, null, ...values];
    case "at":
      due.before(message.queue);
      return ["scheduled", null, null, Math.ceil(placement.at), null, ...values];
    case "group":
      return ["aggregating", null, null, null, now, ...values];
  }
}

/** Notes the rest that must be known of a task whose row was written. */
function accepted({ tally }: Transaction, due: EarliestDue, { message, placement }: EnqueueItem): EnqueueOutcome {
  const state = stateOfPlacement[placement.kind];
  if (placement.kind === "at") due.placed(message.queue, Math.ceil(placement.at));
  tally.moved(message.queue, undefined, state);
  return { kind: "accepted", state };
}

function insertUnique(
  transaction: Transaction,
  due: EarliestDue,
  item: EnqueueItem,
  uniqueForMs: number,
): EnqueueOutcome {
  const { db, now } = transaction;
  const { message, placement } = item;
  if (db.get(selectTask, message.queue, message.id) !== undefined) return { kind: "id_taken" };
  const scope = uniqueScope(message.type, message.payload);
  const lock = db.get(selectLock, message.queue, scope);
  if (lock !== undefined && Number(lock["expires_at"]) > now) {
    return { kind: "duplicate", ownerId: String(lock["owner_id"]) };
  }
  const outcome = insert(transaction, due, item, scope);
  const mayFirstRunAt = placement.kind === "at" ? Math.max(now, placement.at) : now;
  db.run(upsertLock, message.queue, scope, message.id, Math.ceil(mayFirstRunAt + uniqueForMs));
  return outcome;
}

/** Finds out whether a transaction adds a task that is due before all waiting tasks of its queue. */
export class EarliestDue {
  readonly #transaction: Transaction;
  readonly #before = new Map<string, number>();
  readonly #placed = new Map<string, number>();

  constructor(transaction: Transaction) {
    this.#transaction = transaction;
  }

  /** Call it before the first task of the queue is placed. */
  before(queue: string): void {
    if (!this.#before.has(queue)) this.#before.set(queue, earliestDue(this.#transaction, queue) ?? Infinity);
  }

  placed(queue: string, at: number): void {
    this.#placed.set(queue, Math.min(at, this.#placed.get(queue) ?? Infinity));
  }

  signal(): void {
    for (const [queue, at] of this.#placed) {
      if (at < (this.#before.get(queue) ?? Infinity)) this.#transaction.signal({ kind: "due_sooner", queue, at });
    }
  }
}

/** When the next scheduled or retry task of a queue is due. */
export function earliestDue({ db }: Transaction, queue: string): number | undefined {
  return numberOf(db.get(selectEarliestDue, queue, queue)?.["due_at"]);
}

const insertOne = insertTasks(1);
const insertSome = insertTasks(rowsPerInsert);
const insertSomeAlike = insertAlike(rowsPerInsert);
const selectNewest = "SELECT queue, id FROM tasks ORDER BY number DESC LIMIT ?";
const selectTask = "SELECT 1 FROM tasks WHERE queue = ? AND id = ?";
const selectLock = `
  SELECT owner_id, ${within("expires_at")} AS expires_at FROM locks WHERE queue = ? AND scope = ?`;
const upsertLock = `
  INSERT INTO locks (queue, scope, owner_id, expires_at) VALUES (?, ?, ?, ?)
  ON CONFLICT (queue, scope) DO UPDATE SET owner_id = excluded.owner_id, expires_at = excluded.expires_at`;
const selectEarliestDue = `
  SELECT ${within("min(due_at)")} AS due_at FROM (
    SELECT min(due_at) AS due_at FROM tasks WHERE queue = ? AND state = 'scheduled' AND due_at IS NOT NULL
    UNION ALL
    SELECT min(due_at) FROM tasks WHERE queue = ? AND state = 'retry' AND due_at IS NOT NULL)`;
