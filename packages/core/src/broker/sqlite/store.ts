import { resolve } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { HikyakuError } from "../../errors.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Reachability } from "../broker.ts";
import { type CallOptions, checkCallOptions } from "../call-options.ts";
import { ChangeWatch } from "./change-watch.ts";
import { Database, inMemory } from "./database.ts";
import {
  commitError,
  damagedError,
  isBusy,
  isConnectionLost,
  isDamaged,
  isStoreFailing,
  notOnDiskError,
  refusedError,
  storeError,
} from "./errors.ts";
import { changedAfterCommitError, changedError, type FileChange } from "./file-change.ts";
import { type QueuedWrite, type Ran, runAll } from "./queued-write.ts";
import type { LogIdentity } from "./store-files.ts";
import { StoreHealth } from "./store-health.ts";
import type { Transaction } from "./transaction.ts";
import { Wait } from "./wait.ts";

/** The work of one commit. So one long list can't keep the event loop and other processes waiting. */
const itemsPerCommit = 500;
/**
 * After this much work, the log is brought into the file, in a turn of its own. SQLite would do so a little later, at
 * the end of a commit, and the event loop would wait for both.
 */
const itemsPerCheckpoint = 3_000;
/** A commit with less work leaves hardly anything to do while the disk stores it. */
const itemsWorthAThread = 32;
/** How soon an idle process notices that a file of the store was removed, and saves what lay in it. */
const lookMs = 200;
/** A lock that another process holds for so long keeps everybody from writing. */
const longLockMs = 1_000;
/** How long a call waits for a lock that was held too long for earlier calls. */
const awayPatienceMs = 500;

/**
 * The file and the way to it. All writes of a turn of the event loop share one commit, so many small calls cost one
 * sync of the disk. Each call still succeeds or fails alone. Waiting for another process's lock does not block.
 *
 * Opens the file when it is made. After a failure it opens the file again, with the next call and by itself, less and
 * less often, at least once a second.
 */
