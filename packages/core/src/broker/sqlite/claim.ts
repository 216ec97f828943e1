import type { SQLInputValue } from "node:sqlite";
import { isHikyakuError } from "../../errors.ts";
import type { ClaimedTask, ClaimRequest, ClaimResult, HandledTypes, SetAside, UnhandledTasks } from "../work-facet.ts";
import type { Row } from "./database.ts";
import { messageOf, numberOf } from "./task-row.ts";
import type { Transaction } from "./transaction.ts";

/** Leases waiting tasks to one server, within a transaction. */
export function claimTasks(transaction: Transaction, request: ClaimRequest): ClaimResult {
  const tasks: ClaimedTask[] = [];
  const unhandled: UnhandledTasks[] = [];
  const setAside: SetAside[] = [];
  let token: string | undefined;
  for (const { queue, limit } of request.queues) {
    const wanted = Math.min(limit, request.limit - tasks.length);
    if (wanted <= 0 || transaction.db.get(selectPaused, queue) !== undefined) continue;
    const found = findWaiting(transaction, queue, wanted, request.handles);
    unhandled.push(...found.unhandled);
    for (const row of found.rows) {
      token ??= nextToken(transaction, request.serverId);
      const leased = leaseTask(transaction, row, token, transaction.now + request.leaseMs);
      if (leased.kind === "leased") tasks.push(leased.task);
      else setAside.push(leased.setAside);
    }
  }
  return { tasks, unhandled, setAside };
}

/** Names one claim of one server; no two claims on the same file get the same. */
export function nextToken({ db }: Transaction, serverId: string): string {
  return `${serverId}/${String(db.get(countClaim)?.["number"])}`;
}

/** The server that a token was given to. */
export function serverOfToken(token: unknown): string | undefined {
  return typeof token === "string" ? token.slice(0, token.lastIndexOf("/")) : undefined;
}

/** Gives one task, pending or with a lease that ran out, to the holder of `token`; archives it when it is unreadable. */
export function leaseTask(
  { db, now, tally }: Transaction,
  row: Row,
  token: string,
  leaseEndsAt: number,
): { kind: "leased"; task: ClaimedTask } | { kind: "set_aside"; setAside: SetAside } {
  const number = row["number"] as number;
  const queue = row["queue"] as string;
  const taskId = row["id"] as string;
  const from = row["state"] as "pending" | "active";
  const lostAttempts = Number(row["lost_attempts"]) + (from === "active" ? 1 : 0);
  try {
    const message = messageOf(row);
    db.run(leaseRow, leaseEndsAt, token, now, lostAttempts, number);
    if (from === "pending") tally.moved(queue, "pending", "active");
    const pendingSince = numberOf(row["pending_since"]);
    const lease = { queue, taskId, token };
    return { kind: "leased", task: { message, lease, leaseEndsAt, pendingSince, lostAttempts } };
  } catch (error) {
    if (!isHikyakuError(error, "corrupt_data")) throw error;
    db.run(archiveRow, now, number);
    tally.moved(queue, from, "archived");
    return { kind: "set_aside", setAside: { queue, taskId, reason: "unreadable", detail: error.message } };
  }
}

interface Waiting {
  /** In the order of the queue. */
  readonly rows: readonly Row[];
  readonly unhandled: readonly UnhandledTasks[];
}

/**
 * Looks at the head of the queue first, which is all it takes while every task there has its handler. Otherwise it goes
 * type by type, so that a million tasks that nobody here can run don't have to be walked over.
 */
function findWaiting({ db }: Transaction, queue: string, limit: number, handles: HandledTypes): Waiting {
  const head = db.all(selectHead, queue, limit);
  const handled = handlesType(handles);
  if (head.every((row) => handled(row["type"] as string))) return { rows: head, unhandled: [] };
  const unhandled: UnhandledTasks[] = [];
  const places: Row[] = [];
  for (const type of waitingTypes({ db }, queue)) {
    if (handled(type)) places.push(...db.all(selectPlaces, queue, type, limit));
    else unhandled.push({ queue, type, count: Number(db.get(countType, queue, type, mostCounted)?.["count"]) });
  }
  places.sort((one, other) => (one["position"] as number) - (other["position"] as number));
  const rows = places.slice(0, limit).flatMap((place) => db.all(selectNumber, place["number"] as SQLInputValue));
  return { rows, unhandled };
}

/** Each type that has a waiting task, by one step of the index a type. */
function* waitingTypes({ db }: Pick<Transaction, "db">, queue: string): Generator<string> {
  let type = db.get(selectFirstType, queue)?.["type"];
  while (typeof type === "string") {
    yield type;
    type = db.get(selectNextType, queue, type)?.["type"];
  }
}

function handlesType(handles: HandledTypes): (type: string) => boolean {
  if (handles.kind === "all") return () => true;
  const exact = new Set(handles.exact);
  return (type) => exact.has(type) || handles.prefixes.some((prefix) => type.startsWith(prefix));
}

/** Where counting the tasks of a type without a handler stops. */
const mostCounted = 1_000;

const countClaim = "UPDATE claims SET number = number + 1 RETURNING number";
const selectPaused = "SELECT 1 FROM queues WHERE name = ? AND paused_at IS NOT NULL";
const selectHead = "SELECT * FROM tasks WHERE queue = ? AND position IS NOT NULL ORDER BY position LIMIT ?";
const selectFirstType = "SELECT min(type) AS type FROM tasks WHERE queue = ? AND position IS NOT NULL";
const selectNextType = "SELECT min(type) AS type FROM tasks WHERE queue = ? AND type > ? AND position IS NOT NULL";
const selectPlaces = `
  SELECT number, position FROM tasks INDEXED BY tasks_pending_by_type
  WHERE queue = ? AND type = ? AND position IS NOT NULL ORDER BY position LIMIT ?`;
const countType = `
  SELECT count(*) AS count FROM
    (SELECT 1 FROM tasks INDEXED BY tasks_pending_by_type WHERE queue = ? AND type = ? AND position IS NOT NULL LIMIT ?)`;
const selectNumber = "SELECT * FROM tasks WHERE number = ?";
const leaseRow = `
  UPDATE tasks SET state = 'active', position = NULL, pending_since = NULL,
    lease_ends_at = ?, lease_token = ?, claimed_at = ?, lost_attempts = ? WHERE number = ?`;
const archiveRow = `
  UPDATE tasks SET state = 'archived', position = NULL, pending_since = NULL,
    lease_ends_at = NULL, lease_token = NULL, claimed_at = NULL, archived_at = ? WHERE number = ?`;
