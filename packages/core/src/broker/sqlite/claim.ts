import { isHikyakuError } from "../../errors.ts";
import type {
  ClaimedTask,
  ClaimRequest,
  ClaimResult,
  ClosedQueue,
  HandledTypes,
  SetAside,
  UnhandledTasks,
} from "../work-facet.ts";
import { isEvicted } from "./control.ts";
import type { Values } from "./database.ts";
import { beginLeases, beginning, ending, endLease } from "./lease.ts";
import { allowanceOf } from "./policy.ts";
import {
  isExact,
  isPlain,
  messageColumns,
  messageOf,
  numberOf,
  plainColumns,
  plainMessageOf,
  readable,
  readablePlainColumns,
  within,
} from "./task-row.ts";
import type { Transaction } from "./transaction.ts";

/** Leases waiting tasks to one server, within a transaction. Queues that give one task at a time are added to `inOrder`. */
export function claimTasks(transaction: Transaction, request: ClaimRequest, inOrder: Set<string>): ClaimResult {
  const tasks: ClaimedTask[] = [];
  const unhandled: UnhandledTasks[] = [];
  const setAside: SetAside[] = [];
  const closed: ClosedQueue[] = [];
  let token: string | undefined;
  let evicted = false;
  for (const asked of request.queues) {
    const { queue, limit } = asked;
    const wanted = Math.min(limit, request.limit - tasks.length);
    if (wanted <= 0) continue;
    if (isEvicted(transaction, request.serverId, queue)) {
      evicted = true;
      continue;
    }
    const allowance = allowanceOf(transaction, asked);
    if (allowance.kind === "none") {
      if (allowance.closed !== undefined) closed.push(allowance.closed);
      continue;
    }
    const isOpen = allowance.kind === "all";
    if (!isOpen) inOrder.add(queue);
    const head = isOpen ? plainHead(transaction, queue, wanted, request.handles) : undefined;
    if (head !== undefined) {
      if (head.length === 0) continue;
      token ??= request.token ?? nextToken(transaction, request.serverId);
      tasks.push(...leasePlain(transaction, queue, head, token, transaction.now + request.leaseMs));
      continue;
    }
    const found = isOpen
      ? findWaiting(transaction, queue, wanted, request.handles)
      : findNext(transaction, queue, request.handles);
    unhandled.push(...found.unhandled);
    if (found.numbers.length === 0) continue;
    token ??= request.token ?? nextToken(transaction, request.serverId);
    transaction.tally.moved(queue, "pending", "active", found.numbers.length);
    const leaseEndsAt = transaction.now + request.leaseMs;
    const leased = leaseTasks(transaction, { queue, numbers: found.numbers, token, leaseEndsAt });
    tasks.push(...leased.tasks);
    setAside.push(...leased.setAside);
  }
  return { tasks, unhandled, setAside, closed, ...(evicted && { evicted: true }) };
}

/** Names one claim of one server. No two claims on the same file get the same name. */
export function nextToken({ db }: Transaction, serverId: string): string {
  return `${serverId}/${String(db.get(countClaim)?.["number"])}`;
}

/** Which tasks of a queue get a lease: whose it is, and until when. */
interface LeaseRequest {
  readonly queue: string;
  readonly numbers: readonly number[];
  readonly token: string;
  readonly leaseEndsAt: number;
}

/** Gives tasks to the holder of `token`: pending ones, or ones that their holder lost. Archives unreadable ones. */
export function leaseTasks(
  transaction: Transaction,
  { queue, numbers, token, leaseEndsAt }: LeaseRequest,
): { tasks: ClaimedTask[]; setAside: SetAside[] } {
  const { db, now } = transaction;
  const { plain: selectPlain, others: selectOthers, lease: leaseRows, values } = statementsFor(numbers);
  // Read before the write: RETURNING would gather all columns of the rows once more.
  const plain = db.rows(selectPlain, ...values);
  const others = plain.length === numbers.length ? [] : db.rows(selectOthers, ...values);
  beginLeases(transaction, leaseRows, values, token, leaseEndsAt);
  const placeOf = new Map(numbers.map((number, place) => [number, place]));
  const byPlace: ClaimedTask[] = [];
  const setAside: SetAside[] = [];
  for (const row of plain) {
    byPlace[placeOf.get(row[numberAt] as number) as number] = claimedPlain(queue, row, token, leaseEndsAt);
  }
  for (const row of others) {
    const [lost, pendingSince, number] = row.slice(-3);
    const lease = { queue, taskId: row[1] as string, token, hint: number as number };
    try {
      const lostAttempts = Math.max(0, numberOf(lost) ?? 0);
      const task = { message: messageOf(row), lease, leaseEndsAt, pendingSince: numberOf(pendingSince), lostAttempts };
      byPlace[placeOf.get(number as number) as number] = task;
    } catch (error) {
      if (!isHikyakuError(error, "corrupt_data")) throw error;
      endLease(transaction, number as number, archiving, [now]);
      transaction.tally.moved(queue, "active", "archived");
      setAside.push({ queue, taskId: lease.taskId, reason: "unreadable", detail: error.message });
    }
  }
  // Tasks that were set aside left holes in the array.
  return { tasks: others.length === 0 ? byPlace : byPlace.filter(() => true), setAside };
}

/**
 * Statements on the rows of these numbers. Most claims take a run of numbers, and a run is found faster than a list.
 */
function statementsFor(numbers: readonly number[]): TaskStatements & { readonly values: readonly (number | string)[] } {
  const [first = 0] = numbers;
  const isRun = numbers.every((number, index) => number === first + index);
  return isRun
    ? { ...forRun, values: [first, first + numbers.length - 1] }
    : { ...forList, values: [JSON.stringify(numbers)] };
}

