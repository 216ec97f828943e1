import { logBytesKept, logLinesKept } from "./limits.ts";
import type { ReportedLines } from "./task-report.ts";

/** One line of a task's log. */
export interface LogLine {
  /** When it was said, by the clock of the server. */
  readonly at: number;
  /** The server that ran the handler. */
  readonly by: string;
  /** In which attempt: 1 for the first. */
  readonly attempt: number;
  readonly text: string;
  readonly fields?: Readonly<Record<string, unknown>>;
}

/** The newest lines of a task's log. */
export interface KeptLog {
  /** How many lines before these were said and are not kept. */
  readonly dropped: number;
  /** Oldest first. Undefined in place of a line that can't be read. */
  readonly lines: readonly (LogLine | undefined)[];
}

/*
 * What is stored: a line with how many lines were dropped, how many follow, the number of the last one in its hold and
 * the token of that hold, then one JSON object a line. `includes/report.lua` writes the same.
 */
const header = /^(\d{1,15}) \d{1,15} (\d{1,15}) ([^\n]*)\n/;

interface Stored {
  readonly dropped: number;
  readonly last: number;
  readonly token: string;
  readonly lines: readonly string[];
}

function storedIn(text: string): Stored {
  const [begins = "", dropped = "0", last = "0", token = ""] = header.exec(text) ?? [];
  const lines = begins === "" ? [] : text.slice(begins.length).split("\n").slice(0, -1);
  return { dropped: Number(dropped), last: Number(last), token, lines };
}

/** Reads a stored log. Empty when there is none, or something else lies there. */
export function readLog(text: string | undefined): KeptLog {
  const { dropped, lines } = storedIn(text ?? "");
  return { dropped, lines: lines.map(lineIn) };
}

/** The stored log with more lines of the hold that the token names. Undefined when all of them are there already. */
export function withLines(
  stored: string | undefined,
  token: string,
  { from, lines }: ReportedLines,
): string | undefined {
  const before = storedIn(stored ?? "");
  const written = before.token === token ? before.last : 0;
  const fresh = lines.slice(Math.max(0, written + 1 - from));
  if (fresh.length === 0) return undefined;
  const missing = Math.max(0, from - written - 1);
  // What is kept has no gaps, so that the number of dropped lines says which ones are missing.
  let dropped = before.dropped + (missing > 0 ? before.lines.length + missing : 0);
  const kept = missing > 0 ? fresh : [...before.lines, ...fresh];
  let bytes = kept.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0);
  let first = 0;
  while (kept.length - first > logLinesKept || bytes > logBytesKept) {
    bytes -= Buffer.byteLength(kept[first] ?? "") + 1;
    first++;
    dropped++;
  }
  return `${dropped} ${kept.length - first} ${from + lines.length - 1} ${token}\n${linesText(kept.slice(first))}`;
}

/** Each with its line break. */
export function linesText(lines: readonly string[]): string {
  return lines.length === 0 ? "" : `${lines.join("\n")}\n`;
}

/** A line as it is stored. `fields`: a JSON object. */
export function logLineText(line: Omit<LogLine, "fields">, fields?: string): string {
  const text = JSON.stringify(line);
  return fields === undefined ? text : `${text.slice(0, -1)},"fields":${fields}}`;
}

function lineIn(text: string): LogLine | undefined {
  try {
    const stored: unknown = JSON.parse(text);
    if (typeof stored !== "object" || stored === null) return undefined;
    const { at, by, attempt, text: said, fields } = stored as Partial<LogLine>;
    if (typeof at !== "number" || Math.abs(at) > 8.64e15 || typeof by !== "string") return undefined;
    if (!Number.isSafeInteger(attempt) || attempt === undefined || typeof said !== "string") return undefined;
    return { at, by, attempt, text: said, ...(isFields(fields) && { fields }) };
  } catch {
    return undefined;
  }
}

function isFields(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
