import { HikyakuError } from "../../errors.ts";
import type { CallOptions } from "../call-options.ts";
import {
  type ArchivedLately,
  type DayNumbers,
  type InspectFacet,
  type ListQuery,
  type MemoryEstimate,
  mostDueCounted,
  type PauseSource,
  type QueueNumbers,
  type TaskEntry,
  type TaskFilter,
  type TaskPage,
} from "../inspect-facet.ts";
import type { Standing } from "../standing.ts";
import { checkListQuery, fitsFilter, mostScanned, mostScannedBytes } from "../task-filter.ts";
import type { TaskState } from "../task-message.ts";
import { lastDays, utcDay } from "../utc-day.ts";
import type { Row, Values } from "./database.ts";
import { readStanding } from "./standing.ts";
import type { Store } from "./store.ts";
import { bytesOfRow, numberOf, storedColumns, taskEntryOf, within } from "./task-row.ts";

export class SqliteInspect implements InspectFacet {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  queues(call?: CallOptions): Promise<readonly string[]> {
    return this.#store.read(call, (db) => db.all(selectQueues).map((row) => row["name"] as string));
  }

  hasQueue(queue: string, call?: CallOptions): Promise<boolean> {
    return this.#store.read(call, (db) => db.get(selectQueue, queue) !== undefined);
  }

