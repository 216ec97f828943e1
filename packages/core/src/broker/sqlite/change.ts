import { uniqueScope } from "../../codec/unique-scope.ts";
import type { CallOptions } from "../call-options.ts";
import { checkChange, checkRemoval, clockMarginMs } from "../change-check.ts";
import type {
  Change,
  ChangeAnswer,
  ChangeFacet,
  ChangeOutcome,
  EditOutcome,
  EditPayloadRequest,
  RemoveQueueAnswer,
  RemoveQueueRequest,
  RescheduleOutcome,
  RescheduleRequest,
  Selection,
} from "../change-facet.ts";
import type { TaskState } from "../task-message.ts";
import type { Row } from "./database.ts";
import { EarliestDue } from "./enqueue.ts";
import { endLease } from "./lease.ts";
import { joining, joinLine, offTheLine } from "./line.ts";
import type { Store } from "./store.ts";
import { within } from "./task-row.ts";
import type { Transaction } from "./transaction.ts";

export class SqliteChange implements ChangeFacet {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  async change(selection: Selection, change: Change, limit: number, call?: CallOptions): Promise<ChangeAnswer> {
    checkChange(selection, change, limit);
    return selection.kind === "ids"
      ? this.#changeIds(selection, change, limit, call)
      : this.#changeState(selection, change, limit, call);
  }