export class Store {
  readonly location: string;
  readonly clock: Clock;
  readonly changes: ChangeWatch;
  readonly #path: string;
  readonly #commandTimeoutMs: number;
  readonly #writes: QueuedWrite[] = [];
  readonly #health: StoreHealth;
  readonly #waited: ConstructorParameters<typeof Wait>[0];
  #database: Database | undefined;
  #leftBehind: LogIdentity | undefined;
  /** Why nothing is written into this file any more, though parts of it might still accept writes. */
  #damage: HikyakuError | undefined;
  #lookTimer: NodeJS.Timeout | undefined;
  #draining: Promise<void> | undefined;
  readonly #answering = new Map<Promise<void>, readonly QueuedWrite[]>();
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
    this.#health = new StoreHealth(this.clock, () => this.#tryOut());
    this.#waited = {
      location: this.location,
      checkOpen: () => {
        if (this.#closed) throw this.#closedError();
      },
      onGivenUp: (error, waitedMs) => {
        if (waitedMs >= longLockMs || !this.reachability.reachable) this.#health.failed(error);
      },
    };
    try {
      this.#open();
    } catch {
      // `reachability` keeps the error as its reason. The next call tries again and hears of it.
    }
  }

  get reachability(): Reachability {
    return this.#health.reachability;
  }

  onReachability(listener: (reachability: Reachability) => void): () => void {
    return this.#health.onReachability(listener);
  }

  /** Runs `job` outside a transaction: one statement sees one state of the file. */
  async read<T>(call: CallOptions | undefined, job: (db: Database) => T): Promise<T> {
    const wait = this.#wait(call);
    for (;;) {
      wait.check();
      let obstacle: unknown;
      try {
        return job(this.#open());
      } catch (error) {
        if (!isBusy(error)) throw this.#failed(error);
        obstacle = error;
      }
      await wait.aMoment(obstacle);
    }
  }

  /** Reads at once if that needs no waiting. Undefined otherwise. */
  peek<T>(job: (db: Database) => T): T | undefined {
    try {
      return this.#database === undefined ? undefined : job(this.#database);
    } catch (error) {
      if (!isBusy(error)) this.#failed(error);
      return undefined;
    }
  }

  /**
   * Runs `job` inside the next commit and answers once that is on disk. `job` may run more than once, so it changes
   * nothing but the file. `items` is the size of the work.
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

  /** Ends calls that are under way, refuses queued ones, and closes the file. */
  async close(): Promise<void> {
    if (!this.#closed) {
      this.#closed = true;
      for (const write of this.#writes.splice(0)) write.reject(this.#closedError());
      this.#health.close();
      this.changes.wake();
    }
    await this.#draining;
    await this.#answered();
    clearInterval(this.#lookTimer);
    const database = this.#database;
    this.#database = undefined;
    database?.close();
  }

  /** Resolves when all commits are answered or given up: a disk may hang for ever. */
  async #answered(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, this.#commandTimeoutMs);
    });
    await Promise.race([Promise.all(this.#answering.keys()), patience]);
    clearTimeout(timer);
    for (const writes of this.#answering.values()) this.#giveUp(writes);
  }

  #giveUp(writes: readonly QueuedWrite[]): void {
    const error = notOnDiskError(this.location);
    for (const write of writes) write.reject(error);
    this.#health.failed(error);
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

  /** Others may read and write meanwhile. Frames that it can't bring over because of them stay for the next time. */
  async #checkpoint(): Promise<void> {
    this.#itemsSinceCheckpoint = 0;
    await nextTurn();
    this.#lookAtFiles();
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
      let obstacle: unknown;
      try {
        this.#commitNow(this.#open(), ready);
        return;
      } catch (error) {
        if (!isBusy(error)) {
          const failure = this.#failed(error);
          for (const write of ready) write.reject(failure);
          return;
        }
        obstacle = error;
      }
      await first.wait.aMoment(obstacle);
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

  /**
   * @throws HikyakuError `answer_lost` when nobody knows whether the commit happened. After any other error, nothing
   * was committed.
   */
  #commitNow(db: Database, writes: readonly QueuedWrite[]): void {
    this.#refuseChanged(db);
    if (this.#damage !== undefined) throw this.#damage;
    db.run("BEGIN IMMEDIATE");
    let ran: Ran;
    try {
      ran = runAll(db, writes, this.clock, this.location);
    } catch (error) {
      db.rollback();
      throw error;
    }
    try {
      db.run("COMMIT");
    } catch (error) {
      db.rollback();
      const failure = commitError(error, this.location);
      if (failure instanceof HikyakuError) this.#lost(failure);
      throw failure;
    }
    if (ran.wake) this.changes.announce();
    const answering = this.#answer(db, writes, ran).finally(() => this.#answering.delete(answering));
    this.#answering.set(answering, writes);
    if (ran.trouble !== undefined) this.#failed(ran.trouble);
  }

  /**
   * Answers the writes once they are on the disk, in a file that the next process will find. The next commits go on
   * meanwhile.
   */
  async #answer(db: Database, writes: readonly QueuedWrite[], ran: Ran): Promise<void> {
    try {
      await db.flushed(writes.reduce((sum, { items }) => sum + items, 0) < itemsWorthAThread);
      const change = db.change("glance");
      if (change !== undefined && !this.#letGo(db, change)) throw changedAfterCommitError(change, this.location);
    } catch (error) {
      const failure = storeError(error, this.location);
      for (const write of writes) write.reject(failure);
      if (this.#database === db) this.#lost(failure);
      return;
    }
    const isWell = ran.trouble === undefined && this.#damage === undefined;
    if (this.#database === db && isWell) this.#health.worked();
    for (const answer of ran.answers) answer();
  }

  #open(): Database {
    if (this.#closed) throw this.#closedError();
    if (this.#database !== undefined) return this.#database;
    const { refusal } = this.#health;
    if (refusal !== undefined) throw refusedError(refusal, this.location);
    try {
      this.#database = new Database(this.#path, this.#leftBehind);
    } catch (error) {
      if (!isBusy(error)) this.#lost(storeError(error, this.location));
      throw error;
    }
    clearInterval(this.#lookTimer);
    if (this.#path !== inMemory) {
      this.#lookTimer = setInterval(() => this.#look(), lookMs).unref();
    }
    this.#leftBehind = undefined;
    this.#health.opened();
    return this.#database;
  }

  #failed(thrown: unknown): HikyakuError {
    const error = storeError(thrown, this.location);
    if (isDamaged(thrown)) this.#damage ??= damagedError(error);
    // A transaction that could not even be undone blocks the next one.
    if (isConnectionLost(thrown) || this.#database?.isTransaction === true) this.#lost(error);
    else if (isStoreFailing(thrown)) this.#health.failed(error);
    return error;
  }

  #refuseChanged(db: Database): void {
    const change = db.change("glance");
    if (change !== undefined) throw changedError(change, this.location, this.#letGo(db, change));
  }

  /** Checks what no call would notice by itself. */
  #look(): void {
    this.#lookAtFiles();
    for (const writes of this.#answering.values()) {
      const overdue = writes.filter(({ wait }) => wait.isOver);
      if (overdue.length > 0) this.#giveUp(overdue);
    }
  }

  #lookAtFiles(): void {
    const db = this.#database;
    const change = db?.change("thorough");
    if (db !== undefined && change !== undefined) this.#letGo(db, change);
  }

  /** Closes files that are not in their place any more. Returns whether all commits are safe nevertheless. */
  #letGo(db: Database, change: FileChange): boolean {
    const isSaved = change.file !== "index" && change.how === "removed or replaced" && db.saveLog();
    this.#leftBehind ??= db.leftBehind;
    // The next file to be opened is another one, or this one without what its log had lost.
    this.#damage = undefined;
    if (this.#database === db) this.#lost(changedError(change, this.location, isSaved));
    return isSaved && change.file === "log";
  }

  /** Closes the connection until it is opened anew. */
  #lost(reason: HikyakuError): void {
    const database = this.#database;
    this.#database = undefined;
    try {
      database?.close();
    } catch {
      // The connection is of no use anyway. The reason is reported below.
    }
    this.#health.failed(reason);
    this.changes.wake();
  }

  /** Only a write shows whether the store is well: many a store that fails can still be read. */
  async #tryOut(): Promise<void> {
    try {
      await this.write({ timeoutMs: awayPatienceMs }, 1, ({ db }) => {
        db.get("SELECT (SELECT max(number) FROM tasks), (SELECT max(name) FROM queues)");
        db.run("UPDATE claims SET number = number");
      });
    } catch {
      // The call that failed has already told the store's health.
    }
  }

  #wait(call: CallOptions | undefined): Wait {
    if (call !== undefined) checkCallOptions(call);
    const timeoutMs = call?.timeoutMs ?? this.#commandTimeoutMs;
    const patienceMs = this.reachability.reachable ? timeoutMs : Math.min(timeoutMs, awayPatienceMs);
    return new Wait(this.#waited, patienceMs, call?.signal);
  }

  #closedError(): HikyakuError {
    return new HikyakuError("closed", `${this.location}: the broker was closed; make a new one`);
  }
}
