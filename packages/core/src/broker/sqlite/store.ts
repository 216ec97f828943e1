import { resolve } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { type Clock, systemClock } from "../../clock.ts";
import { errorText, HikyakuError } from "../../errors.ts";
import type { Reachability } from "../broker.ts";
import type { CallOptions } from "../call-options.ts";
import { ChangeWatch } from "./change-watch.ts";
import { Database, inMemory } from "./database.ts";
import { busyText, isBusy, isConnectionLost, removedError, storeError } from "./errors.ts";
import { Transaction } from "./transaction.ts";

/** Work of one commit, so that one long list can't keep the event loop and other processes waiting. */
const itemsPerCommit = 500;
/**
 * After this much work what was committed is brought from the log into the file, in a turn of its own. SQLite would do so at the
 * end of some commit a little later, and the event loop would wait for both.
 */
const itemsPerCheckpoint = 3_000;
/** With less work in a commit there is hardly anything to do while the disk stores it. */
const itemsWorthAThread = 32;
const reopenIntervalMs = 1_000;

interface QueuedWrite {
  readonly items: number;
  readonly wait: Wait;
  /**
   * Runs inside the transaction, once more when that was rolled back; what it returned last is called after the commit.
   */
  readonly run: (transaction: Transaction) => () => void;
  readonly reject: (error: HikyakuError) => void;
}

/** What the writes of a commit came to. */
interface Ran {
  /** To be called after the commit. */
  readonly answers: readonly (() => void)[];
  /** Whether somebody may be waiting for what was written. */
  readonly wake: boolean;
}

/**
 * The file and the way to it. All writes of a turn of the event loop share one commit, so that many small calls cost one
 * sync of the disk; each of them still succeeds or fails alone. Waiting for another process's lock does not block.
 *
 * Opens the file when it is made, at every call while it is not open, and by itself once a second after a failure.
 */
export class Store {
  readonly location: string;
  readonly clock: Clock;
  readonly changes: ChangeWatch;
  readonly #path: string;
  readonly #commandTimeoutMs: number;
  readonly #writes: QueuedWrite[] = [];
  readonly #reachabilityListeners = new Set<(reachability: Reachability) => void>();
  #database: Database | undefined;
  #reachability: Reachability;
  #reopenTimer: NodeJS.Timeout | undefined;
  #draining: Promise<void> | undefined;
  readonly #answering = new Set<Promise<void>>();
  #itemsSinceCheckpoint = 0;
  #closed = false;

  constructor(options: { path: string; clock: Clock; commandTimeoutMs: number }) {
    this.#path = options.path === inMemory ? inMemory : resolve(options.path);
    this.location = this.#path === inMemory ? "SQLite in memory" : `SQLite file ${this.#path}`;
    this.clock = options.clock;
    this.#commandTimeoutMs = options.commandTimeoutMs;
    const file = this.#path === inMemory ? crypto.randomUUID() : this.#path;
    this.changes = new ChangeWatch(file, () =>
      this.peek((db) => Number(db.get("PRAGMA data_version")?.["data_version"])),
    );
    this.#reachability = { reachable: false, since: this.clock.now(), reason: "not opened yet" };
    try {
      this.#open();
    } catch {
      // Kept as the reason in `reachability`; the next call tries again and hears of it.
    }
  }

  get reachability(): Reachability {
    return this.#reachability;
  }

  onReachability(listener: (reachability: Reachability) => void): () => void {
    const own = (reachability: Reachability) => listener(reachability);
    this.#reachabilityListeners.add(own);
    return () => void this.#reachabilityListeners.delete(own);
  }

