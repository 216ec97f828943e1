import { HikyakuError } from "../../errors.ts";
import type { CallOptions } from "../call-options.ts";
import type { InspectFacet, ListQuery, QueueNumbers, StoredTask, TaskPage } from "../inspect-facet.ts";
import type { TaskState } from "../task-message.ts";
import type { Row, Values } from "./database.ts";
import type { Store } from "./store.ts";
import { utcDay } from "./tally.ts";
import { numberOf, storedColumns, storedTaskOf } from "./task-row.ts";

export class SqliteInspect implements InspectFacet {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  queues(call?: CallOptions): Promise<readonly string[]> {
    return this.#store.read(call, (db) => db.all(selectQueues).map((row) => row["name"] as string));
  }

  queue(queue: string, call?: CallOptions): Promise<QueueNumbers | undefined> {
    return this.#store.read(call, (db) => {
      const now = this.#store.clock.now();
      const row = db.get(selectNumbers, utcDay(now), queue);
      return row === undefined ? undefined : queueNumbersOf(row, now);
    });
  }

  async list(query: ListQuery, call?: CallOptions): Promise<TaskPage> {
    if (query.state === "aggregating" && query.group === undefined) {
      throw new HikyakuError("invalid_option", 'option "group": expected the name of a group to list, got none');
    }
    const after = positionOf(query.cursor);
    const { sql, scope } = listing(query);
    return this.#store.read(call, (db) => {
      // One more than asked for tells whether there is another page.
      const rows = db.rows(sql, ...scope, after.key, after.key, after.number, query.limit + 1);
      const page = rows.slice(0, query.limit);
      const last = page.at(-1);
      const nextCursor = rows.length > page.length && last !== undefined ? cursorOf(last) : undefined;
      return { tasks: page.map(storedTaskOf), nextCursor };
    });
  }

  get(queue: string, taskIds: readonly string[], call?: CallOptions): Promise<readonly (StoredTask | undefined)[]> {
    return this.#store.read(call, (db) =>
      taskIds.map((id) => {
        const [row] = db.rows(selectTask, queue, id);
        return row === undefined ? undefined : storedTaskOf(row);
      }),
    );
  }

  pause(queue: string, call?: CallOptions): Promise<"changed" | "unchanged"> {
    return this.#store.write(call, 1, ({ db, now }) =>
      db.run(pauseQueue, queue, now) === 1 ? "changed" : "unchanged",
    );
  }

  resume(queue: string, call?: CallOptions): Promise<"changed" | "unchanged"> {
    return this.#store.write(call, 1, (transaction) => {
      if (transaction.db.run(resumeQueue, queue) !== 1) return "unchanged";
      transaction.changesWork();
      return "changed";
    });
  }
}

function queueNumbersOf(row: Row, now: number): QueueNumbers {
  const count = (column: string) => Number(row[column] ?? 0);
  const waitingSince = numberOf(row["waiting_since"]);
  return {
    queue: row["name"] as string,
    paused: row["paused_at"] !== null,
    counts: {
      pending: count("pending"),
      scheduled: count("scheduled"),
      active: count("active"),
      retry: count("retry"),
      completed: count("completed"),
      archived: count("archived"),
      aggregating: count("aggregating"),
    },
    processedToday: count("processed_today"),
    processedTotal: count("processed"),
    failedToday: count("failed_today"),
    failedTotal: count("failed"),
    latencyMs: waitingSince === undefined ? 0 : Math.max(0, now - waitingSince),
  };
}

/** What a state's tasks are sorted by. */
const sortColumns: Readonly<Record<TaskState, string>> = {
  pending: "position",
  scheduled: "due_at",
  active: "claimed_at",
  retry: "due_at",
  completed: "kept_until",
  archived: "archived_at",
  aggregating: "grouped_at",
};

/** The states that share their sort column with another one, or whose index is by another column. */
const filteredByState: ReadonlySet<TaskState> = new Set(["scheduled", "retry", "active"]);

function listing({ queue, state, group }: ListQuery): { sql: string; scope: string[] } {
  const column = sortColumns[state];
  const conditions = ["queue = ?"];
  const scope = [queue];
  if (filteredByState.has(state)) {
    conditions.push("state = ?");
    scope.push(state);
  }
  if (state === "active") conditions.push("lease_ends_at IS NOT NULL");
  if (state === "aggregating") {
    conditions.push("group_name = ?");
    scope.push(group ?? "");
  }
  const sql = `
    SELECT ${storedColumns}, ${column}, number FROM tasks
    WHERE ${conditions.join(" AND ")} AND ${column} >= ? AND (${column} > ? OR number > ?)
    ORDER BY ${column}, number LIMIT ?`;
  return { sql, scope };
}

interface PagePosition {
  readonly key: number;
  readonly number: number;
}

const beforeAll: PagePosition = { key: Number.MIN_SAFE_INTEGER, number: Number.MIN_SAFE_INTEGER };

/** The row ends with what its page is sorted by. */
function cursorOf(row: Values): string {
  return row.slice(-2).join(".");
}

function positionOf(cursor: string | undefined): PagePosition {
  if (cursor === undefined) return beforeAll;
  const [, key, number] = /^(-?\d{1,16})\.(\d{1,16})$/.exec(cursor) ?? [];
  if (key === undefined || number === undefined) {
    throw new HikyakuError(
      "invalid_option",
      `option "cursor": expected what an earlier page answered as nextCursor, got ${JSON.stringify(cursor)}`,
    );
  }
  return { key: Number(key), number: Number(number) };
}

const selectQueues = "SELECT name FROM queues ORDER BY name";
const selectNumbers = `
  SELECT queues.*, today.processed AS processed_today, today.failed AS failed_today,
    (SELECT pending_since FROM tasks WHERE queue = queues.name AND position IS NOT NULL
      ORDER BY position LIMIT 1) AS waiting_since
  FROM queues LEFT JOIN daily_counters AS today ON today.queue = queues.name AND today.day = ?
  WHERE name = ?`;
const selectTask = `SELECT ${storedColumns} FROM tasks WHERE queue = ? AND id = ?`;
const pauseQueue = `
  INSERT INTO queues (name, paused_at) VALUES (?, ?)
  ON CONFLICT (name) DO UPDATE SET paused_at = excluded.paused_at WHERE paused_at IS NULL`;
const resumeQueue = "UPDATE queues SET paused_at = NULL WHERE name = ? AND paused_at IS NOT NULL";
