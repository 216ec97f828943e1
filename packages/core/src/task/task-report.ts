import type { KeptLog } from "../broker/kept-log.ts";
import type { KeptProgress } from "../broker/kept-progress.ts";
import { dateOf } from "../date-of.ts";
import { HikyakuError } from "../errors.ts";
import { shown } from "../option-names.ts";

/** How far a task is, as its handler said last. */
export interface TaskProgress {
  readonly done: number;
  /** How much there is to do, in the unit of `done`. 100 for a percentage. Undefined when nobody knows. */
  readonly total: number | undefined;
  readonly message: string | undefined;
  /** When it was said, by the clock of the server. These three are undefined when another library wrote it. */
  readonly toldAt: Date | undefined;
  readonly serverId: string | undefined;
  /** 1 for the first attempt. */
  readonly attempt: number | undefined;
}

/** One line of a task's log. */
export interface TaskLogLine {
  /** 1 for the first line that was ever said of this task. A line that can't be read is left out: its number is missing. */
  readonly number: number;
  readonly at: Date;
  readonly serverId: string;
  /** 1 for the first attempt. */
  readonly attempt: number;
  readonly text: string;
  readonly fields: Readonly<Record<string, unknown>> | undefined;
}

/** Lines of a task's log. */
export interface TaskLogPage {
  /** Oldest first. */
  readonly lines: readonly TaskLogLine[];
  /** How many lines before these are not kept any more. With a cursor: of those behind it. */
  readonly dropped: number;
  /** Pass it on for the lines that follow now. Undefined when there are none. */
  readonly nextCursor: string | undefined;
  /** The cursor behind the last of these lines. Pass it on later, for what was said since. */
  readonly endCursor: string;
}

export interface TaskLogOptions {
  /** A cursor of a page before. Default: the beginning of what is kept. */
  readonly cursor?: string;
  /** Most lines, 1 to 1000. Default 200, which is all that is kept. */
  readonly limit?: number;
}

export const taskLogNames: readonly (keyof TaskLogOptions)[] = ["cursor", "limit"];

const defaultLimit = 200;
const mostLines = 1_000;

export function taskProgressOf(kept: KeptProgress | undefined): TaskProgress | undefined {
  if (kept === undefined) return undefined;
  const { done, total, message, at, by, attempt } = kept;
  return { done, total, message, toldAt: at === undefined ? undefined : dateOf(at), serverId: by, attempt };
}

/** Checks what a caller asks of a log. @throws HikyakuError `invalid_option`. */
export function checkedLogOptions({ cursor, limit = defaultLimit }: TaskLogOptions): { after: number; limit: number } {
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > mostLines) {
    const expected = `a whole number from 1 to ${mostLines}`;
    throw new HikyakuError("invalid_option", `option "limit": expected ${expected}, got ${shown(limit)}`);
  }
  if (cursor === undefined) return { after: 0, limit };
  if (typeof cursor !== "string" || !/^\d{1,15}$/.test(cursor)) {
    const expected = "what an earlier page answered as nextCursor or endCursor";
    throw new HikyakuError("invalid_option", `option "cursor": expected ${expected}, got ${shown(cursor)}`);
  }
  return { after: Number(cursor), limit };
}

export function taskLogPageOf(log: KeptLog, asked: { readonly after: number; readonly limit: number }): TaskLogPage {
  const last = log.dropped + log.lines.length;
  // A task that was removed and enqueued again under its id has a new log, which is read from its beginning.
  const after = asked.after > last ? 0 : asked.after;
  const first = Math.max(after, log.dropped);
  const end = Math.min(first + asked.limit, last);
  const lines: TaskLogLine[] = [];
  for (let number = first + 1; number <= end; number++) {
    const line = log.lines[number - log.dropped - 1];
    if (line === undefined) continue;
    const { at, by, attempt, text, fields } = line;
    lines.push({ number, at: dateOf(at), serverId: by, attempt, text, fields });
  }
  return { lines, dropped: first - after, nextCursor: end < last ? String(end) : undefined, endCursor: String(end) };
}
