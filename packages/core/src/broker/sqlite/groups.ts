import type { SQLOutputValue } from "node:sqlite";
import { setImmediate as nextTurn } from "node:timers/promises";
import { uniqueScope } from "../../codec/unique-scope.ts";
import { isHikyakuError } from "../../errors.ts";
import { taskIdsOf } from "../../task/task-id.ts";
import type { CallOptions } from "../call-options.ts";
import type { EnqueueItem, EnqueueOutcome } from "../enqueue-facet.ts";
import {
  type AggregationSet,
  checkFinish,
  type FinishAnswer,
  type GroupFacet,
  type GroupLimits,
  type GroupNumbers,
  ripeAt,
} from "../group-facet.ts";
import { settledMessage } from "../settled-message.ts";
import type { TaskMessage } from "../task-message.ts";
import type { SetAside } from "../work-facet.ts";
import type { SqliteEnqueue } from "./enqueue.ts";
import type { Store } from "./store.ts";
import { messageColumns, messageOf, settledColumns, settledValues } from "./task-row.ts";
import type { Transaction } from "./transaction.ts";

/** Kept small enough that a large set leaves the event loop free in between. */
const slice = 500;
const all = -1;

export class SqliteGroups implements GroupFacet {
  readonly #store: Store;
  readonly #enqueue: SqliteEnqueue;

  constructor(store: Store, enqueue: SqliteEnqueue) {
    this.#store = store;
    this.#enqueue = enqueue;
  }

  groups(queue: string, call?: CallOptions): Promise<readonly GroupNumbers[]> {
    return this.#store.read(call, (db) => db.all(selectGroups, queue).map(numbersOf));
  }

