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
   * Runs inside the transaction, again if that was rolled back. The function of the last run is called after the
   * commit.
   */
  readonly run: (transaction: Transaction) => () => void;
  readonly reject: (error: HikyakuError) => void;
}

/** The results of a commit's writes. */
export interface Ran {
  /** To be called after the commit. */
  readonly answers: readonly (() => void)[];
  /** Whether somebody may be waiting for what was written. */
  readonly wake: boolean;
  /** The error of a write that failed for the store's reasons. Other writes should fail too. */
  readonly trouble: unknown;
}

/**
 * Runs the writes inside the open transaction. To be able to undo single writes costs each of them, and hardly any
 * fails. So that is done only when one has failed, and then all run anew.
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

/** Undoes a write that throws. The other writes of the commit go on. */
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