  /** Runs `job` outside a transaction: one statement sees one state of the file. */
  async read<T>(call: CallOptions | undefined, job: (db: Database) => T): Promise<T> {
    const wait = this.#wait(call);
    for (;;) {
      wait.check();
      try {
        return job(this.#open());
      } catch (error) {
        if (!isBusy(error)) throw this.#failed(error);
      }
      await wait.aMoment();
    }
  }

  /** Reads at once where that is possible without waiting; undefined otherwise. */
  peek<T>(job: (db: Database) => T): T | undefined {
    try {
      return this.#database === undefined ? undefined : job(this.#database);
    } catch (error) {
      if (!isBusy(error)) this.#failed(error);
      return undefined;
    }
  }

  /**
   * Runs `job` inside the next commit and answers once that is on disk. It may run more than once, so it changes nothing
   * but the file. `items` is the size of the work.
   */
  write<T>(call: CallOptions | undefined, items: number, job: (transaction: Transaction) => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const wait = this.#wait(call);
      wait.check();
      const run = (transaction: Transaction) => {
        const answer = job(transaction);
        return () => resolve(answer);
      };
      this.#writes.push({ items, wait, run, reject });
      this.#draining ??= this.#drain();
    });
  }

  /** Ends what is under way, refuses what is queued, and closes the file. */
  async close(): Promise<void> {
    if (!this.#closed) {
      this.#closed = true;
      clearTimeout(this.#reopenTimer);
      for (const write of this.#writes.splice(0)) write.reject(this.#closedError());
      this.#setReachability(false, "closed");
      this.changes.wake();
    }
    await this.#draining;
    await Promise.all(this.#answering);
    const database = this.#database;
    this.#database = undefined;
    database?.close();
  }

  async #drain(): Promise<void> {
    do {
      // The rest of this turn joins the same commit.
      await nextTurn();
      await this.#commit(this.#nextWrites());
      if (this.#itemsSinceCheckpoint >= itemsPerCheckpoint) await this.#checkpoint();
    } while (this.#writes.length > 0);
    this.#draining = undefined;
  }

  /** Others may read and write meanwhile; what it can't bring over because of them stays for the next one. */
  async #checkpoint(): Promise<void> {
    this.#itemsSinceCheckpoint = 0;
    await nextTurn();
    this.peek((db) => db.get("PRAGMA wal_checkpoint(PASSIVE)"));
  }

  #nextWrites(): QueuedWrite[] {
    let count = 0;
    for (let items = 0; count < this.#writes.length && items < itemsPerCommit; count++) {
      const { items: more = 0 } = this.#writes[count] ?? {};
      items += more;
      this.#itemsSinceCheckpoint += more;
    }
    return this.#writes.splice(0, count);
  }

  async #commit(writes: QueuedWrite[]): Promise<void> {
    for (;;) {
      const ready = writes.filter((write) => this.#stillWanted(write));
      const [first] = ready;
      if (first === undefined) return;
      try {
        this.#commitNow(this.#open(), ready);
        return;
      } catch (error) {
        if (!isBusy(error)) {
          const failure = this.#failed(error);
          for (const write of ready) write.reject(failure);
          return;
        }
      }
      await first.wait.aMoment();
      writes = ready;
    }
  }

  #stillWanted(write: QueuedWrite): boolean {
    try {
      write.wait.check();
      return true;
    } catch (error) {
      write.reject(storeError(error, this.location));
      return false;
    }
  }

  /** Throws when nothing of the commit happened. */
  #commitNow(db: Database, writes: readonly QueuedWrite[]): void {
    if (!db.isInPlace()) throw this.#lost(removedError(this.location));
    db.run("BEGIN IMMEDIATE");
    let ran: Ran;
    try {
      ran = this.#runAll(db, writes);
      db.run("COMMIT");
    } catch (error) {
      if (db.isTransaction) db.run("ROLLBACK");
      throw error;
    }
    if (ran.wake) this.changes.announce();
    const answering = this.#answer(db, writes, ran.answers).finally(() => this.#answering.delete(answering));
    this.#answering.add(answering);
  }

  /** Accepted is what is on the disk. The next commits go on meanwhile. */
  async #answer(db: Database, writes: readonly QueuedWrite[], answers: readonly (() => void)[]): Promise<void> {
    try {
      await db.flushed(writes.reduce((sum, { items }) => sum + items, 0) < itemsWorthAThread);
    } catch (error) {
      const failure = storeError(error, this.location);
      for (const write of writes) write.reject(failure);
      if (this.#database === db) this.#lost(failure);
      return;
    }
    for (const answer of answers) answer();
  }

  /** To be able to undo one of them costs each of them, and hardly any fails: so only when one has failed, and all anew. */
  #runAll(db: Database, writes: readonly QueuedWrite[]): Ran {
    try {
      return this.#run(db, writes, false);
    } catch (error) {
      if (!db.isTransaction) throw error;
      db.run("ROLLBACK");
      db.run("BEGIN IMMEDIATE");
      return this.#run(db, writes, true);
    }
  }

  #run(db: Database, writes: readonly QueuedWrite[], isSecondRun: boolean): Ran {
    const answers: (() => void)[] = [];
    let wake = false;
    for (const write of writes) {
      const transaction = new Transaction(db, this.clock.now(), isSecondRun);
      answers.push(isSecondRun ? this.#runUndoably(db, write, transaction) : runPlainly(db, write, transaction));
      wake ||= transaction.changedForOthers;
    }
    return { answers, wake };
  }

  /** Leaves nothing of a write that throws; the others of the commit go on. */
  #runUndoably(db: Database, write: QueuedWrite, transaction: Transaction): () => void {
    db.run("SAVEPOINT one_call");
    try {
      const answer = runPlainly(db, write, transaction);
      db.run("RELEASE one_call");
      return answer;
    } catch (error) {
      if (!db.isTransaction) throw error;
      db.run("ROLLBACK TO one_call");
      db.run("RELEASE one_call");
      const failure = storeError(error, this.location);
      return () => write.reject(failure);
    }
  }

  #open(): Database {
    if (this.#closed) throw this.#closedError();
    if (this.#database !== undefined) return this.#database;
    try {
      this.#database = new Database(this.#path);
    } catch (error) {
      if (!isBusy(error)) this.#lost(storeError(error, this.location));
      throw error;
    }
    this.#setReachability(true, undefined);
    return this.#database;
  }

  #failed(thrown: unknown): HikyakuError {
    const error = storeError(thrown, this.location);
    if (isConnectionLost(thrown)) this.#lost(error);
    return error;
  }

  /** Lets go of the connection; answers the reason, for throwing it on. */
  #lost(reason: HikyakuError): HikyakuError {
    const database = this.#database;
    this.#database = undefined;
    try {
      database?.close();
    } catch {
      // It is of no use already; the reason is told below.
    }
    this.#setReachability(false, reason.message);
    this.changes.wake();
    clearTimeout(this.#reopenTimer);
    if (this.#closed) return reason;
    this.#reopenTimer = setTimeout(() => {
      try {
        this.#open();
      } catch {
        // `#open` has told the reason and set the next timer.
      }
    }, reopenIntervalMs).unref();
    return reason;
  }

  #setReachability(reachable: boolean, reason: string | undefined): void {
    const before = this.#reachability;
    if (before.reachable === reachable && before.reason === reason) return;
    const since = before.reachable === reachable ? before.since : this.clock.now();
    this.#reachability = { reachable, since, reason };
    for (const listener of this.#reachabilityListeners) listener(this.#reachability);
  }

  #wait(call: CallOptions | undefined): Wait {
    return new Wait(this.location, call?.timeoutMs ?? this.#commandTimeoutMs, call?.signal, () => {
      if (this.#closed) throw this.#closedError();
    });
  }

  #closedError(): HikyakuError {
    return new HikyakuError("closed", `${this.location}: the broker was closed; make a new one`);
  }
}

