import { type AwaitedTask, mostAheadCounted, type Standing } from "../standing.ts";
import type { Database } from "./database.ts";
import { numberOf, within } from "./task-row.ts";

/** Where a task stands among the others of its queue. */
export function readStanding(db: Database, queue: string, taskId: string | undefined): Standing {
  const row = taskId === undefined ? undefined : db.get(selectPlace, queue, taskId);
  const position = numberOf(row?.["position"]);
  return {
    ahead:
      position === undefined ? undefined : Number(db.get(countAhead, queue, position, mostAheadCounted)?.["tasks"]),
    running: db.get(selectRunning, queue)?.["id"] as string | undefined,
    nextRetry: awaited(db, queue, "retry"),
    nextScheduled: awaited(db, queue, "scheduled"),
    group: numberOf(row?.["grouped_at"]) === undefined ? undefined : groupOf(db, queue, String(row?.["group_name"])),
  };
}

function awaited(db: Database, queue: string, state: "retry" | "scheduled"): AwaitedTask | undefined {
  const row = db.get(selectNextDue, queue, state);
  const dueAt = numberOf(row?.["due_at"]);
  return dueAt === undefined ? undefined : { taskId: String(row?.["id"]), dueAt };
}

function groupOf(db: Database, queue: string, group: string): Standing["group"] {
  const oldestAt = numberOf(db.get(selectOldest, queue, group)?.["at"]);
  const newestAt = numberOf(db.get(selectNewest, queue, group)?.["at"]);
  if (oldestAt === undefined || newestAt === undefined) return undefined;
  return { group, size: Number(db.get(countGroup, queue, group, mostAheadCounted)?.["tasks"]), oldestAt, newestAt };
}

const selectPlace = "SELECT position, grouped_at, group_name FROM tasks WHERE queue = ? AND id = ?";
const countAhead = `
  SELECT count(*) AS tasks FROM (SELECT 1 FROM tasks INDEXED BY tasks_pending
    WHERE queue = ? AND position IS NOT NULL AND position < ? LIMIT ?)`;
const selectRunning = `
  SELECT id FROM tasks INDEXED BY tasks_leased
  WHERE queue = ? AND lease_ends_at IS NOT NULL ORDER BY lease_ends_at LIMIT 1`;
const selectNextDue = `
  SELECT id, ${within("due_at")} AS due_at FROM tasks INDEXED BY tasks_due
  WHERE queue = ? AND state = ? AND due_at IS NOT NULL ORDER BY tasks.due_at LIMIT 1`;
const inGroup = "FROM tasks INDEXED BY tasks_grouped WHERE queue = ? AND group_name = ? AND grouped_at IS NOT NULL";
const selectOldest = `SELECT min(grouped_at) AS at ${inGroup}`;
const selectNewest = `SELECT max(grouped_at) AS at ${inGroup}`;
const countGroup = `SELECT count(*) AS tasks FROM (SELECT 1 ${inGroup} LIMIT ?)`;
