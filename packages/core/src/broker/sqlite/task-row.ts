import type { SQLInputValue, SQLOutputValue } from "node:sqlite";
import { errorText, HikyakuError } from "../../errors.ts";
import { readAttempts } from "../attempt-history.ts";
import { type EachField, isTrueOfEach } from "../each-field.ts";
import type { StoredTask, TaskEntry } from "../inspect-facet.ts";
import type { TaskMessage, TaskState, UnknownField } from "../task-message.ts";
import type { AttemptRecord } from "../work-facet.ts";
import type { Values } from "./database.ts";

const columnsOfMessage = [
  ...["queue", "id", "type", "max_retry", "retried", "last_error", "last_failed_at", "timeout_ms", "deadline_at"],
  ...["unique_key", "group_name", "retention_ms", "completed_at", "headers", "unknown_fields", "payload"],
];

const integers: ReadonlySet<string> = new Set([
  ...["max_retry", "retried", "last_failed_at", "timeout_ms", "deadline_at", "retention_ms", "completed_at"],
  ...["due_at", "kept_until", "archived_at", "pending_since", "lease_ends_at", "lost_attempts", "lost_alone"],
]);

/**
 * A column as it is to be read. One number that JavaScript can't hold would make Node refuse all rows of a query, so it
 * comes as text, and then only its own row can't be read.
 */
export function readable(column: string): string {
  if (!integers.has(column)) return column;
  return `iif(${isExact(column)}, ${column}, CAST(${column} AS TEXT))`;
}

/** Whether a number is one that JavaScript can hold; not so where there is none. */
export function isExact(column: string): string {
  return `${column} BETWEEN ${Number.MIN_SAFE_INTEGER} AND ${Number.MAX_SAFE_INTEGER}`;
}

/** A number as it is to be compared: what JavaScript can't hold counts as the largest, or the smallest, that it can. */
export function within(column: string): string {
  return `max(min(${column}, ${Number.MAX_SAFE_INTEGER}), ${Number.MIN_SAFE_INTEGER})`;
}

/** The columns that hold a message, in the order that `messageValues` gives and `messageOf` reads. */
export const messageColumns = columnsOfMessage.map(readable).join(", ");

/** Writes new tasks whose ids are free, each with its state, four columns of its place and `messageValues`. */
export function insertTasks(count: number): string {
  const row = `(?, ?, ?, ?, ?${", ?".repeat(columnsOfMessage.length)})`;
  return `
    INSERT INTO tasks (state, position, pending_since, due_at, grouped_at, ${columnsOfMessage.join(", ")})
    VALUES ${Array.from({ length: count }, () => row).join(", ")} ON CONFLICT (queue, id) DO NOTHING`;
}

/**
 * As `insertTasks`, for tasks that wait in line and of which nothing but `plainColumns` is set, and that but for id and
 * payload are alike: what they share is given once, by name, and then id and payload of each. Every value that is given has
 * its price.
 */
export function insertAlike(count: number): string {
  const shared = "'pending', :now, :queue, :type, :maxRetry, :timeoutMs, :retentionMs, 0, '', '', ''";
  const rows = Array.from({ length: count }, (_, index) => `(${shared}, :position + ${index}, ?, ?)`);
  return `
    INSERT INTO tasks (state, pending_since, queue, type, max_retry, timeout_ms, retention_ms, retried, last_error,
      unique_key, group_name, position, id, payload)
    VALUES ${rows.join(", ")} ON CONFLICT (queue, id) DO NOTHING`;
}

/** Whether a new message can be written by `insertAlike` beside another one that can. */
export function isAlike(message: TaskMessage, other: TaskMessage): boolean {
  const fits: EachField<boolean, "id" | "payload"> = {
    queue: message.queue === other.queue,
    type: message.type === other.type,
    maxRetry: message.maxRetry === other.maxRetry,
    timeoutMs: message.timeoutMs === other.timeoutMs,
    retentionMs: message.retentionMs === other.retentionMs,
    // As `isPlain` says of rows.
    retried: message.retried === 0,
    lastError: message.lastError === "",
    lastFailedAt: message.lastFailedAt === undefined,
    deadlineAt: message.deadlineAt === undefined,
    uniqueKey: message.uniqueKey === "",
    group: message.group === "",
    completedAt: message.completedAt === undefined,
    unknownFields: message.unknownFields === undefined,
    headers: headersText(message.headers) === null,
  };
  return isTrueOfEach(fits);
}