function runPlainly(db: Database, write: QueuedWrite, transaction: Transaction): () => void {
  const answer = write.run(transaction);
  transaction.tally.write(db, transaction.now);
  return answer;
}

/** How long one call is ready to wait for another process. The machine's own time: no test can move a foreign lock. */
class Wait {
  readonly #location: string;
  readonly #endsAt: number;
  readonly #signal: AbortSignal | undefined;
  readonly #checkOpen: () => void;
  #stepMs = 1;

  constructor(location: string, timeoutMs: number, signal: AbortSignal | undefined, checkOpen: () => void) {
    this.#location = location;
    this.#endsAt = systemClock.monotonic() + timeoutMs;
    this.#signal = signal;
    this.#checkOpen = checkOpen;
  }

  /** @throws HikyakuError `cancelled`, `deadline_exceeded` or `closed` when the call is not to be carried out any more. */
  check(): void {
    this.#checkOpen();
    if (this.#signal?.aborted === true) {
      throw new HikyakuError("cancelled", `the caller gave up: ${errorText(this.#signal.reason)}; nothing was written`);
    }
    if (systemClock.monotonic() >= this.#endsAt) throw new HikyakuError("deadline_exceeded", busyText(this.#location));
  }

  async aMoment(): Promise<void> {
    const leftMs = Math.max(0, this.#endsAt - systemClock.monotonic());
    const stepMs = Math.min(leftMs, this.#stepMs * (0.5 + Math.random()));
    this.#stepMs = Math.min(10, this.#stepMs * 2);
    await new Promise<void>((resolve) => systemClock.setTimer(resolve, stepMs));
  }
}
