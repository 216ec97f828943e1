import { errorText, HikyakuError } from "../../errors.ts";

/** SQLite's primary result codes that mean more to us than "refused". */
const sqliteCode = {
  error: 1,
  permission: 3,
  busy: 5,
  locked: 6,
  noMemory: 7,
  readOnly: 8,
  ioError: 10,
  corrupt: 11,
  full: 13,
  cantOpen: 14,
  protocol: 15,
  tooBig: 18,
  largeFiles: 22,
  authorization: 23,
  notADatabase: 26,
} as const;

/** After these the file is opened anew: perhaps only this connection is broken. */
const endsConnection: ReadonlySet<number> = new Set([
  sqliteCode.permission,
  sqliteCode.readOnly,
  sqliteCode.ioError,
  sqliteCode.cantOpen,
  sqliteCode.protocol,
  sqliteCode.largeFiles,
  sqliteCode.authorization,
  sqliteCode.notADatabase,
]);

/** These concern the store and not the call: any other call would have met them too. */
const isAboutStore: ReadonlySet<number> = new Set([
  ...endsConnection,
  sqliteCode.noMemory,
  sqliteCode.corrupt,
  sqliteCode.full,
]);

/** A `COMMIT` that fails with one of these did not write the end of the transaction. */
const endsBeforeLog: ReadonlySet<number> = new Set([
  sqliteCode.busy,
  sqliteCode.locked,
  sqliteCode.readOnly,
  sqliteCode.corrupt,
  sqliteCode.full,
  sqliteCode.notADatabase,
]);
/** SQLITE_IOERR_WRITE: the system wrote less than all of it. */
const couldNotWrite = 778;
/** SQLITE_IOERR_SHORT_READ: the file ends too early. */
const shortRead = 522;

/** Another process must close the file before it may be opened. Waited for like a lock. */
export class HeldElsewhere extends Error {}

/** SQLite's primary result code of a thrown value; undefined when it did not come from SQLite. */
function resultCode(thrown: unknown): number | undefined {
  const code = extendedCode(thrown);
  // The upper bytes say more about the same error.
  return code === undefined ? undefined : code & 0xff;
}

function extendedCode(thrown: unknown): number | undefined {
  return thrown instanceof Error && "errcode" in thrown && typeof thrown.errcode === "number"
    ? thrown.errcode
    : undefined;
}

/** Whether SQLite found parts of the file that contradict each other. */
export function isDamaged(thrown: unknown): boolean {
  return resultCode(thrown) === sqliteCode.corrupt;
}

/** Whether SQLite read less than it had written, or something else. */
export function isLogUnreadable(thrown: unknown): boolean {
  const code = resultCode(thrown);
  return code === sqliteCode.corrupt || code === sqliteCode.notADatabase || extendedCode(thrown) === shortRead;
}

/** Whether another connection holds what we need. The same call may then succeed in a moment. */
export function isBusy(thrown: unknown): boolean {
  const code = resultCode(thrown);
  return code === sqliteCode.busy || code === sqliteCode.locked || thrown instanceof HeldElsewhere;
}

/** Whether this connection is of no use any more, so that the file has to be opened anew. */
export function isConnectionLost(thrown: unknown): boolean {
  return endsConnection.has(resultCode(thrown) ?? 0) || isSchemaGone(thrown);
}

/** Whether the store itself can't be used, so that other calls should fail too. */
export function isStoreFailing(thrown: unknown): boolean {
  return isAboutStore.has(resultCode(thrown) ?? 0) || isSchemaGone(thrown);
}

/** Our statements name only what our migrations made. */
function isSchemaGone(thrown: unknown): boolean {
  return resultCode(thrown) === sqliteCode.error && /^no such (table|column)/.test(errorText(thrown));
}

/**
 * Turns an error that SQLite or the file system threw before a commit into a `HikyakuError`. Nothing of the call was
 * written, whatever the error. Only this and `commitError` translate such errors.
 */