  editPayload(
    { queue, taskId, payload, before: expected }: EditPayloadRequest,
    call?: CallOptions,
  ): Promise<EditOutcome> {
    return this.#store.write(call, 1, (transaction): EditOutcome => {
      const { db, now } = transaction;
      const row = db.get(selectOne, queue, taskId);
      if (row === undefined) return "not_found";
      if (expected !== undefined && db.get(selectSamePayload, row["number"] as number, expected) === undefined) {
        return "conflict";
      }
      const state = row["state"] as TaskState;
      if (state === "active") return "active";
      if (state === "completed") return "completed";
      if (row["set_id"] !== null) return "taken";
      const before = row["unique_key"] as string;
      const after = before === "" ? "" : uniqueScope(row["type"] as string, payload);
      if (before !== after) {
        const lock = db.get(selectLock, queue, before, taskId, now);
        if (lock !== undefined) {
          if (db.get(selectForeignLock, queue, after, taskId, now) !== undefined) return "duplicate";
          db.run(deleteLock, queue, before, taskId);
          db.run(insertLock, queue, after, taskId, lock["expires_at"] as number);
        }
      }
      db.run(writePayload, payload, after, row["number"] as number);
      return "changed";
    });
  }

  reschedule({ queue, taskId, at }: RescheduleRequest, call?: CallOptions): Promise<RescheduleOutcome> {
    return this.#store.write(call, 1, (transaction): RescheduleOutcome => {
      const { db, tally } = transaction;
      const row = db.get(selectOne, queue, taskId);
      if (row === undefined) return "not_found";
      const state = row["state"] as TaskState;
      if (state === "active" || state === "completed") return state;
      if (row["set_id"] !== null) return "taken";
      const due = new EarliestDue(transaction);
      due.before(queue);
      const to = state === "retry" ? "retry" : "scheduled";
      db.run(toWait, to, Math.ceil(at), row["number"] as number);
      tally.moved(queue, state, to);
      due.placed(queue, Math.ceil(at));
      due.signal();
      return "changed";
    });
  }

  releaseLock(
    {
      queue,
      type,
      payload,
    }: { readonly queue: string; readonly type: string; readonly payload: Uint8Array | undefined },
    call?: CallOptions,
  ): Promise<string | undefined> {
    return this.#store.write(call, 1, ({ db, now }) => {
      const row = db.get(freeLock, queue, uniqueScope(type, payload));
      return row === undefined || Number(row["expires_at"]) <= now ? undefined : String(row["owner_id"]);
    });
  }

  async removeQueue(queue: string, request: RemoveQueueRequest, call?: CallOptions): Promise<RemoveQueueAnswer> {
    checkRemoval(request);
    const { force, limit } = request;
    return this.#store.write(call, limit, ({ db, now, tally }): RemoveQueueAnswer => {
      const [anyTask] = db.all(selectAny, queue, 1);
      const isKnown = db.get(selectQueue, queue) !== undefined;
      if (!isKnown && anyTask === undefined) return { kind: "not_found" };
      if (!force && anyTask !== undefined) return { kind: "not_empty" };
      const isHeld = db.get(selectHeld, queue, now - clockMarginMs) ?? db.get(selectLiveSet, queue, now);
      if (isHeld !== undefined) return { kind: "active", tasks: 0 };
      const rows = db.all(selectAny, queue, limit);
      for (const row of rows) {
        db.run(deleteTask, row["number"] as number);
        tally.moved(queue, row["state"] as TaskState, undefined);
      }
      const locks = db.run(deleteLocks, queue, limit);
      if (rows.length === limit || locks === limit) return { kind: "more", cursor: "", tasks: rows.length };
      tally.forget(queue);
      for (const statement of deleteRest) db.run(statement, queue);
      return { kind: "removed", tasks: rows.length };
    });
  }

  async #changeIds(
    { queue, taskIds, state }: Selection & { kind: "ids" },
    change: Change,
    limit: number,
    call: CallOptions | undefined,
  ): Promise<ChangeAnswer> {
    const outcomes: ChangeAnswer["outcomes"][number][] = [];
    for (let from = 0; from < taskIds.length; from += limit) {
      const slice = taskIds.slice(from, from + limit);
      const written = await this.#store.write(call, slice.length, (transaction) =>
        slice.map((taskId) => {
          const row = transaction.db.get(selectOne, queue, taskId);
          if (row === undefined) return { taskId, outcome: "not_found" } as const;
          if (state !== undefined && row["state"] !== state) {
            const outcome = isHeld(row, transaction.now) ? "active" : "moved";
            return { taskId, outcome } as const;
          }
          return { taskId, outcome: changeOne(transaction, queue, row, change) };
        }),
      );
      outcomes.push(...written);
    }
    return { outcomes, changed: outcomes.filter(({ outcome }) => outcome === "changed").length, more: false };
  }

  #changeState(
    { queue, state, group }: Selection & { kind: "state" },
    change: Change,
    limit: number,
    call: CallOptions | undefined,
  ): Promise<ChangeAnswer> {
    return this.#store.write(call, limit, (transaction) => {
      const { sql, scope } = firstOf(state, group);
      const rows = transaction.db.all(sql, queue, ...scope, limit + 1);
      for (const row of rows.slice(0, limit)) changeOne(transaction, queue, row, change);
      return { outcomes: [], changed: Math.min(rows.length, limit), more: rows.length > limit };
    });
  }
}

function changeOne(transaction: Transaction, queue: string, row: Row, change: Change): ChangeOutcome {
  const { db, now, tally } = transaction;
  const number = row["number"] as number;
  const state = row["state"] as TaskState;
  if (isHeld(row, now)) return "active";
  if (row["set_id"] !== null) return "taken";
  if ((change === "run" && state === "pending") || (change === "archive" && state === "archived")) return "unchanged";
  if (state === "active" || row["lease_ends_at"] !== null) endLease(transaction, number);
  switch (change) {
    case "run":
      joinLine(transaction, { queue, number, from: state, end: "back", statement: runningAgain });
      break;
    case "archive":
      db.run(toArchive, now, number);
      tally.moved(queue, state, "archived");
      break;
    case "delete":
      db.run(deleteTask, number);
      if (row["unique_key"] !== "") db.run(deleteLock, queue, row["unique_key"] as string, row["id"] as string);
      tally.moved(queue, state, undefined);
      break;
  }
  return "changed";
}

function isHeld(row: Row, now: number): boolean {
  return row["state"] === "active" && Number(row["lease_ends_at"]) > now - clockMarginMs;
}

