import { errorText, HikyakuError } from "../../errors.ts";

/** SQLite's primary result codes that mean more to us than "refused". */
const sqliteCode = {
  busy: 5,
  locked: 6,
  noMemory: 7,
  readOnly: 8,
  ioError: 10,
  corrupt: 11,
  full: 13,
  cantOpen: 14,
  tooBig: 18,
  constraint: 19,
  notADatabase: 26,
} as const;

/** SQLite's primary result code of a thrown value; undefined when it did not come from SQLite. */
function resultCode(thrown: unknown): number | undefined {
  if (!(thrown instanceof Error) || !("errcode" in thrown) || typeof thrown.errcode !== "number") return undefined;
  // The upper bytes say more about the same thing.
  return thrown.errcode & 0xff;
}

/** Whether another connection holds what we need, so that the same call may succeed in a moment. */
export function isBusy(thrown: unknown): boolean {
  const code = resultCode(thrown);
  return code === sqliteCode.busy || code === sqliteCode.locked;
}

/** Whether this connection is of no use any more and the file has to be opened anew. */
export function isConnectionLost(thrown: unknown): boolean {
  const code = resultCode(thrown);
  return code === sqliteCode.ioError || code === sqliteCode.cantOpen || code === sqliteCode.notADatabase;
}

/** Turns whatever SQLite or the file system threw into an error of ours. The one place that does. */
export function storeError(thrown: unknown, location: string): HikyakuError {
  if (thrown instanceof HikyakuError) return thrown;
  const text = errorText(thrown);
  const cause = { cause: thrown };
  switch (resultCode(thrown)) {
    case sqliteCode.busy:
    case sqliteCode.locked:
      return new HikyakuError("deadline_exceeded", busyText(location), cause);
    case sqliteCode.ioError:
    case sqliteCode.cantOpen:
      return new HikyakuError(
        "broker_unavailable",
        `${location} can't be read or written: ${text}; check that the folder exists, is writable and not full`,
        cause,
      );
    case sqliteCode.corrupt:
    case sqliteCode.notADatabase:
      return new HikyakuError(
        "corrupt_data",
        `${location} is not a sound SQLite database: ${text}; restore it from a copy, or move it away to start anew`,
        cause,
      );
    case sqliteCode.full:
      return new HikyakuError("store_rejected", `${location}: the disk is full; nothing was written`, cause);
    case sqliteCode.readOnly:
      return new HikyakuError(
        "store_rejected",
        `${location} is read-only for this process; give it write access to the file and its folder`,
        cause,
      );
    case sqliteCode.tooBig:
      return new HikyakuError("store_rejected", `${location}: the task is larger than SQLite can hold (1 GB)`, cause);
    case undefined:
      return isFileError(thrown)
        ? new HikyakuError("broker_unavailable", `${location} can't be opened: ${text}`, cause)
        : new HikyakuError("store_rejected", `${location}: ${text}`, cause);
    default:
      return new HikyakuError("store_rejected", `${location} refused the call: ${text}`, cause);
  }
}

export function removedError(location: string): HikyakuError {
  return new HikyakuError(
    "broker_unavailable",
    `${location} was removed or replaced while it was open; nothing was written. The next call opens what is there now`,
  );
}

export function busyText(location: string): string {
  return `${location} was busy, as a rule with another process, until the time for this call was over; nothing was written`;
}

function isFileError(thrown: unknown): boolean {
  return thrown instanceof Error && "syscall" in thrown && "errno" in thrown;
}
