import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from "node:sqlite";
import { isBusy, noWalError } from "./errors.ts";
import type { FileChange } from "./file-change.ts";
import { LogFlush } from "./log-flush.ts";
import { migrate } from "./migrate.ts";
import { type LogIdentity, StoreFiles } from "./store-files.ts";

// Not by an import: a Node.js without it could not even link the program, and would not get to say what is wrong.
const sqlite = process.getBuiltinModule("node:sqlite");
if (sqlite === undefined) {
  throw new Error('hikyaku/sqlite: expected the module "node:sqlite"; this runtime has none, or was told to hide it');
}

export type Row = Record<string, SQLOutputValue>;
export type Values = readonly SQLOutputValue[];

export const inMemory = ":memory:";

/**
 * How long SQLite itself sleeps on another process's lock. It blocks the event loop meanwhile, so this covers only the
 * usual short commit; longer waits are the write queue's, which waits without blocking.
 */
const blockingWaitMs = 2;
const mostTriesToSave = 20;
const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** One open connection with its prepared statements. */
export class Database {
  readonly #files: StoreFiles | undefined;
  readonly #connection: DatabaseSync;
  readonly #log: LogFlush | undefined;
  readonly #statements = new Map<string, StatementSync>();
  readonly #arrayStatements = new Map<string, StatementSync>();
  #change: FileChange | undefined;
  #isSaved = false;
  #isClosed = false;

  /**
   * Opens the file and brings its tables up to date. Creates the folder and, readable by its owner only, the file.
   * `leftBehind` as for `StoreFiles`.
   * Throws what SQLite, the file system and `StoreFiles` throw, and `store_rejected` for a file that isn't ours to use.
   */
  constructor(path: string, leftBehind?: LogIdentity) {
    const files = path === inMemory ? undefined : new StoreFiles(path, isOpenElsewhere, leftBehind);
    const place = files?.path ?? path;
    const connection = new sqlite.DatabaseSync(place, { timeout: blockingWaitMs, enableForeignKeyConstraints: false });
    try {
      const mode = connection.prepare("PRAGMA journal_mode = WAL").get()?.["journal_mode"];
      if (files !== undefined && mode !== "wal") throw noWalError(path, String(mode));
      connection.prepare("SELECT count(*) FROM sqlite_schema").get();
      files?.opened(connection);
      // With FULL the event loop would wait for the disk at each commit. `flushed` asks the same of it, in another thread;
      // all else that keeps the file sound SQLite does with NORMAL too.
      connection.exec("PRAGMA synchronous = NORMAL");
      // On macOS alone an ordinary flush stops at the drive's own memory, and the log may be overwritten before the file is safe.
      connection.exec("PRAGMA checkpoint_fullfsync = ON");
      // 8 MiB. A commit walks the whole cache when it has balanced a tree, so a larger one costs more than it saves.
      connection.exec("PRAGMA cache_size = -8192");
      connection.exec("PRAGMA journal_size_limit = 67108864");
      migrate(connection, path);
      // What a savepoint can undo, and what RETURNING gathers, would go through files of their own. Both are as large as a
      // call is, or as an aggregation set that goes back to its group; the sorting of a migration has no bound, hence only now.
      connection.exec("PRAGMA temp_store = MEMORY");
      // SQLite builds a B-tree of the states that a task may have for each row that is written, to compare one with them;
      // what this library writes are literals of a typed union. Other programs on this file are held to the check still.
      connection.exec("PRAGMA ignore_check_constraints = ON");
    } catch (error) {
      connection.close();
      files?.close();
      throw error;
    }
    this.#connection = connection;
    this.#files = files;
    this.#log = files === undefined ? undefined : new LogFlush(`${files.path}-wal`);
  }

  /** As `LogFlush.flushed`. */
  async flushed(isSmall: boolean): Promise<void> {
    await this.#log?.flushed(isSmall);
  }

  /** What is not as it was opened; undefined while all is. Once it is something, it stays that. */
  change(look: "glance" | "thorough"): FileChange | undefined {
    // Once closed, the last process on the file has removed the other two itself.
    if (!this.#isClosed) this.#change ??= this.#files?.change(look);
    return this.#change;
  }

  /**
   * For a store that lost one of its names: brings what lies only in the log into the file, before the last process lets go of it.
   * Whether all of it is in the file now.
   */
  saveLog(): boolean {
    if (this.#isClosed || this.#files?.mayBringLogOver() !== true) return this.#isSaved;
    for (let tries = 0; tries < mostTriesToSave && !this.#isSaved; tries++) {
      // Others notice the same at the same time, and do the same.
      if (tries > 0) Atomics.wait(sleeper, 0, 0, blockingWaitMs);
      this.#isSaved = this.#bringLogOver();
    }
    if (this.#isSaved) this.#dropNames();
    return this.#isSaved;
  }

  #dropNames(): void {
    try {
      this.#files?.dropNames();
    } catch {
      // What is left is told of, and waited for, where the store is opened next.
    }
  }

  #bringLogOver(): boolean {
    try {
      const { busy, log, checkpointed } = this.get("PRAGMA wal_checkpoint(PASSIVE)") ?? {};
      return busy === 0 && log === checkpointed;
    } catch {
      return false;
    }
  }

  /** The log, where it outlived the name of its file. */
  get leftBehind(): LogIdentity | undefined {
    return this.#files?.leftBehind;
  }

  /** False also when SQLite gave up the transaction by itself, as it does on a full disk. */
  get isTransaction(): boolean {
    return this.#connection.isTransaction;
  }

  run(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#prepared(sql).run(...values).changes);
  }

  /** As `run`, with values that the statement uses by name, also more than once, before the others. */
  runNamed(sql: string, named: Record<string, SQLInputValue>, values: readonly SQLInputValue[]): number {
    return Number(this.#prepared(sql).run(named, ...values).changes);
  }

  get(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#prepared(sql).get(...values);
  }

  /** As `all`, each row as the values of its columns in their order: for many rows or wide ones, where names cost. */
  rows(sql: string, ...values: SQLInputValue[]): SQLOutputValue[][] {
    let statement = this.#arrayStatements.get(sql);
    if (statement === undefined) {
      statement = this.#connection.prepare(sql);
      statement.setReturnArrays(true);
      this.#arrayStatements.set(sql, statement);
    }
    return statement.all(...values) as unknown as SQLOutputValue[][];
  }

  all(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#prepared(sql).all(...values);
  }

  /** Undoes the transaction that is open, if any. */
  rollback(): void {
    if (this.isTransaction) this.run("ROLLBACK");
  }

  close(): void {
    // Two that let go at the same time may both not be the last for SQLite, which then leaves the log as it is.
    if (this.change("thorough")?.how === "removed or replaced") this.saveLog();
    this.#isClosed = true;
    this.#statements.clear();
    this.#arrayStatements.clear();
    this.#log?.close();
    this.#connection.close();
    this.#files?.close();
  }

  #prepared(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#connection.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

/** Only whoever is alone on a file gets the whole of it; a probe like this changes nothing. */
function isOpenElsewhere(path: string): boolean {
  const probe = new sqlite.DatabaseSync(path, { timeout: blockingWaitMs });
  try {
    probe.exec("PRAGMA locking_mode = EXCLUSIVE");
    probe.exec("BEGIN EXCLUSIVE");
    probe.exec("ROLLBACK");
    return false;
  } catch (error) {
    if (isBusy(error)) return true;
    throw error;
  } finally {
    probe.close();
  }
}