  queue(queue: string, call?: CallOptions): Promise<QueueNumbers | undefined> {
    return this.#store.read(call, (db) => {
      const now = this.#store.clock.now();
      const row = db.get(selectNumbers, utcDay(now), queue);
      if (row === undefined) return undefined;
      const due = db.get(selectDue, queue, now, mostDueCounted, queue, now, mostDueCounted);
      return queueNumbersOf(row, due, now);
    });
  }

  history(queue: string, days: number, call?: CallOptions): Promise<readonly DayNumbers[]> {
    return this.#store.read(call, (db) =>
      lastDays(this.#store.clock.now(), days).map((day) => {
        const row = db.get(selectDay, queue, day);
        return { day, processed: Number(row?.["processed"] ?? 0), failed: Number(row?.["failed"] ?? 0) };
      }),
    );
  }

  memory(queue: string, call?: CallOptions): Promise<MemoryEstimate> {
    return this.#store.read(call, (db) => {
      const counted = Number(db.get(countTasks, queue)?.["tasks"] ?? 0);
      const sample = db.get(sampleBytes, queue, mostSampled);
      const sampledTasks = Number(sample?.["tasks"] ?? 0);
      const average = sampledTasks === 0 ? 0 : Number(sample?.["bytes"]) / sampledTasks;
      const bytes = Math.round(counted * (average + bytesBesideTexts));
      return { kind: "estimate", bytes, sampledTasks };
    });
  }

  async list(query: ListQuery, call?: CallOptions): Promise<TaskPage> {
    checkListQuery(query);
    const after = positionOf(query.cursor);
    const { sql, scope } = listing(query);
    return this.#store.read(call, (db) => {
      // One more than is looked at tells whether there is another page.
      const most = query.filter === undefined ? query.limit : mostScanned;
      const places = db.rows(sql, ...scope, after.key, after.key, after.number, most + 1);
      const tasks: TaskEntry[] = [];
      let scanned = 0;
      let bytes = 0;
      for (const place of places.slice(0, most)) {
        if (tasks.length >= query.limit || bytes >= mostScannedBytes) break;
        scanned++;
        const [, number = 0, id, type] = place;
        if (isExcluded(query.filter, String(id), String(type))) continue;
        const [row] = db.rows(selectByNumber, number);
        // It moved on between the two looks when its state is another one by now.
        const entry = row === undefined ? undefined : taskEntryOf(row);
        if (entry?.state !== query.state) continue;
        bytes += sizeOf(entry);
        if (fitsFilter(entry, query.filter)) tasks.push(entry);
      }
      const last = places[scanned - 1];
      return { tasks, nextCursor: scanned < places.length && last !== undefined ? cursorOf(last) : undefined, scanned };
    });
  }

  get(queue: string, taskIds: readonly string[], call?: CallOptions): Promise<readonly (TaskEntry | undefined)[]> {
    return this.#store.read(call, (db) =>
      taskIds.map((id) => {
        const [row] = db.rows(selectTask, queue, id);
        return row === undefined ? undefined : taskEntryOf(row);
      }),
    );
  }

  standing(queue: string, taskId?: string, call?: CallOptions): Promise<Standing> {
    return this.#store.read(call, (db) => readStanding(db, queue, taskId));
  }

  archivedSince(queue: string, since: number, limit: number, call?: CallOptions): Promise<ArchivedLately> {
    return this.#store.read(call, (db) => {
      const newest = db.all(selectArchivedSince, queue, since, limit).map((row) => ({
        taskId: String(row["id"]),
        type: String(row["type"]),
        archivedAt: numberOf(row["archived_at"]) ?? 0,
      }));
      return { total: Number(db.get(countArchivedSince, queue, since)?.["tasks"] ?? 0), newest };
    });
  }

  pause(queue: string, call?: CallOptions, source: PauseSource = {}): Promise<"changed" | "unchanged"> {
    const { who = null, reason = null } = source;
    return this.#store.write(call, 1, ({ db, now }) =>
      db.run(pauseQueue, queue, now, who, reason) === 1 ? "changed" : "unchanged",
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

function queueNumbersOf(row: Row, due: Row | undefined, now: number): QueueNumbers {
  const count = (column: string) => Number(row[column] ?? 0);
  const waitingSince = numberOf(row["waiting_since"]);
  const dueSince = numberOf(due?.["since"]);
  return {
    queue: row["name"] as string,
    paused: row["paused_at"] !== null,
    pause:
      row["paused_at"] === null
        ? undefined
        : { at: numberOf(row["paused_at"]), who: textOf(row["paused_by"]), reason: textOf(row["pause_reason"]) },
    policy: textOf(row["policy"]),
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
    due: Math.min(mostDueCounted, Number(due?.["tasks"] ?? 0)),
    overdueMs: dueSince === undefined ? 0 : Math.max(0, now - dueSince),
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
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
    SELECT ${within(column)}, number, id, type FROM tasks
    WHERE ${conditions.join(" AND ")} AND ${column} >= ? AND (${within(column)} > ? OR number > ?)
    ORDER BY ${column}, number LIMIT ?`;
  return { sql, scope };
}

interface PagePosition {
  readonly key: number;
  readonly number: number;
}

const beforeAll: PagePosition = { key: -(2 ** 63), number: Number.MIN_SAFE_INTEGER };

/** The row begins with what its page is sorted by. */
function cursorOf(row: Values): string {
  return row.slice(0, 2).join(".");
}

/** Whether a task can't fit, known without reading it whole. */
function isExcluded(filter: TaskFilter | undefined, id: string, type: string): boolean {
  if (filter?.idPrefix !== undefined && !id.startsWith(filter.idPrefix)) return true;
  return filter?.type !== undefined && type !== filter.type;
}

function sizeOf(entry: TaskEntry): number {
  if (entry.unreadable !== undefined) return 0;
  const { message, result, attempts } = entry;
  const history = attempts.reduce((sum, { error, stack }) => sum + (error?.length ?? 0) + (stack?.length ?? 0), 0);
  return (message.payload?.length ?? 0) + (result?.length ?? 0) + history;
}

/** From how many tasks memory is reckoned, and what each takes beside its texts: numbers, indexes, room in pages. */
const mostSampled = 140;
const bytesBesideTexts = 250;

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
const selectQueue = "SELECT 1 FROM queues WHERE name = ?";
const selectNumbers = `
  SELECT queues.*, policy, today.processed AS processed_today, today.failed AS failed_today,
    (SELECT ${within("pending_since")} FROM tasks WHERE queue = queues.name AND position IS NOT NULL
      ORDER BY position LIMIT 1) AS waiting_since
  FROM queues LEFT JOIN daily_counters AS today ON today.queue = queues.name AND today.day = ?
    LEFT JOIN queue_policies ON queue_policies.queue = queues.name
  WHERE name = ?`;
/** Of each state so many at most are looked at, since nothing says how many are due at once. */
const selectDue = `
  SELECT count(*) AS tasks, ${within("min(due_at)")} AS since FROM (
    SELECT * FROM (SELECT due_at FROM tasks INDEXED BY tasks_due
      WHERE queue = ? AND state = 'scheduled' AND due_at <= ? ORDER BY due_at LIMIT ?)
    UNION ALL
    SELECT * FROM (SELECT due_at FROM tasks INDEXED BY tasks_due
      WHERE queue = ? AND state = 'retry' AND due_at <= ? ORDER BY due_at LIMIT ?))`;
const countArchivedSince = "SELECT count(*) AS tasks FROM tasks WHERE queue = ? AND archived_at >= ?";
const selectArchivedSince = `
  SELECT id, type, ${within("archived_at")} AS archived_at FROM tasks WHERE queue = ? AND archived_at >= ?
  ORDER BY tasks.archived_at DESC, number DESC LIMIT ?`;
const selectTask = `SELECT ${storedColumns} FROM tasks WHERE queue = ? AND id = ?`;
const selectByNumber = `SELECT ${storedColumns} FROM tasks WHERE number = ?`;
const selectDay = "SELECT processed, failed FROM daily_counters WHERE queue = ? AND day = ?";
const countTasks = `
  SELECT pending + scheduled + active + retry + completed + archived + aggregating AS tasks FROM queues WHERE name = ?`;
// By id, which is by age or by chance: not only what was enqueued last.
const sampleBytes = `
  SELECT count(*) AS tasks, sum(${bytesOfRow}) AS bytes
  FROM (SELECT * FROM tasks WHERE queue = ? ORDER BY id LIMIT ?)`;
const pauseQueue = `
  INSERT INTO queues (name, paused_at, paused_by, pause_reason) VALUES (?, ?, ?, ?)
  ON CONFLICT (name) DO UPDATE SET
    paused_at = excluded.paused_at, paused_by = excluded.paused_by, pause_reason = excluded.pause_reason
    WHERE paused_at IS NULL`;
const resumeQueue = `
  UPDATE queues SET paused_at = NULL, paused_by = NULL, pause_reason = NULL WHERE name = ? AND paused_at IS NOT NULL`;