export function storeError(thrown: unknown, location: string): HikyakuError {
  if (thrown instanceof HikyakuError) return thrown;
  const text = errorText(thrown);
  const cause = { cause: thrown };
  if (thrown instanceof HeldElsewhere) return new HikyakuError("broker_unavailable", text);
  switch (resultCode(thrown)) {
    case sqliteCode.busy:
    case sqliteCode.locked:
      return new HikyakuError("broker_unavailable", busyText(location), cause);
    case sqliteCode.ioError:
    case sqliteCode.cantOpen:
    case sqliteCode.permission:
    case sqliteCode.protocol:
    case sqliteCode.largeFiles:
    case sqliteCode.authorization:
      return new HikyakuError(
        "broker_unavailable",
        `${location} can't be read or written: ${text}; nothing was written. ` +
          "Check that the folder exists, is writable and not full",
        cause,
      );
    case sqliteCode.corrupt:
    case sqliteCode.notADatabase:
      return new HikyakuError(
        "corrupt_data",
        `${location} is not a sound SQLite database: ${text}; nothing was written. ` +
          "Restore it from a copy, or move it away to start anew",
        cause,
      );
    case sqliteCode.full:
      return new HikyakuError("store_rejected", `${location}: the disk is full; nothing was written`, cause);
    case sqliteCode.noMemory:
      return new HikyakuError("store_rejected", `${location}: SQLite got no memory; nothing was written`, cause);
    case sqliteCode.readOnly:
      return readOnlyError(location, thrown);
    case sqliteCode.tooBig:
      return new HikyakuError(
        "store_rejected",
        `${location}: the task is larger than SQLite can hold (1 GB); nothing was written`,
        cause,
      );
    case undefined:
      return isFileError(thrown)
        ? new HikyakuError("broker_unavailable", `${location} can't be opened: ${text}; nothing was written`, cause)
        : new HikyakuError("store_rejected", `${location}: ${text}; nothing was written`, cause);
    default:
      return new HikyakuError("store_rejected", `${location} refused the call: ${text}; nothing was written`, cause);
  }
}

/**
 * Translates what a `COMMIT` threw. The end of the transaction is written last into the log. An error before that, or
 * one that keeps the log from growing, means that nothing was committed. After any other error the log may hold the
 * whole transaction, and the next process that recovers the log would carry it out.
 */
export function commitError(thrown: unknown, location: string): unknown {
  if (endsBeforeLog.has(resultCode(thrown) ?? 0) || extendedCode(thrown) === couldNotWrite) return thrown;
  return new HikyakuError(
    "answer_lost",
    `${location}: SQLite failed at the end of a commit: ${errorText(thrown)}; it may have been stored or not: ` +
      "look after the disk, and whether the task is there before you enqueue it again",
    { cause: thrown },
  );
}

/** For calls that were committed but not brought onto the disk within their time. */
export function notOnDiskError(location: string): HikyakuError {
  return new HikyakuError(
    "deadline_exceeded",
    `${location}: the disk has not stored what was committed in the time for this call; it may have been stored or not. ` +
      "Look after the disk, and whether the task is there before you enqueue it again",
  );
}

/** For calls that are not tried because the last ones failed: of these, nothing was written whatever became of those. */
export function refusedError(reason: HikyakuError, location: string): HikyakuError {
  if (reason.code !== "answer_lost") return new HikyakuError(reason.code, reason.message, { cause: reason });
  return new HikyakuError(
    "broker_unavailable",
    `${location} is left alone for a moment, nothing was written; the call before failed: ${reason.message}`,
    { cause: reason },
  );
}

/** For all writes from the first that found the file damaged on: what the sound parts take may be lost with the others. */
export function damagedError(found: HikyakuError): HikyakuError {
  const text = `${found.message}. This process writes nothing into this file any more; start it again once the file is restored`;
  return new HikyakuError(found.code, text, { cause: found });
}

export function readOnlyError(location: string, cause?: unknown): HikyakuError {
  return new HikyakuError(
    "store_rejected",
    `${location} is read-only for this process; nothing was written. Give it write access to the file and its folder`,
    { cause },
  );
}

export function noWalError(location: string, mode: string): HikyakuError {
  return new HikyakuError(
    "store_rejected",
    `${location} can't be written ahead (SQLite stays in journal mode "${mode}"): expected a local disk, where processes ` +
      "can share memory; give a path that is not on a network file system. Nothing was written",
  );
}

export function busyText(location: string): string {
  return `${location} was busy, as a rule with another process, until the time for this call was over; nothing was written`;
}

function isFileError(thrown: unknown): boolean {
  return thrown instanceof Error && "syscall" in thrown && "errno" in thrown;
}
