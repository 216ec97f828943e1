import type { SQLInputValue } from "node:sqlite";
import type { Lease } from "../work-facet.ts";
import { offTheLine } from "./line.ts";
import type { Transaction } from "./transaction.ts";

/* How leases begin, move and end. Nothing else writes their columns, or removes the rows of tasks that are held. */

type Db = Pick<Transaction, "db">;
/** The holder of several tasks of one queue. */
type Holder = Pick<Lease, "queue" | "token">;

/** A statement for `beginLeases`, on the tasks for which a condition holds. */
export function beginning(which: string): string {
  return `
    UPDATE tasks SET state = 'active', ${offTheLine}, lease_ends_at = ?, lease_token = ?, claimed_at = ?
    WHERE ${which}`;
}

/** Gives tasks that wait in line, or whose holder is gone, to the holder of a token. */
export function beginLeases(
  { db, now }: Transaction,
  statement: string,
  values: readonly SQLInputValue[],
  token: string,
  leaseEndsAt: number,
): void {
  db.run(statement, leaseEndsAt, token, now, ...values);
}

/** Gives a task an ended lease that belongs to nobody, so that somebody takes the task over. */
export function giveEndedLease({ db, now }: Transaction, number: number): void {
  db.run(lendToNobody, now, number);
}

/** Moves the end of a lease. `lost`: it is not held any more. */
export function moveLease({ db }: Db, { queue, taskId, token }: Lease, until: number): "held" | "lost" {
  return db.run(moveHeld, Math.ceil(until), queue, taskId, token) === 1 ? "held" : "lost";
}

/** A statement for `endLease` that sets more columns: `also` holds assignments in SQL. */
export function ending(also = ""): string {
  return `
    UPDATE tasks SET lease_token = NULL, lease_ends_at = NULL, claimed_at = NULL${also && `, ${also}`} WHERE number = ?`;
}

/** Ends the lease of a task that stays in the store. The statement is one of `ending`, with its own values. */
export function endLease(
  { db }: Db,
  number: number,
  statement = plainEnding,
  values: readonly SQLInputValue[] = [],
): void {
  db.run(statement, ...values, number);
}

/** Ends a lease by removing its task. Returns whether the lease was held. */
export function removeHeld({ db }: Db, { queue, taskId, token }: Lease): boolean {
  return db.run(deleteHeld, queue, taskId, token) === 1;
}

/** Ends leases of one token by removing their tasks, those numbered `first` to `last`. Returns how many were held. */
export function removeHeldRun({ db }: Db, first: number, last: number, { queue, token }: Holder): number {
  return db.run(deleteHeldRun, first, last, queue, token);
}

/** Ends leases of one token by removing their tasks. Returns how many were held. */
export function removeHeldAmong({ db }: Db, taskIds: readonly string[], { queue, token }: Holder): number {
  return db.run(deleteAllHeld, queue, JSON.stringify(taskIds), token);
}

/** As `removeHeldAmong`, but returns which were held. Costs half as much again. */
export function removeHeldNamed({ db }: Db, taskIds: readonly string[], { queue, token }: Holder): string[] {
  return db.rows(deleteHeldNamed, queue, JSON.stringify(taskIds), token).map(([id]) => id as string);
}

const plainEnding = ending();
const lendToNobody = "UPDATE tasks SET lease_ends_at = ?, lease_token = NULL WHERE number = ?";
const moveHeld =
  "UPDATE tasks SET lease_ends_at = ? WHERE queue = ? AND id = ? AND state = 'active' AND lease_token = ?";
const deleteHeld = "DELETE FROM tasks WHERE queue = ? AND id = ? AND state = 'active' AND lease_token = ?";
const deleteAllHeld = `
  DELETE FROM tasks WHERE queue = ? AND id IN (SELECT value FROM json_each(?)) AND state = 'active' AND lease_token = ?`;
const deleteHeldRun = `
  DELETE FROM tasks NOT INDEXED
  WHERE number BETWEEN ? AND ? AND queue = ? AND state = 'active' AND lease_token = ?`;
const deleteHeldNamed = `${deleteAllHeld} RETURNING id`;
