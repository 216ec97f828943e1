import { aFinding, type Finding } from "../finding.ts";
import type { TaskState } from "../task-message.ts";
import type { Row } from "./database.ts";
import { endLease, giveEndedLease } from "./lease.ts";
import { joiningAgain, joinLine, leaveLine, offTheLine } from "./line.ts";
import { holdsReadableJson, within } from "./task-row.ts";
import type { Transaction } from "./transaction.ts";

/** How long a completed task with a lost retention is kept after it was found. */
const unknownRetentionMs = 86_400_000;

/** The columns that put a task into a place. Each belongs to one state, or two. */
const placeColumns = [
  "position",
  "due_at",
  "lease_ends_at",
  "kept_until",
  "archived_at",
  "grouped_at",
  "set_id",
] as const;
type PlaceColumn = (typeof placeColumns)[number];

const columnsOfState: Readonly<Record<TaskState, readonly PlaceColumn[]>> = {
  pending: ["position"],
  scheduled: ["due_at"],
  retry: ["due_at"],
  active: ["lease_ends_at"],
  completed: ["kept_until"],
  archived: ["archived_at"],
  aggregating: ["grouped_at", "set_id"],
};

/**
 * Rows from one number up to another whose place does not fit their state, or that hold no message. Without `NOT
 * INDEXED` SQLite would take the index of the ids, and so read the whole queue for each slice.
 */
export const selectBroken = `
  SELECT number, id, state, ${[...placeColumns, "completed_at", "retention_ms"].map(asNumber).join(", ")}, group_name,
    (set_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM aggregation_sets WHERE set_id = tasks.set_id)) AS set_is_lost,
    NOT (${holdsReadableJson}) AS unreadable
  FROM tasks NOT INDEXED WHERE number > ? AND number <= ? AND queue = ? AND (
    ${Object.entries(columnsOfState).map(placeIsWrong).join(" OR\n    ")} OR
    (set_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM aggregation_sets WHERE set_id = tasks.set_id)) OR
    NOT (${holdsReadableJson}))`;

/** Finds what is wrong with one row. With `repair` it repairs the row, in the transaction that read it. */
export function checkTaskRow(transaction: Transaction, queue: string, row: Row, repair: boolean): Finding[] {
  const { db, now } = transaction;
  const number = row["number"] as number;
  const taskId = String(row["id"]);
  const state = row["state"] as TaskState;
  const filled = placeColumns.filter((column) => row[column] !== null);
  const own = columnsOfState[state];
  const outcome = repair ? "repaired" : "repairable";
  const findings: Finding[] = [];
  const found = (kind: Finding["kind"], detail: string, action?: string): void => {
    const about = { queue, taskId, detail: `task ${taskId} ${detail}` };
    findings.push(aFinding(kind, about, action === undefined ? "by_hand" : outcome, action));
  };
  const archive = (reason: string): void => {
    if (!repair) return;
    db.run(archiveTask, now, reason, number);
    transaction.tally.moved(queue, state, "archived");
  };

  const foreign = filled.filter((column) => !own.includes(column));
  if (foreign.length > 0) {
    if (repair) for (const column of foreign) takeOut(transaction, number, column);
    found("listed_twice", `is ${state}, but has a place by ${foreign.join(" and ")} too`, "only its own place is kept");
  }
  if (row["unreadable"] === 1) {
    if (state === "active") found("unreadable", "holds columns that can't be read");
    else if (state !== "archived" && state !== "completed") {
      archive("columns of the task can't be read");
      found("unreadable", "holds columns that can't be read", "it is archived");
      return findings;
    }
  }
  if (row["set_is_lost"] === 1 && state === "aggregating") {
    if (repair) db.run(putBack, now, number);
    found("lost_set", "is in a set that does not exist", "it is put back into its group");
    return findings;
  }
  if (filled.some((column) => own.includes(column))) return findings;
  if (state === "active") {
    if (repair) giveEndedLease(transaction, number);
    found("active_without_lease", "is running, and nobody holds a lease of it", "it gets a lease that has ended");
    return findings;
  }
  if (state === "scheduled" || (state === "aggregating" && row["group_name"] === "")) {
    const lost = state === "scheduled" ? "moment" : "group";
    archive(`the task's ${lost} was lost`);
    found("unlisted", `is ${state} and has no ${lost}`, "it is archived with the reason");
    return findings;
  }
  if (repair) placeAgain(transaction, queue, row, state);
  found("unlisted", `is ${state} and has no place`, "it gets a place again");
  return findings;
}

/** Takes a task out of a place that does not fit its state. */
function takeOut(transaction: Transaction, number: number, column: PlaceColumn): void {
  if (column === "lease_ends_at") endLease(transaction, number);
  else if (column === "position") leaveLine(transaction, number);
  else transaction.db.run(`UPDATE tasks SET ${column} = NULL WHERE number = ?`, number);
}

function placeAgain(transaction: Transaction, queue: string, row: Row, state: TaskState): void {
  const { db, now } = transaction;
  const number = row["number"] as number;
  if (state === "pending") {
    joinLine(transaction, { queue, number, from: "pending", end: "back", statement: joiningAgain });
    return;
  }
  const kept = Number(row["completed_at"] ?? now) + Number(row["retention_ms"]);
  const place = {
    retry: now,
    completed: row["completed_at"] === null ? now + unknownRetentionMs : Math.max(now, kept),
    archived: now,
    aggregating: now,
    scheduled: now,
    active: now,
  }[state];
  db.run(`UPDATE tasks SET ${columnsOfState[state][0]} = ? WHERE number = ?`, place, number);
}

function asNumber(column: string): string {
  return column === "set_id" ? column : `${within(column)} AS ${column}`;
}

function placeIsWrong([state, own]: [string, readonly PlaceColumn[]]): string {
  const others = placeColumns.filter((column) => !own.includes(column));
  const missing = own.map((column) => `${column} IS NULL`).join(" AND ");
  const foreign = others.map((column) => `${column} IS NOT NULL`).join(" OR ");
  return `(state = '${state}' AND ((${missing}) OR ${foreign}))`;
}

const archiveTask = `
  UPDATE tasks SET state = 'archived', archived_at = ?, last_error = ?, ${offTheLine},
    due_at = NULL, grouped_at = NULL, set_id = NULL, joined_at = NULL WHERE number = ?`;
const putBack = `
  UPDATE tasks SET grouped_at = coalesce(joined_at, ?), joined_at = NULL, set_id = NULL WHERE number = ?`;
