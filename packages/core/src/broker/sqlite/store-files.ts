import { accessSync, type BigIntStats, closeSync, constants, openSync, rmSync, type Stats, statSync } from "node:fs";
import { dirname } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { HikyakuError } from "../../errors.ts";
import { HeldElsewhere, readOnlyError } from "./errors.ts";
import { type FileChange, secondName } from "./file-change.ts";
import { LogWatch } from "./log-watch.ts";
import { realStorePath } from "./store-path.ts";

/**
 * The three files of a store: the database, its write-ahead log and the log's index. SQLite opens them by name once.
 * When somebody removes or replaces one, SQLite goes on with the file that it opened. Everything written from then on
 * is lost. A process that opens the store afterwards makes a second log, and the two logs destroy the database. So:
 *
 * - A process opens a store without its log or index only while no other process has the file open.
 * - A process that has it open checks all three names at each commit. When one leads elsewhere, it writes nothing more
 *   and closes the store.
 */
export class StoreFiles {
  /** Where the database really lies, with all links followed. */
  readonly path: string;
  readonly #given: string;
  readonly #before: ThreeStats;
  #opened: ThreeStats | undefined;
  readonly #folder: string;
  /** Whether the name is a link. Then the file's folder does not tell where the name leads. */
  readonly #isLinked: boolean;
  #logWatch: LogWatch | undefined;
  /** The folder at the last look that found everything in its place. */
  #quietFolder: Stats | undefined;

  /**
   * Checks whether the file may be opened. Makes the folder and the file when they are missing; only the owner can read
   * the file. `leftBehind`: the log of another file that had this name before.
   * @throws HeldElsewhere while another process must close it first; `HikyakuError` for files that nobody should open;
   * what the file system throws.
   */
  constructor(given: string, isOpenElsewhere: (path: string) => boolean, leftBehind: LogIdentity | undefined) {
    this.#given = given;
    this.path = realStorePath(given);
    this.#folder = dirname(this.path);
    this.#isLinked = this.path !== given;
    const { main, log, index } = this.#look();
    if (main?.isFile() === false) throw unusable(`${this.path} is no regular file; give the path of a file`);
    if (main !== undefined && main.nlink > 1n) throw unusable(`${this.path} ${secondName}`);
    if (main !== undefined) refuseReadOnly(this.path);
    const isOfAnother = isSame(log, leftBehind) && log?.birthtimeNs === leftBehind?.birthtimeNs && log !== undefined;
    if (main === undefined || main.size === 0n || isOfAnother) {
      if (log !== undefined || index !== undefined) throw this.#withoutMain(log === undefined ? "-shm" : "-wal");
      createPrivateFile(this.path);
    } else if (log === undefined || index === undefined) {
      const missing = log === undefined ? "-wal" : "-shm";
      if (isOpenElsewhere(this.path)) {
        throw new HeldElsewhere(
          `${this.path}${missing} is missing, though another process has the file open: somebody removed it. ` +
            "Nothing is written until that process lets go; those of this library do within a second, stop any other",
        );
      }
      // Looks once more: the first look may have met the start and the end of another process.
      const now = this.#look();
      if (now.log === undefined && now.index !== undefined) throw this.#withoutLog();
    }
    this.#before = this.#look();
  }

  /**
   * Call it once SQLite has opened all of them, before anything is written.
   * @throws HeldElsewhere when the files are not those that SQLite opened, or the log is not the one that others write.
   */
  opened(connection: DatabaseSync): void {
    const now = this.#look();
    const { main, log, index } = now;
    const wasSwapped = Object.entries(this.#before).some(
      ([file, before]) => before !== undefined && !isSame(before, now[file as keyof ThreeStats]),
    );
    if (main === undefined || log === undefined || index === undefined || wasSwapped) {
      throw new HeldElsewhere(`the files of ${this.path} changed while they were being opened; nothing was written`);
    }
    if (log.dev !== main.dev) {
      throw unusable(
        `${this.path} and its log ${this.path}-wal lie on different file systems: expected both on one. ` +
          "Mount the folder that they are in, not the file alone, or each process that does so keeps a log of its own",
      );
    }
    this.#opened = now;
    this.#logWatch = new LogWatch(`${this.path}-wal`, connection);
    if (this.#logWatch.isBroken()) {
      throw new HeldElsewhere(
        `${this.path}-wal is not the log that the processes write which have the file open: somebody replaced it. ` +
          "Nothing is written until they let go; those of this library do within a second, stop any other",
      );
    }
  }

  /**
   * What is not as it was opened. Undefined when all is. A glance costs half. It misses only a change that neither
   * changes the folder's time nor takes anything from the log. Once a log is found broken, nothing of it is brought
   * into the database.
   */
  change(look: "glance" | "thorough"): FileChange | undefined {
    const change = this.#changeOfNames(look);
    if (change !== undefined || !this.#isLogBroken()) return change;
    this.#logWatch?.empty();
    return { file: "log", path: `${this.path}-wal`, how: "cut short" };
  }

  #isLogBroken(): boolean {
    try {
      return this.#logWatch?.isBroken() === true;
    } catch {
      // The call that needs the answer reports what keeps SQLite from telling.
      return false;
    }
  }