/** The columns of a whole task, in the order that `storedTaskOf` reads. */
export const storedColumns = [
  ...[...columnsOfMessage, "state", "due_at", "kept_until", "archived_at", "pending_since", "lease_ends_at"],
  ...["lease_token", "result", "attempts", "lost_attempts"],
]
  .map(readable)
  .join(", ");

export function messageValues(message: TaskMessage, uniqueKey: string): SQLInputValue[] {
  return [
    message.queue,
    message.id,
    message.type,
    message.maxRetry,
    message.retried,
    message.lastError,
    message.lastFailedAt ?? null,
    message.timeoutMs,
    message.deadlineAt ?? null,
    uniqueKey,
    message.group,
    message.retentionMs,
    message.completedAt ?? null,
    headersText(message.headers),
    unknownFieldsText(message.unknownFields),
    message.payload ?? null,
  ];
}

/**
 * Reads a message from a row that begins with `messageColumns`.
 * @throws HikyakuError `corrupt_data` when somebody else wrote into the row what is no message.
 */
export function messageOf(row: Values): TaskMessage {
  const [queue, id, type, maxRetry, retried, lastError, lastFailedAt, timeoutMs, deadlineAt, ...more] = row;
  const [uniqueKey, group, retentionMs, completedAt, headers, unknownFields, payload] = more;
  const numbers = { maxRetry, retried, lastFailedAt, timeoutMs, deadlineAt, retentionMs, completedAt };
  for (const [name, value] of Object.entries(numbers)) {
    if (typeof value === "string") throw corrupt(row, `"${name}" is ${value}, which is out of range`);
  }
  const message: TaskMessage = {
    id: id as string,
    type: type as string,
    queue: queue as string,
    payload: bytesOf(payload),
    maxRetry: maxRetry as number,
    retried: retried as number,
    lastError: lastError as string,
    lastFailedAt: numberOf(lastFailedAt),
    timeoutMs: timeoutMs as number,
    deadlineAt: numberOf(deadlineAt),
    uniqueKey: uniqueKey as string,
    group: group as string,
    retentionMs: retentionMs as number,
    completedAt: numberOf(completedAt),
    headers: headers === null ? {} : headersOf(row, headers),
  };
  if (unknownFields === null) return message;
  const fields = parsed(row, "unknown_fields", unknownFields);
  if (!Array.isArray(fields) || !fields.every(isUnknownField)) {
    throw corrupt(row, `column "unknown_fields" was expected to hold a list of fields`);
  }
  return { ...message, unknownFields: fields.map(unknownFieldOf) };
}

/**
 * Whether a row holds a message of which nothing but `plainColumns` was set, as most that wait do: each column that is read
 * has its price.
 */
export const isPlain = [
  ...["retried = 0", "last_error = ''", "last_failed_at IS NULL", "deadline_at IS NULL", "unique_key = ''"],
  ...["group_name = ''", "completed_at IS NULL", "headers IS NULL", "unknown_fields IS NULL"],
  ...["max_retry", "timeout_ms", "retention_ms"].map(isExact),
].join(" AND ");

const columnsOfPlain = ["id", "type", "payload", "max_retry", "timeout_ms", "retention_ms"];
/** What `plainMessageOf` reads, in its order. */
export const plainColumns = columnsOfPlain.join(", ");
/** The same where rows that are not `isPlain` may be among them. */
export const readablePlainColumns = columnsOfPlain.map(readable).join(", ");

/** Reads a message from a row that begins with `plainColumns`, where `isPlain`. */
export function plainMessageOf(queue: string, row: Values): TaskMessage {
  const [id, type, payload, maxRetry, timeoutMs, retentionMs] = row;
  return {
    id: id as string,
    type: type as string,
    queue,
    payload: bytesOf(payload),
    maxRetry: maxRetry as number,
    retried: 0,
    lastError: "",
    lastFailedAt: undefined,
    timeoutMs: timeoutMs as number,
    deadlineAt: undefined,
    uniqueKey: "",
    group: "",
    retentionMs: retentionMs as number,
    completedAt: undefined,
    headers: {},
  };
}

