import type { SQLInputValue } from "node:sqlite";
import type { TaskState } from "../task-message.ts";
import type { Transaction } from "./transaction.ts";

/*
 * How tasks join the line of their queue, and leave it. Nothing else gives a task a place there, but for the rows of new tasks,
 * whose place is told here.
 */

/** The part of an update that takes a task out of line. */
export const offTheLine = "position = NULL, pending_since = NULL";

/** The place of a new task at the back of the line. With `count`: the place of the first of so many. */
export function placeAtBack(transaction: Transaction, queue: string, count = 1): number {
  return transaction.backOf(queue, count);
}

/** A statement for `joinLine` that sets more columns: `also` holds assignments in SQL. */
export function joining(also = ""): string {
  return `UPDATE tasks SET state = 'pending', position = ?, pending_since = ?${also && `, ${also}`} WHERE number = ?`;
}

export interface Joining {
  readonly queue: string;
  readonly number: number;
  readonly from: TaskState;
  /** `front`: before all that wait. */
  readonly end: "back" | "front";
  /** One of `joining`, with its own values. */
  readonly statement?: string;
  readonly values?: readonly SQLInputValue[];
}

/** Puts a task into the line of its queue. */
export function joinLine(
  transaction: Transaction,
  { queue, number, from, end, statement = plainJoining, values = [] }: Joining,
): void {
  const position = end === "back" ? transaction.backOf(queue) : transaction.frontOf(queue);
  transaction.db.run(statement, position, transaction.now, ...values, number);
  transaction.tally.moved(queue, from, "pending");
}

/** Takes a task out of line that is in another place too. */
export function leaveLine({ db }: Pick<Transaction, "db">, number: number): void {
  db.run(leaving, number);
}

/** For `joinLine`: a waiting task that lost its place. It keeps the time since when it waits. */
export const joiningAgain = `
  UPDATE tasks SET position = ?, pending_since = coalesce(pending_since, ?) WHERE number = ?`;
/** For `joinLine`: a task whose moment has come. It waits since it was due, also if nobody was there to move it then. */
export const joiningWhenDue = `
  UPDATE tasks SET state = 'pending', position = ?, pending_since = coalesce(due_at, ?), due_at = NULL WHERE number = ?`;
const plainJoining = joining();
const leaving = `UPDATE tasks SET ${offTheLine} WHERE number = ?`;