  #changeOfNames(look: "glance" | "thorough"): FileChange | undefined {
    const folder = folderOf(this.#folder);
    if (look === "glance" && this.#isQuiet(folder)) return undefined;
    const lookedAt = Date.now();
    const change = this.#thoroughChange();
    // A change in the same moment as the last one may leave the folder's time as it was.
    const isTold = change === undefined && folder !== undefined && lookedAt - folder.mtimeMs > oneMomentMs;
    this.#quietFolder = isTold ? folder : undefined;
    return change;
  }

  /** A folder's time changes when a name comes, goes or is given to another file. */
  #isQuiet(folder: Stats | undefined): boolean {
    const quiet = this.#quietFolder;
    return (
      quiet !== undefined &&
      folder?.mtimeMs === quiet.mtimeMs &&
      folder.ino === quiet.ino &&
      folder.dev === quiet.dev &&
      (!this.#isLinked || isSame(statOf(this.#given), this.#opened?.main))
    );
  }

  #thoroughChange(): FileChange | undefined {
    const { main, log, index } = this.#look();
    const opened = this.#opened;
    const { path } = this;
    if (!isSame(main, opened?.main)) return { file: "main", path, how: "removed or replaced" };
    if (main !== undefined && main.nlink > 1n) return { file: "main", path, how: "given a second name" };
    if (!isSame(log, opened?.log)) return { file: "log", path: `${path}-wal`, how: "removed or replaced" };
    if (!isSame(index, opened?.index)) return { file: "index", path: `${path}-shm`, how: "removed or replaced" };
    return undefined;
  }

  /**
   * Whether the open log can still be brought into the file without harm. It can while nothing else took the place of
   * log or index: another process might have begun to use that.
   */
  mayBringLogOver(): boolean {
    const { log, index } = this.#look();
    const isLogFree = log === undefined || log.size === 0n || isSame(log, this.#opened?.log);
    return isLogFree && (index === undefined || isSame(index, this.#opened?.index));
  }

  /**
   * Call it once all of the log is in the database. Removes names that would mislead the next process: the index of a
   * log that has no name any more, or log and index when the database has lost its name.
   */
  dropNames(): void {
    const { log, index } = this.#look();
    const opened = this.#opened;
    const hasLog = log !== undefined && isSame(log, opened?.log);
    if (hasLog && this.#hasName()) return;
    if (hasLog) rmSync(`${this.path}-wal`, { force: true });
    if (index !== undefined && isSame(index, opened?.index)) rmSync(`${this.path}-shm`, { force: true });
  }

  /** The log, if it still has its name and the database has not. */
  get leftBehind(): LogIdentity | undefined {
    const { log } = this.#look();
    return isSame(log, this.#opened?.log) && !this.#hasName() ? log : undefined;
  }

  #hasName(): boolean {
    return isSame(statOf(this.path), this.#opened?.main);
  }

  /** Call it once SQLite has closed all of them. */
  close(): void {
    this.#logWatch?.close();
    this.#logWatch = undefined;
  }

  #look(): ThreeStats {
    // By the given name: the next process opens the file that it leads to.
    return { main: statOf(this.#given), log: statOf(`${this.path}-wal`), index: statOf(`${this.path}-shm`) };
  }

  #withoutMain(left: "-wal" | "-shm"): HeldElsewhere {
    return new HeldElsewhere(
      `${this.path} was removed or replaced, but the ${this.path}${left} of before is still there. A process of this ` +
        "library that has it open lets go within a second; else put the file back, or remove its -wal and -shm as well. " +
        "Nothing was written",
    );
  }

  #withoutLog(): HikyakuError {
    return new HikyakuError(
      "broker_unavailable",
      `${this.path}-wal was removed while the store was in use, and what was accepted last lay in it: those tasks may be lost. ` +
        `Put it back, or remove ${this.path}-shm to go on with what the file holds. Nothing was written`,
    );
  }
}

/** Tells a file from any other of the same name, even from one that got its inode number after it was gone. */
export type LogIdentity = Pick<BigIntStats, "ino" | "dev" | "birthtimeNs">;

type FileNumber = Pick<BigIntStats, "ino" | "dev">;

interface ThreeStats {
  readonly main: BigIntStats | undefined;
  readonly log: BigIntStats | undefined;
  readonly index: BigIntStats | undefined;
}

/** Longer than one tick of a file system's clock. */
const oneMomentMs = 50;

/** SQLite opens a file read-only when it may not write, and says so only at the first write. */
function refuseReadOnly(path: string): void {
  try {
    accessSync(path, constants.W_OK);
  } catch {
    throw readOnlyError(`SQLite file ${path}`);
  }
}

function unusable(text: string): HikyakuError {
  return new HikyakuError("store_rejected", `${text}. Nothing was written`);
}

function isSame(one: FileNumber | undefined, other: FileNumber | undefined): boolean {
  return one?.ino === other?.ino && one?.dev === other?.dev;
}

function folderOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** Undefined also when it can't be looked at: other processes can't be expected to find it there either. */
function statOf(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function createPrivateFile(path: string): void {
  try {
    // Never opens an existing file: closing it would drop this process's locks on it.
    closeSync(openSync(path, "wx", 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}
