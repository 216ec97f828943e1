import { type BigIntStats, closeSync, mkdirSync, openSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type SQLInputValue, type SQLOutputValue, type StatementSync } from "node:sqlite";
import { LogFlush } from "./log-flush.ts";
import { migrate } from "./migrate.ts";

export type Row = Record<string, SQLOutputValue>;
export type Values = readonly SQLOutputValue[];

export const inMemory = ":memory:";

/**
 * How long SQLite itself sleeps on another process's lock. It blocks the event loop meanwhile, so this covers only the
 * usual short commit; longer waits are the write queue's, which waits without blocking.
 */
const blockingWaitMs = 2;

/** One open connection with its prepared statements. */
export class Database {
  readonly #path: string;
  readonly #file: BigIntStats | undefined;
  readonly #connection: DatabaseSync;
  readonly #log: LogFlush | undefined;
  readonly #statements = new Map<string, StatementSync>();
  readonly #arrayStatements = new Map<string, StatementSync>();

  /**
   * Opens the file and brings its tables up to date. Creates the folder and, readable by its owner only, the file.
   * Throws what SQLite and the file system throw, and `store_rejected` for a file that isn't ours to use.
   */
  constructor(path: string) {
    if (path !== inMemory) createPrivateFile(path);
    const connection = new DatabaseSync(path, { timeout: blockingWaitMs, enableForeignKeyConstraints: false });
    try {
      connection.exec("PRAGMA journal_mode = WAL");
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
      throw error;
    }
    this.#connection = connection;
    this.#path = path;
    this.#file = statOf(path);
    this.#log = path === inMemory ? undefined : new LogFlush(`${path}-wal`);
  }

  /** As `LogFlush.flushed`. */
  async flushed(isSmall: boolean): Promise<void> {
    await this.#log?.flushed(isSmall);
  }

  /**
   * Whether the path still leads to the file that was opened. SQLite would go on writing into a file that somebody
   * removed, and everything accepted from then on would be lost.
   */
  isInPlace(): boolean {
    const now = statOf(this.#path);
    return now?.ino === this.#file?.ino && now?.dev === this.#file?.dev;
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

  close(): void {
    this.#statements.clear();
    this.#arrayStatements.clear();
    this.#log?.close();
    this.#connection.close();
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

function createPrivateFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  try {
    // Never opens a file that is there: closing it again would drop the locks that this process holds on it.
    closeSync(openSync(path, "wx", 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

function statOf(path: string): BigIntStats | undefined {
  return path === inMemory ? undefined : statSync(path, { bigint: true, throwIfNoEntry: false });
}