  async collect(
    request: { readonly queue: string; readonly group: string; readonly limits: GroupLimits; readonly holdMs: number },
    call?: CallOptions,
  ): Promise<AggregationSet | undefined> {
    const { queue, group, limits, holdMs } = request;
    const taken = await this.#store.write(call, slice, ({ db, now }) => {
      const row = db.get(selectGroup, queue, group);
      if (row === undefined || ripeAt(numbersOf(row), limits, now) > now) return undefined;
      const setId = taskIdsOf(this.#store.clock)();
      const deadlineAt = Math.ceil(now + holdMs);
      db.run(insertSet, setId, queue, group, deadlineAt);
      db.run(takeTasks, setId, queue, group, limits.maxSize ?? all);
      return { setId, deadlineAt };
    });
    if (taken === undefined) return undefined;
    const members = await this.#read(queue, taken.setId, call);
    const set = { queue, group, ...taken, ...members };
    await this.#archive(
      set,
      members.setAside.map(({ taskId }) => ({ taskId })),
      call,
    );
    return set;
  }

  async finish(set: AggregationSet, item: EnqueueItem | undefined, call?: CallOptions): Promise<FinishAnswer> {
    const { queue, setId } = set;
    checkFinish(set, item);
    const answer = await this.#store.write(call, slice, (transaction): FinishAnswer => {
      if (transaction.db.get(selectHeld, setId) === undefined) return { kind: "lost" };
      const outcome = item === undefined ? undefined : this.#enqueueInto(transaction, setId, item);
      if (outcome !== undefined && outcome.kind !== "accepted") return { kind: "refused", outcome };
      transaction.db.run(markFinished, setId);
      dropSlice(transaction, queue, setId);
      return { kind: "finished", state: outcome?.state };
    });
    if (answer.kind === "finished" && set.messages.length >= slice) {
      // What can't be removed now is found by `reclaim`: the set is finished either way.
      await this.#dropRest(queue, setId, call).catch(() => undefined);
    }
    return answer;
  }

  archiveMembers(
    set: AggregationSet,
    members: readonly { readonly message: TaskMessage; readonly error: string }[],
    call?: CallOptions,
  ): Promise<readonly ("archived" | "lost")[]> {
    const now = this.#store.clock.now();
    const entries = members.map(({ message, error }) => ({
      taskId: message.id,
      message: settledMessage(message, { kind: "archived", error }, now),
    }));
    return this.#archive(set, entries, call);
  }

  putBack({ setId }: AggregationSet, call?: CallOptions): Promise<"put_back" | "lost"> {
    return this.#store.write(call, slice, (transaction) => {
      if (transaction.db.get(selectHeld, setId) === undefined) return "lost";
      putTasksBack(transaction, setId);
      return "put_back";
    });
  }

  async reclaim(queue: string, limit: number, call?: CallOptions): Promise<{ sets: number; tasks: number }> {
    const { stale, finished } = await this.#store.read(call, (db) => ({
      stale: db.all(selectStale, queue, this.#store.clock.now(), limit),
      finished: db.all(selectFinished, queue, limit),
    }));
    let tasks = 0;
    let sets = 0;
    // A commit for each, so that many sets do not make a long one.
    for (const { set_id: setId } of stale) {
      const moved = await this.#store.write(call, slice, (transaction) => {
        const still = transaction.db.get(selectStillStale, String(setId), transaction.now) !== undefined;
        return still ? putTasksBack(transaction, String(setId)) : undefined;
      });
      if (moved === undefined) continue;
      sets += 1;
      tasks += moved;
    }
    for (const { set_id: setId } of finished) await this.#dropRest(queue, String(setId), call);
    return { sets, tasks };
  }

  /** The one task's own outcome. A lock that a task of the set holds is about to be released, so it goes first. */
  #enqueueInto(transaction: Transaction, setId: string, item: EnqueueItem): EnqueueOutcome {
    const outcome = this.#enqueue.enqueueWithin(transaction, item);
    if (outcome.kind !== "duplicate") return outcome;
    const { queue, type, payload } = item.message;
    const lock = [queue, uniqueScope(type, payload), outcome.ownerId];
    if (transaction.db.run(releaseMembersLock, ...lock, setId) === 0) return outcome;
    return this.#enqueue.enqueueWithin(transaction, item);
  }

  async #read(queue: string, setId: string, call: CallOptions | undefined) {
    const messages: TaskMessage[] = [];
    const setAside: SetAside[] = [];
    const numbers = await this.#store.read(call, (db) => db.rows(selectNumbers, setId).map(([number]) => number));
    for (let from = 0; from < numbers.length; from += slice) {
      const some = JSON.stringify(numbers.slice(from, from + slice));
      for (const row of await this.#store.read(call, (db) => db.rows(selectMembers, some, setId))) {
        try {
          messages.push(messageOf(row));
        } catch (error) {
          if (!isHikyakuError(error, "corrupt_data")) throw error;
          setAside.push({ queue, taskId: String(row[1]), reason: "unreadable", detail: error.message });
        }
      }
      // Reading does not wait for anything, so others get their turn only here.
      await nextTurn();
    }
    return { messages, setAside };
  }

  /** Archives tasks of a set; without a message as they are. */
  async #archive(
    { queue, setId }: Pick<AggregationSet, "queue" | "setId">,
    entries: readonly { readonly taskId: string; readonly message?: TaskMessage }[],
    call: CallOptions | undefined,
  ): Promise<("archived" | "lost")[]> {
    const answers: ("archived" | "lost")[] = [];
    for (let from = 0; from < entries.length; from += slice) {
      const some = entries.slice(from, from + slice);
      const archived = await this.#store.write(call, some.length, ({ db, now, tally }) => {
        const held = db.get(selectHeld, setId) !== undefined;
        return some.map(({ taskId, message }) => {
          if (!held || db.run(archiveMember, now, queue, taskId, setId) === 0) return "lost";
          if (message !== undefined) {
            db.run(writeHistory, ...settledValues(message), queue, taskId);
          }
          tally.moved(queue, "aggregating", "archived");
          return "archived";
        });
      });
      answers.push(...archived);
    }
    return answers;
  }

  async #dropRest(queue: string, setId: string, call: CallOptions | undefined): Promise<void> {
    const dropSome = () => this.#store.write(call, slice, (transaction) => dropSlice(transaction, queue, setId));
    while ((await dropSome()) === slice);
  }
}

