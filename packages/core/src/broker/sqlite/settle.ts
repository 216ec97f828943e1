import { settledMessage } from "../settled-message.ts";
import type { TaskMessage } from "../task-message.ts";
import type { Lease, Outcome, Settlement, SettleResult } from "../work-facet.ts";
import type { Row } from "./database.ts";
import { EarliestDue } from "./enqueue.ts";
import { ending, endLease, removeHeld, removeHeldAmong, removeHeldNamed, removeHeldRun } from "./lease.ts";
import { joinLine } from "./line.ts";
import { writeReport } from "./report.ts";
import { settledColumns, settledValues, withAttempt } from "./task-row.ts";
import type { Transaction } from "./transaction.ts";

/** Writes outcomes within a transaction, each only under the lease that its task was claimed with. */
export function settleTasks(transaction: Transaction, settlements: readonly Settlement[]): SettleResult[] {
  const due = new EarliestDue(transaction);
  const removed = removeDone(transaction, settlements);
  const results = settlements.map((settlement) => {
    if (removed.delete(settlement)) return "settled";
    const { outcome } = settlement;
    return outcome.kind === "done"
      ? settleDone(transaction, settlement)
      : settleKept(transaction, due, settlement, outcome);
  });
  due.signal();
  return results;
}

/**
 * Removes done tasks, with one statement for all that one claim took from a queue. Returns what it removed.
 * `settleDone` takes the rest: tasks that are not held any more, or are alone in their claim.
 */
function removeDone(transaction: Transaction, settlements: readonly Settlement[]): Set<Settlement> {
  const removed = new Set<Settlement>();
  const done = settlements.filter(({ outcome }) => outcome.kind === "done");
  for (const [token, ofClaim] of Map.groupBy(done, ({ task }) => task.lease.token)) {
    for (const [queue, group] of Map.groupBy(ofClaim, ({ task }) => task.lease.queue)) {
      if (group.length === 1) continue;
      for (const settlement of removeHeldTasks(transaction, { queue, token }, group)) {
        wasDone(transaction, settlement);
        removed.add(settlement);
      }
    }
  }
  return removed;
}

/** Removes the tasks that are held under the token, and returns them. */
function removeHeldTasks(
  transaction: Transaction,
  holder: Pick<Lease, "queue" | "token">,
  settlements: readonly Settlement[],
): readonly Settlement[] {
  if (!transaction.isSecondRun && removeRun(transaction, holder, settlements)) return settlements;
  const byId = new Map(settlements.toReversed().map((settlement) => [settlement.task.lease.taskId, settlement]));
  const taskIds = [...byId.keys()];
  if (transaction.isSecondRun) {
    return removeHeldNamed(transaction, taskIds, holder).flatMap((id) => byId.get(id) ?? []);
  }
  // To name what was removed costs a third of removing it, and nearly always it is all of them.
  if (removeHeldAmong(transaction, taskIds, holder) !== byId.size) throw notAllHeld();
  return [...byId.values()];
}

/** Removes tasks whose rows follow each other, as those of a claim mostly do. False: they do not. */
function removeRun(
  transaction: Transaction,
  holder: Pick<Lease, "queue" | "token">,
  settlements: readonly Settlement[],
): boolean {
  const first = settlements[0]?.task.lease.hint;
  if (first === undefined) return false;
  if (settlements.some(({ task }, index) => task.lease.hint !== first + index)) return false;
  const last = first + settlements.length - 1;
  if (removeHeldRun(transaction, first, last, holder) !== settlements.length) throw notAllHeld();
  return true;
}

/** Makes the call run once more, thoroughly. */
function notAllHeld(): Error {
  return new Error("some of the tasks are not held any more");
}

function settleDone(transaction: Transaction, settlement: Settlement): SettleResult {
  const { lease } = settlement.task;
  if (!removeHeld(transaction, lease)) {
    const { queue, taskId } = lease;
    const row = transaction.db.get(selectTask, queue, taskId);
    const gone = row === undefined && settlement.repeated === true;
    return gone ? "settled" : unlessRepeated(settlement, row);
  }
  wasDone(transaction, settlement);
  return "settled";
}