/** The first tasks of a state, in the order in which they are listed. */
function firstOf(
  state: Exclude<TaskState, "active">,
  group: string | undefined,
): { readonly sql: string; readonly scope: readonly string[] } {
  const select = (condition: string, order: string): string =>
    `SELECT ${changedColumns} FROM tasks WHERE queue = ? AND ${condition} ORDER BY ${order}, number LIMIT ?`;
  switch (state) {
    case "pending":
      return { sql: select("position IS NOT NULL", "position"), scope: [] };
    case "scheduled":
    case "retry":
      return { sql: select("state = ? AND due_at IS NOT NULL", "due_at"), scope: [state] };
    case "completed":
      return { sql: select("kept_until IS NOT NULL", "kept_until"), scope: [] };
    case "archived":
      return { sql: select("archived_at IS NOT NULL", "archived_at"), scope: [] };
    case "aggregating":
      return { sql: select("group_name = ? AND grouped_at IS NOT NULL", "grouped_at"), scope: [group ?? ""] };
  }
}

const changedColumns = `number, id, type, state, unique_key, ${within("lease_ends_at")} AS lease_ends_at, set_id`;
const selectOne = `SELECT ${changedColumns} FROM tasks WHERE queue = ? AND id = ?`;
const noPlace = "due_at = NULL, kept_until = NULL, grouped_at = NULL";
// The group is removed: if the task fails, it must not be collected again.
const runningAgain = joining(`${noPlace}, archived_at = NULL, group_name = '', lost_attempts = 0, lost_alone = 0`);
const toArchive = `UPDATE tasks SET state = 'archived', ${offTheLine}, ${noPlace}, archived_at = ? WHERE number = ?`;
const toWait = `
  UPDATE tasks SET state = ?, ${offTheLine}, kept_until = NULL, grouped_at = NULL, archived_at = NULL, due_at = ? WHERE number = ?`;
const deleteTask = "DELETE FROM tasks WHERE number = ?";
const writePayload = "UPDATE tasks SET payload = ?, unique_key = ? WHERE number = ?";
const selectSamePayload = "SELECT 1 FROM tasks WHERE number = ? AND coalesce(payload, x'') = ?";
const selectLock = `
  SELECT ${within("expires_at")} AS expires_at FROM locks WHERE queue = ? AND scope = ? AND owner_id = ? AND expires_at > ?`;
const selectForeignLock = "SELECT 1 FROM locks WHERE queue = ? AND scope = ? AND owner_id <> ? AND expires_at > ?";
const insertLock = `
  INSERT INTO locks (queue, scope, owner_id, expires_at) VALUES (?, ?, ?, ?)
  ON CONFLICT (queue, scope) DO UPDATE SET owner_id = excluded.owner_id, expires_at = excluded.expires_at`;
const deleteLock = "DELETE FROM locks WHERE queue = ? AND scope = ? AND owner_id = ?";
const freeLock = `
  DELETE FROM locks WHERE queue = ? AND scope = ? RETURNING owner_id, ${within("expires_at")} AS expires_at`;
const selectAny = "SELECT number, state FROM tasks WHERE queue = ? LIMIT ?";
const selectQueue = "SELECT 1 FROM queues WHERE name = ?";
const selectHeld = "SELECT 1 FROM tasks WHERE queue = ? AND lease_ends_at > ? LIMIT 1";
const selectLiveSet = "SELECT 1 FROM aggregation_sets WHERE queue = ? AND deadline_at > ? LIMIT 1";
const deleteLocks = `
  DELETE FROM locks WHERE (queue, scope) IN (SELECT queue, scope FROM locks WHERE queue = ? LIMIT ?)`;
const deleteRest = [
  "DELETE FROM daily_counters WHERE queue = ?",
  "DELETE FROM aggregation_sets WHERE queue = ?",
  "DELETE FROM statistics WHERE queue = ?",
  "DELETE FROM queues WHERE name = ?",
];
