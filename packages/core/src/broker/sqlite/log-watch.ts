import { closeSync, fstatSync, ftruncateSync, openSync, readSync } from "node:fs";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { isBusy, isLogUnreadable } from "./errors.ts";

const logHeaderSize = 32;
const frameHeaderSize = 24;
/** Where the two numbers lie that a log carries from its beginning. Each of its frames repeats them. */
const logSaltsAt = 16;
const frameSaltsAt = 8;
/** The first four bytes of each log, without the lowest bit. */
const logMagic = 0x377f0682;
/** Another process may begin the log anew between two of the questions, but not each time. */
const mostLooks = 3;

/**
 * Looks whether the log of an open store holds all the frames that its index names. If somebody cuts the log short, no
 * name changes, and the next commit goes on at its old place: the log is then as long as before, with a hole.
 *
 * SQLite takes no locks on the log. So closing the log here releases none of SQLite's locks.
 */
export class LogWatch {
  readonly #descriptor: number;
  readonly #frames: StatementSync | undefined;
  readonly #frameSize: number;
  readonly #header = Buffer.alloc(logHeaderSize);
  readonly #salts = Buffer.alloc(8);
  /** A frame that was there at the last look. These numbers mark its log. */
  #knownFrame = 0;
  #knownSalts = 0n;

  /** @throws what the file system and SQLite throw. */
  constructor(path: string, connection: DatabaseSync) {
    const pageSize = Number(connection.prepare("PRAGMA page_size").get()?.["page_size"]);
    this.#frameSize = frameHeaderSize + pageSize;
    this.#frames = canAskLog ? connection.prepare("PRAGMA wal_checkpoint(NOOP)") : undefined;
    this.#frames?.setReturnArrays(true);
    this.#descriptor = openSync(path, "r+");
  }

  /**
   * Whether something is missing from the log. Takes about 5 µs; not inside a transaction.
   * @throws what SQLite throws, unless it says that the log can't be read.
   */
  isBroken(): boolean {
    for (let look = 0; look < mostLooks; look++) {
      if (this.#isWhole()) return false;
    }
    return true;
  }

  #isWhole(): boolean {
    let frames: number;
    try {
      frames = Number((this.#frames?.get() as unknown as readonly unknown[] | undefined)?.[1] ?? 0);
    } catch (error) {
      if (isBusy(error)) return true;
      // SQLite itself may find that the log lacks frames that its index names.
      if (isLogUnreadable(error)) return false;
      throw error;
    }
    // Asked after the index: a log that grows meanwhile has more frames than the index names, never fewer.
    const size = fstatSync(this.#descriptor).size;
    if (frames === 0 && (this.#frames !== undefined || size === 0)) return true;
    if (size < logHeaderSize + frames * this.#frameSize) return false;
    readSync(this.#descriptor, this.#header, 0, logHeaderSize, 0);
    if (((this.#header.readUInt32BE(0) ^ logMagic) & ~1) !== 0) return false;
    const salts = this.#header.readBigUInt64BE(logSaltsAt);
    const isGrown = salts === this.#knownSalts && frames > this.#knownFrame && this.#knownFrame > 0;
    if (isGrown && this.#saltsOf(this.#knownFrame) !== salts) return false;
    this.#knownFrame = frames;
    this.#knownSalts = salts;
    return true;
  }

  #saltsOf(frame: number): bigint {
    readSync(this.#descriptor, this.#salts, 0, 8, logHeaderSize + (frame - 1) * this.#frameSize + frameSaltsAt);
    return this.#salts.readBigUInt64BE(0);
  }

  /**
   * Keeps SQLite from bringing the rest of a broken log into the database: half of it would make the database unsound.
   */
  empty(): void {
    ftruncateSync(this.#descriptor);
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

/** Before 3.51 the same statement would bring the log over. A wrong log would then destroy the database. */
const canAskLog = isAtLeast(process.versions["sqlite"] ?? "0", 3, 51);

function isAtLeast(version: string, major: number, minor: number): boolean {
  const [ownMajor = 0, ownMinor = 0] = version.split(".").map(Number);
  return ownMajor > major || (ownMajor === major && ownMinor >= minor);
}