/** Reads a task from a row that begins with `storedColumns`. */
function storedTaskOf(row: Values): StoredTask {
  const [state, dueAt, keptUntil, archivedAt, pendingSince, ...more] = row.slice(columnsOfMessage.length);
  const [leaseEndsAt, leaseToken, result, attempts, lost] = more;
  return {
    message: messageOf(row),
    state: state as TaskState,
    dueAt: numberOf(dueAt),
    keptUntil: numberOf(keptUntil),
    archivedAt: numberOf(archivedAt),
    pendingSince: numberOf(pendingSince),
    leaseEndsAt: numberOf(leaseEndsAt),
    leaseToken: typeof leaseToken === "string" ? leaseToken : undefined,
    result: bytesOf(result),
    attempts: readAttempts(typeof attempts === "string" ? attempts : undefined),
    lostAttempts: Math.max(0, numberOf(lost) ?? 0),
  };
}

/** As `storedTaskOf`; a row that is no task is told as such. */
export function taskEntryOf(row: Values): TaskEntry {
  try {
    return storedTaskOf(row);
  } catch (error) {
    const [queue, id] = row;
    return {
      unreadable: errorText(error),
      queue: String(queue),
      taskId: String(id),
      state: row[columnsOfMessage.length] as TaskState,
      bytes: undefined,
    };
  }
}

const mostAttempts = 20;

/** The text of the `attempts` column with one more record at its end. */
export function withAttempt(attempts: SQLOutputValue | undefined, attempt: AttemptRecord): string {
  return [...linesOf(attempts), JSON.stringify(attempt)].slice(-mostAttempts).join("\n");
}

export function numberOf(value: SQLOutputValue | undefined): number | undefined {
  return typeof value === "number" ? value : undefined;
}

function bytesOf(value: SQLOutputValue | undefined): Uint8Array | undefined {
  return value instanceof Uint8Array ? value : undefined;
}

function linesOf(value: SQLOutputValue | undefined): string[] {
  return typeof value === "string" ? value.split("\n") : [];
}

interface StoredUnknownField extends Omit<UnknownField, "data"> {
  /** base64 */
  readonly data: string;
}

function headersText(headers: TaskMessage["headers"]): string | null {
  for (const _ in headers) return JSON.stringify(headers);
  return null;
}

function unknownFieldsText(fields: TaskMessage["unknownFields"]): string | null {
  if (fields === undefined || fields.length === 0) return null;
  return JSON.stringify(fields.map(({ no, wireType, data }) => ({ no, wireType, data: base64(data) })));
}

function unknownFieldOf({ no, wireType, data }: StoredUnknownField): UnknownField {
  return { no, wireType, data: bytesOfBase64(data) };
}

export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

export function bytesOfBase64(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "base64"));
}

function headersOf(row: Values, stored: unknown): Record<string, string> {
  const headers = parsed(row, "headers", stored);
  const isMap = typeof headers === "object" && headers !== null && !Array.isArray(headers);
  if (!isMap || !Object.values(headers).every((value) => typeof value === "string")) {
    throw corrupt(row, 'column "headers" was expected to hold an object of texts');
  }
  return headers as Record<string, string>;
}

function isUnknownField(value: unknown): value is StoredUnknownField {
  if (typeof value !== "object" || value === null) return false;
  const { no, wireType, data } = value as Partial<StoredUnknownField>;
  return Number.isSafeInteger(no) && Number.isSafeInteger(wireType) && typeof data === "string";
}

function parsed(row: Values, column: string, text: unknown): unknown {
  try {
    return JSON.parse(String(text));
  } catch (error) {
    throw corrupt(row, `column "${column}" was expected to hold JSON: ${errorText(error)}`, error);
  }
}

function corrupt([queue, id]: Values, detail: string, cause?: unknown): HikyakuError {
  const text = `task ${JSON.stringify(id)} of queue ${JSON.stringify(queue)}: ${detail}`;
  return new HikyakuError("corrupt_data", text, { cause });
}