/**
 * Reads the head of the queue at once, if it holds only first attempts at plain tasks that have a handler here.
 * Undefined: there is more to look at.
 */
function plainHead({ db }: Transaction, queue: string, limit: number, handles: HandledTypes): Values[] | undefined {
  const head = db.rows(selectPlainHead, queue, limit);
  const handled = handlesType(handles);
  return head.every((row) => row[isFirstAt] === 1 && handled(row[typeAt] as string)) ? head : undefined;
}

function leasePlain(
  transaction: Transaction,
  queue: string,
  rows: readonly Values[],
  token: string,
  leaseEndsAt: number,
): ClaimedTask[] {
  const { lease, values } = statementsFor(rows.map((row) => row[numberAt] as number));
  beginLeases(transaction, lease, values, token, leaseEndsAt);
  transaction.tally.moved(queue, "pending", "active", rows.length);
  return rows.map((row) => claimedPlain(queue, row, token, leaseEndsAt));
}

/** Reads a row of `plainColumns`, then when it began to wait, then its number. */
function claimedPlain(queue: string, row: Values, token: string, leaseEndsAt: number): ClaimedTask {
  const message = plainMessageOf(queue, row);
  const lease = { queue, taskId: message.id, token, hint: row[numberAt] as number };
  return { message, lease, leaseEndsAt, pendingSince: numberOf(row[pendingSinceAt]), lostAttempts: 0 };
}

interface Waiting {
  /** In the order of the queue. */
  readonly numbers: readonly number[];
  readonly unhandled: readonly UnhandledTasks[];
}

/**
 * Looks at the head of the queue first. That is enough while every task there has its handler. Otherwise it goes type
 * by type, so that it need not walk over a million tasks that nobody here can run.
 */
function findWaiting({ db }: Transaction, queue: string, limit: number, handles: HandledTypes): Waiting {
  const head = db.rows(selectHead, queue, limit);
  const handled = handlesType(handles);
  if (head.every(([, type]) => handled(type as string))) return { numbers: head.map(numberOfRow), unhandled: [] };
  const unhandled: UnhandledTasks[] = [];
  const found: Values[] = [];
  for (const type of waitingTypes({ db }, queue)) {
    if (handled(type)) found.push(...db.rows(selectOfType, queue, type, limit));
    else unhandled.push({ queue, type, count: Number(db.get(countType, queue, type, mostCounted)?.["count"]) });
  }
  found.sort(([, one], [, other]) => (one as number) - (other as number));
  return { numbers: found.slice(0, limit).map(numberOfRow), unhandled };
}

/** The next task in line and no other, even when nobody here can run it. */
function findNext({ db }: Transaction, queue: string, handles: HandledTypes): Waiting {
  const handled = handlesType(handles);
  const next = db.rows(selectHead, queue, 1);
  const unhandled = next.map(([, type]) => type as string).filter((type) => !handled(type));
  if (unhandled.length > 0) return { numbers: [], unhandled: unhandled.map((type) => ({ queue, type, count: 1 })) };
  return { numbers: next.map(numberOfRow), unhandled: [] };
}

function numberOfRow([number]: Values): number {
  return number as number;
}

/** Each type that has a waiting task. Costs one step of the index for each type. */
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

/** Tasks of a type without a handler are counted up to here. */
const mostCounted = 1_000;

const countClaim = "UPDATE claims SET number = number + 1 RETURNING number";
const selectHead = `
  SELECT number, type FROM tasks INDEXED BY tasks_pending
  WHERE queue = ? AND position IS NOT NULL ORDER BY position LIMIT ?`;
const selectFirstType = "SELECT min(type) AS type FROM tasks WHERE queue = ? AND position IS NOT NULL";
const selectNextType = "SELECT min(type) AS type FROM tasks WHERE queue = ? AND type > ? AND position IS NOT NULL";
const selectOfType = `
  SELECT number, position FROM tasks INDEXED BY tasks_pending_by_type
  WHERE queue = ? AND type = ? AND position IS NOT NULL ORDER BY position LIMIT ?`;
const countType = `
  SELECT count(*) AS count FROM
    (SELECT 1 FROM tasks INDEXED BY tasks_pending_by_type WHERE queue = ? AND type = ? AND position IS NOT NULL LIMIT ?)`;
/** Where the type and the further columns lie in a row that begins with `plainColumns`. */
const typeAt = 1;
const pendingSinceAt = 6;
const numberAt = 7;
const isFirstAt = 8;
const isFirstAttempt = `${isPlain} AND state = 'pending' AND lost_attempts = 0 AND ${isExact("pending_since")}`;

const selectPlainHead = `
  SELECT ${readablePlainColumns}, ${readable("pending_since")}, number, (${isFirstAttempt})
  FROM tasks INDEXED BY tasks_pending WHERE queue = ? AND position IS NOT NULL ORDER BY position LIMIT ?`;

interface TaskStatements {
  /** Reads the plain rows, of which few columns must be read. */
  readonly plain: string;
  /** Reads the other rows. */
  readonly others: string;
  readonly lease: string;
}

function taskStatements(which: string): TaskStatements {
  return {
    plain: `SELECT ${plainColumns}, pending_since, number FROM tasks WHERE ${which} AND ${isFirstAttempt}`,
    others: `
      SELECT ${messageColumns}, ${readable("lost_attempts")}, ${within("pending_since")}, number FROM tasks
      WHERE ${which} AND (${isFirstAttempt}) IS NOT TRUE`,
    lease: beginning(which),
  };
}

const forRun = taskStatements("number BETWEEN ? AND ?");
const forList = taskStatements("number IN (SELECT value FROM json_each(?))");
const archiving = ending("state = 'archived', archived_at = ?");