function numbersOf(row: Readonly<Record<string, SQLOutputValue>>): GroupNumbers {
  return {
    group: row["group_name"] as string,
    size: row["size"] as number,
    oldestAt: row["oldest_at"] as number,
    newestAt: row["newest_at"] as number,
  };
}

/** Removes tasks of a finished set, with their locks; the set itself with the last of them. */
function dropSlice({ db, tally }: Transaction, queue: string, setId: string): number {
  const rows = db.rows(deleteMembers, setId, slice);
  for (const [id = null, uniqueKey = null] of rows) if (uniqueKey !== "") db.run(releaseLock, queue, uniqueKey, id);
  if (rows.length > 0) tally.moved(queue, "aggregating", undefined, rows.length);
  if (rows.length < slice) db.run(deleteSet, setId);
  return rows.length;
}

function putTasksBack({ db }: Transaction, setId: string): number {
  const moved = db.run(returnTasks, setId);
  db.run(deleteSet, setId);
  return moved;
}

const selectGroups = `
  SELECT group_name, count(*) AS size, min(grouped_at) AS oldest_at, max(grouped_at) AS newest_at
  FROM tasks WHERE queue = ? AND grouped_at IS NOT NULL GROUP BY group_name`;
const selectGroup = `
  SELECT group_name, count(*) AS size, min(grouped_at) AS oldest_at, max(grouped_at) AS newest_at
  FROM tasks WHERE queue = ? AND group_name = ? AND grouped_at IS NOT NULL GROUP BY group_name`;
const insertSet = "INSERT INTO aggregation_sets (set_id, queue, group_name, deadline_at) VALUES (?, ?, ?, ?)";
const takeTasks = `
  UPDATE tasks SET set_id = ?, joined_at = grouped_at, grouped_at = NULL WHERE number IN
    (SELECT number FROM tasks WHERE queue = ? AND group_name = ? AND grouped_at IS NOT NULL
      ORDER BY grouped_at, number LIMIT ?)`;
const selectNumbers = "SELECT number FROM tasks WHERE set_id = ? ORDER BY joined_at, number";
const selectMembers = `
  SELECT ${messageColumns} FROM (SELECT key AS place, value AS wanted FROM json_each(?))
    CROSS JOIN tasks ON number = wanted WHERE set_id = ? ORDER BY place`;
const selectHeld = "SELECT 1 FROM aggregation_sets WHERE set_id = ? AND deadline_at IS NOT NULL";
const selectStale = `
  SELECT set_id FROM aggregation_sets WHERE queue = ? AND deadline_at <= ? ORDER BY deadline_at LIMIT ?`;
const selectStillStale = "SELECT 1 FROM aggregation_sets WHERE set_id = ? AND deadline_at <= ?";
const selectFinished = "SELECT set_id FROM aggregation_sets WHERE queue = ? AND deadline_at IS NULL LIMIT ?";
const markFinished = "UPDATE aggregation_sets SET deadline_at = NULL WHERE set_id = ?";
const deleteSet = "DELETE FROM aggregation_sets WHERE set_id = ?";
const deleteMembers = `
  DELETE FROM tasks WHERE number IN (SELECT number FROM tasks WHERE set_id = ? LIMIT ?) RETURNING id, unique_key`;
const returnTasks = `
  UPDATE tasks SET grouped_at = joined_at, joined_at = NULL, set_id = NULL WHERE set_id = ?`;
const archiveMember = `
  UPDATE tasks SET state = 'archived', archived_at = ?, joined_at = NULL, set_id = NULL
  WHERE queue = ? AND id = ? AND set_id = ?`;
const writeHistory = `UPDATE tasks SET ${settledColumns} WHERE queue = ? AND id = ?`;
const releaseLock = "DELETE FROM locks WHERE queue = ? AND scope = ? AND owner_id = ?";
const releaseMembersLock = `
  DELETE FROM locks WHERE queue = ? AND scope = ? AND owner_id = ?
    AND EXISTS (SELECT 1 FROM tasks WHERE queue = locks.queue AND id = locks.owner_id AND set_id = ?)`;
