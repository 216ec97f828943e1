import type { HikyakuError } from "../../errors.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Database } from "./database.ts";
import { isStoreFailing, storeError } from "./errors.ts";
import { Transaction } from "./transaction.ts";
import type { Wait } from "./wait.ts";

/** One call that waits for the next commit. */
export interface QueuedWrite {
  readonly items: number;
  readonly wait: Wait;
  /**
   * Runs inside the transaction, once more when that was rolled back; what it returned last is called after the commit.
   */
  readonly run: (transaction: Transaction) => () => void;
  readonly reject: (error: HikyakuError) => void;
}

/** What the writes of a commit came to. */
export interface Ran {
  /** To be called after the commit. */
  readonly answers: readonly (() => void)[];
  /** Whether somebody may be waiting for what was written. */
  readonly wake: boolean;
  /** What was thrown in one of them for a reason that is the store's, so that others are to fail as well. */
  readonly trouble: unknown;
}

/**
 * Runs the writes inside the transaction that is open. To be able to undo one of them costs each of them, and hardly any fails: so
 * only when one has failed, and all anew.
 * @throws what is thrown when the whole transaction can't go on.
 */
export function runAll(db: Database, writes: readonly QueuedWrite[], clock: Clock, location: string): Ran {
  try {
    return runPlainly(db, writes, clock);
  } catch (error) {
    if (!db.isTransaction) throw error;
    db.rollback();
    db.run("BEGIN IMMEDIATE");
    return runUndoably(db, writes, clock, location);
  }
}

function runPlainly(db: Database, writes: readonly QueuedWrite[], clock: Clock): Ran {
  const answers: (() => void)[] = [];
  let wake = false;
  for (const write of writes) {
    const transaction = new Transaction(db, clock.now(), false);
    answers.push(runOne(db, write, transaction));
    wake ||= transaction.changedForOthers;
  }
  return { answers, wake, trouble: undefined };
}

/** Leaves nothing of a write that throws; the others of the commit go on. */
function runUndoably(db: Database, writes: readonly QueuedWrite[], clock: Clock, location: string): Ran {
  const answers: (() => void)[] = [];
  let wake = false;
  let trouble: unknown;
  for (const write of writes) {
    const transaction = new Transaction(db, clock.now(), true);
    db.run("SAVEPOINT one_call");
    try {
      answers.push(runOne(db, write, transaction));
      db.run("RELEASE one_call");
    } catch (error) {
      if (!db.isTransaction) throw error;
      db.run("ROLLBACK TO one_call");
      db.run("RELEASE one_call");
      const failure = storeError(error, location);
      answers.push(() => write.reject(failure));
      if (isStoreFailing(error)) trouble = error;
    }
    wake ||= transaction.changedForOthers;
  }
  return { answers, wake, trouble };
}

function runOne(db: Database, write: QueuedWrite, transaction: Transaction): () => void {
  const answer = write.run(transaction);
  transaction.tally.write(db, transaction.now);
  return answer;
}