/** Does the rest for a task that was removed under its lease. */
function wasDone({ db, tally }: Transaction, { task }: Settlement): void {
  const { queue, taskId } = task.lease;
  tally.moved(queue, "active", undefined);
  tally.finished(queue, { failed: false });
  // A held task's payload can't be edited, so its lock is still the one of its claim.
  if (task.message.uniqueKey !== "") db.run(releaseLock, queue, task.message.uniqueKey, taskId);
}

type KeptOutcome = Exclude<Outcome, { kind: "done" }>;

function settleKept(
  transaction: Transaction,
  due: EarliestDue,
  settlement: Settlement,
  outcome: KeptOutcome,
): SettleResult {
  const { db, now } = transaction;
  const { queue, taskId, token } = settlement.task.lease;
  const row = db.get(selectTask, queue, taskId);
  if (row === undefined || row["state"] !== "active" || row["lease_token"] !== token) {
    return unlessRepeated(settlement, row);
  }
  const number = row["number"] as number;
  const { attempt } = settlement;
  const message = settledMessage(settlement.task.message, outcome, now);
  endLease(transaction, number, settling, [
    token,
    ...settledValues(message),
    attempt === undefined ? (row["attempts"] as string | null) : withAttempt(row["attempts"], attempt),
  ]);
  if (settlement.report !== undefined) writeReport(transaction, { number, token, ...settlement.report });
  place(transaction, due, message, outcome, number);
  if (outcome.kind === "retry" && settlement.survived === true) db.run(forgetLost, number);
  return "settled";
}

/** Puts a task whose lease has been ended where its outcome sends it. */
function place(
  transaction: Transaction,
  due: EarliestDue,
  message: TaskMessage,
  outcome: KeptOutcome,
  number: number,
): void {
  const { db, now, tally } = transaction;
  const { queue } = message;
  switch (outcome.kind) {
    case "completed":
      db.run(placeCompleted, now + message.retentionMs, outcome.result ?? null, number);
      if (message.uniqueKey !== "") db.run(releaseLock, queue, message.uniqueKey, message.id);
      tally.moved(queue, "active", "completed");
      tally.finished(queue, { failed: false });
      return;
    case "retry": {
      const at = Math.ceil(outcome.at);
      due.before(queue);
      db.run(placeRetry, at, number);
      due.placed(queue, at);
      tally.moved(queue, "active", "retry");
      if (outcome.counted) tally.finished(queue, { failed: true });
      return;
    }
    case "archived":
      db.run(placeArchived, now, number);
      tally.moved(queue, "active", "archived");
      tally.finished(queue, { failed: true });
      return;
    case "handed_back":
      joinLine(transaction, { queue, number, from: "active", end: "front" });
      return;
  }
}

/** The result when the task is no longer held: `settled` if an earlier try of the same settlement got through. */
function unlessRepeated(settlement: Settlement, row: Row | undefined): SettleResult {
  const carriedOut = row?.["settled_token"] === settlement.task.lease.token;
  return settlement.repeated === true && carriedOut ? "settled" : "lost";
}

const selectTask = "SELECT number, state, lease_token, settled_token, attempts FROM tasks WHERE queue = ? AND id = ?";
const settling = ending(`settled_token = ?, ${settledColumns}, attempts = ?`);
const placeCompleted =
  "UPDATE tasks SET state = 'completed', kept_until = ?, result = coalesce(?, result) WHERE number = ?";
const placeRetry = "UPDATE tasks SET state = 'retry', due_at = ? WHERE number = ?";
const forgetLost = "UPDATE tasks SET lost_attempts = 0 WHERE number = ?";
const placeArchived = "UPDATE tasks SET state = 'archived', archived_at = ? WHERE number = ?";
const releaseLock = "DELETE FROM locks WHERE queue = ? AND scope = ? AND owner_id = ?";
