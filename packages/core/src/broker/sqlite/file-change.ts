import { HikyakuError } from "../../errors.ts";

/** What happened to one of the files of an open store. */
export interface FileChange {
  /** `log` is the write-ahead log (`-wal`), which holds what was accepted last; `index` is the index of it (`-shm`). */
  readonly file: "main" | "log" | "index";
  readonly path: string;
  readonly how: "removed or replaced" | "cut short" | "given a second name";
}

/** The rest of a sentence. */
export const secondName =
  "has a second name (a hard link): two processes that open it by different names keep two logs, which destroys the file. " +
  "Remove one of the names, and copy a store with its processes stopped or with SQLite's own backup";

/** For calls that were not carried out. `isSaved`: all that was accepted is in the database file itself. */
export function changedError(change: FileChange, location: string, isSaved: boolean): HikyakuError {
  return new HikyakuError("broker_unavailable", `${changeText(change, location, isSaved)}. Nothing was written`);
}

/** For a call that was committed just before. */
export function changedAfterCommitError(change: FileChange, location: string): HikyakuError {
  return new HikyakuError(
    "answer_lost",
    `${changeText(change, location, false)}. This call was just being stored: ` +
      "look whether the task is there before you enqueue it again",
  );
}

function changeText({ file, path, how }: FileChange, location: string, isSaved: boolean): string {
  if (how === "given a second name") return `${location}: ${path} ${secondName}`;
  const was = `was ${how} while it was open`;
  if (file === "main") return `${location} ${was}; what it held went with it. The next call opens what is there now`;
  const what = `${location}: its ${file === "log" ? "write-ahead log" : "log's index"} ${path} ${was}`;
  if (isSaved) return `${what}; what was accepted before was brought into the file`;
  return file === "index" ? what : `${what}; what was accepted last lay in it and may be lost`;
}
