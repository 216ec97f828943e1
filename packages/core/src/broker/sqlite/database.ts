import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from "node:sqlite";
import { isBusy, noWalError } from "./errors.ts";
import type { FileChange } from "./file-change.ts";
import { LogFlush } from "./log-flush.ts";
import { migrate } from "./migrate.ts";
import { type LogIdentity, StoreFiles } from "./store-files.ts";

// No import: a Node.js without the module could not even link the program, and could not say what is wrong.
const sqlite = process.getBuiltinModule("node:sqlite");
if (sqlite === undefined) {
  throw new Error('hikyaku/sqlite: expected the module "node:sqlite"; this runtime has none, or was told to hide it');
}

export type Row = Record<string, SQLOutputValue>;
export type Values = readonly SQLOutputValue[];

export const inMemory = ":memory:";

/**
 * How long SQLite itself sleeps on another process's lock. It blocks the event loop meanwhile, so this covers only the
 * usual short commit. The write queue waits longer, without blocking.
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
   * Opens the file and brings its tables up to date. Creates the folder and the file when they are missing; only the
   * owner can read the file. `leftBehind` as for `StoreFiles`.
   * @throws what SQLite, the file system and `StoreFiles` throw, and `store_rejected` for a file that isn't ours to
   * use.
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
      // With FULL the event loop would wait for the disk at each commit. `flushed` asks the same of the disk, in
      // another thread. With NORMAL, SQLite still does all else that keeps the file sound.
      connection.exec("PRAGMA synchronous = NORMAL");
      // On macOS an ordinary flush stops at the drive's own memory, and the log could be overwritten before the file is
      // safe.
      connection.exec("PRAGMA checkpoint_fullfsync = ON");
      // 8 MiB. A commit that has balanced a tree walks the whole cache, so a larger one costs more than it saves.
      connection.exec("PRAGMA cache_size = -8192");
      connection.exec("PRAGMA journal_size_limit = 67108864");
      migrate(connection, path);
      // Without this, savepoints and RETURNING would use files of their own. Both need as much room as a call, or an
      // aggregation set that goes back to its group. It comes after the migration: the sorting there has no bound.
      connection.exec("PRAGMA temp_store = MEMORY");
      // The check of a task's state makes SQLite build a B-tree of all states for each row that is written. This
      // library writes only literals of a typed union. The check still holds for other programs on this file.
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

  /** What is not as it was opened. Undefined while all is. It never goes back to undefined. */
  change(look: "glance" | "thorough"): FileChange | undefined {
    // After the close, the last process on the file may have removed the other two files itself.
    if (!this.#isClosed) this.#change ??= this.#files?.change(look);
    return this.#change;
  }

  /**
   * For a store that lost one of its names: brings the rest of the log into the file, before the last process closes
   * it. Returns whether all of it is in the file now.
   */
  saveLog(): boolean {
    if (this.#isClosed || this.#files?.mayBringLogOver() !== true) return this.#isSaved;
    for (let tries = 0; tries < mostTriesToSave && !this.#isSaved; tries++) {
      // Other processes notice the same at the same time, and do the same.
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
      // The next opening of the store reports the rest and waits for it.
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

  /** The log, if it outlived the name of its file. */
  get leftBehind(): LogIdentity | undefined {
    return this.#files?.leftBehind;
  }

  /** False also when SQLite itself gave up the transaction, as it does on a full disk. */
  get isTransaction(): boolean {
    return this.#connection.isTransaction;
  }

  run(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#prepared(sql).run(...values).changes);
  }

  /** As `run`. The statement uses the named values by name, as often as it likes; the others follow. */
  runNamed(sql: string, named: Record<string, SQLInputValue>, values: readonly SQLInputValue[]): number {
    return Number(this.#prepared(sql).run(named, ...values).changes);
  }

  get(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#prepared(sql).get(...values);
  }

  /** As `all`, but each row is a list of values. For many rows or wide ones: names cost. */
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

  /** Undoes the open transaction, if there is one. */
  rollback(): void {
    if (this.isTransaction) this.run("ROLLBACK");
  }

  close(): void {
    // When two processes close at the same time, neither may be the last one for SQLite. It then leaves the log as it
    // is.
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

/** Only a process that is alone on a file gets the whole of it. This probe changes nothing. */
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
