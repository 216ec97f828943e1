import type { SQLInputValue, SQLOutputValue } from "node:sqlite";
import { errorText, HikyakuError } from "../../errors.ts";
import { type FieldKind, isTexts } from "../../task/field-kind.ts";
import { ownFields, ownFieldsOf } from "../../task/own-fields.ts";
import { innerStateFields, type StateField, shownStateFields } from "../../task/state-fields.ts";
import { type EachField, fieldRow, historyFieldNames, isTrueOfEach, type OwnField } from "../../task/task-fields.ts";
import { attemptText, readAttempts, withoutOldStacks } from "../attempt-history.ts";
import type { StoredTask, TaskEntry } from "../inspect-facet.ts";
import { readProgress } from "../kept-progress.ts";
import { attemptsKept } from "../limits.ts";
import type { TaskMessage, TaskState, UnknownField } from "../task-message.ts";
import type { AttemptRecord } from "../work-facet.ts";
import type { Values } from "./database.ts";

/** Asynq's fields of a message, in the order of `messageValues`. The library's own fields follow them. */
const fieldOrder = [
  "queue",
  "id",
  "type",
  "maxRetry",
  "retried",
  "lastError",
  "lastFailedAt",
  "timeoutMs",
  "deadlineAt",
  "uniqueKey",
  "group",
  "retentionMs",
  "completedAt",
  "headers",
  "unknownFields",
  "payload",
] as const;
type InOrder<Order extends readonly unknown[]> = { -readonly [At in keyof Order]: SQLInputValue };

const messageFields: readonly (keyof TaskMessage)[] = [...everyField(fieldOrder), ...ownFields];
const columnsOfMessage = messageFields.map(columnOf);

/** Makes the type checker refuse a list that lacks one of Asynq's fields. */
function everyField<Name extends keyof TaskMessage>(
  names: [Exclude<keyof TaskMessage, OwnField | Name>] extends [never] ? readonly Name[] : never,
): readonly Name[] {
  return names;
}

function columnOf(name: keyof TaskMessage): string {
  return fieldRow(name).column;
}

function isNumber(name: keyof TaskMessage): boolean {
  return ["count", "duration", "moment"].includes(fieldRow(name).kind);
}

const stateFields = Object.entries<StateField>(shownStateFields).map(([name, field]) => ({ name, ...field }));
const columnsOfState = stateFields.flatMap(({ column }) => column ?? []);

const integers: ReadonlySet<string> = new Set([
  ...messageFields.filter(isNumber).map(columnOf),
  ...[...stateFields, ...Object.values<StateField>(innerStateFields)].flatMap(({ kind, column }) =>
    kind === "moment" || kind === "count" ? (column ?? []) : [],
  ),
]);

/**
 * A column, made safe to read. A number that JavaScript can't hold would make Node refuse all rows of a query. So it
 * comes as text, and only its own row can't be read.
 */
export function readable(column: string): string {
  if (!integers.has(column)) return column;
  return `iif(${isExact(column)}, ${column}, CAST(${column} AS TEXT))`;
}

/** Whether the column holds a number that JavaScript can hold. False when it holds no number. */
export function isExact(column: string): string {
  return `${column} BETWEEN ${Number.MIN_SAFE_INTEGER} AND ${Number.MAX_SAFE_INTEGER}`;
}

/** A number for comparisons: one that JavaScript can't hold counts as the largest, or smallest, that it can. */
export function within(column: string): string {
  return `max(min(${column}, ${Number.MAX_SAFE_INTEGER}), ${Number.MIN_SAFE_INTEGER})`;
}

/** The columns of a message, in the order of `messageValues` and `messageOf`. */
export const messageColumns = columnsOfMessage.map(readable).join(", ");

/** Writes new tasks with free ids. The values of each: its state, four columns of its place, `messageValues`. */
export function insertTasks(count: number): string {
  const row = `(?, ?, ?, ?, ?${", ?".repeat(columnsOfMessage.length)})`;
  return `
    INSERT INTO tasks (state, position, pending_since, due_at, grouped_at, ${columnsOfMessage.join(", ")})
    VALUES ${Array.from({ length: count }, () => row).join(", ")} ON CONFLICT (queue, id) DO NOTHING`;
}

/**
 * As `insertTasks`, for pending tasks that set only `plainColumns` and are alike except for id and payload. What they
 * share is given once, by name; then follow the id and payload of each. Every bound value has its price.
 */
export function insertAlike(count: number): string {
  const given = ["queue", ...plainFields.filter((name) => name !== "id" && name !== "payload")] as const;
  const columns = [...given, ...blankFields.filter(hasDefault)].map(columnOf);
  const shared = [...given.map((name) => `:${name}`), ...blankFields.filter(hasDefault).map(defaultText)].join(", ");
  const rows = Array.from({ length: count }, (_, index) => `('pending', :now, ${shared}, :position + ${index}, ?, ?)`);
  return `
    INSERT INTO tasks (state, pending_since, ${columns.join(", ")}, position, id, payload)
    VALUES ${rows.join(", ")} ON CONFLICT (queue, id) DO NOTHING`;
}

/** Whether `insertAlike` can write a new message beside another one that it can write. */
export function isAlike(message: TaskMessage, other: TaskMessage): boolean {
  const fits: EachField<boolean, "id" | "payload" | OwnField> = {
    queue: message.queue === other.queue,
    type: message.type === other.type,
    maxRetry: message.maxRetry === other.maxRetry,
    timeoutMs: message.timeoutMs === other.timeoutMs,
    retentionMs: message.retentionMs === other.retentionMs,
    // As `isPlain`, which is for rows.
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
  return isTrueOfEach(fits) && ownFieldsOf(message) === undefined;
}

/** The columns of a whole task, in the order that `storedTaskOf` reads. */
export const storedColumns = [...columnsOfMessage, ...columnsOfState].map(readable).join(", ");

/**
 * The values of `messageColumns`. Written by hand for speed: every new task that sets more than `plainColumns` passes
 * here.
 */
export function messageValues(message: TaskMessage, uniqueKey: string): SQLInputValue[] {
  const values: InOrder<typeof fieldOrder> = [
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
  if (ownFields.length === 0) return values;
  return [...values, ...ownFields.map((name) => columnValue(message[name]))];
}

function columnValue(value: unknown): SQLInputValue {
  if (value === undefined) return null;
  return typeof value === "string" || typeof value === "number" ? value : JSON.stringify(value);
}

/** The fields that an outcome may change. It releases a task's lock, but the task keeps the lock's name. */
const settledFields = historyFieldNames.filter((name) => name !== "uniqueKey");

/** Sets the columns that an outcome may change to `settledValues`. */
export const settledColumns = settledFields.map((name) => `${columnOf(name)} = ?`).join(", ");

export function settledValues(message: TaskMessage): SQLInputValue[] {
  return settledFields.map((name) => columnValue(message[name]));
}

/**
 * Reads a message from a row that begins with `messageColumns`.
 * @throws HikyakuError `corrupt_data` when another program wrote something into the row that is no message.
 */
export function messageOf(row: Values): TaskMessage {
  const message: Record<string, unknown> = {};
  for (const [at, { name, kind, isOptional, absent }] of readFields.entries()) {
    const stored = row[at];
    if (stored !== null) message[name] = valueIn(row, name, kind, stored);
    else if (!isOptional) message[name] = absent;
  }
  return message as unknown as TaskMessage;
}

const readFields = messageFields.map((name) => {
  const { kind, wire, default: absent } = fieldRow(name);
  return { name, kind, isOptional: typeof wire !== "number", absent };
});

function valueIn(row: Values, name: keyof TaskMessage, kind: FieldKind, stored: SQLOutputValue | undefined): unknown {
  switch (kind) {
    case "text":
    case "bytes":
      return stored;
    case "count":
    case "duration":
    case "moment":
      if (typeof stored !== "string") return stored;
      throw corrupt(row, `"${name}" is ${stored}, which is out of range`);
    case "texts":
      return textsOf(row, name, stored);
    case "wire_fields":
      return unknownFieldsOf(row, name, stored);
  }
}

/** The fields that most pending tasks set, beside their queue. Each column that is read has its price. */
const plainFields = ["id", "type", "payload", "maxRetry", "timeoutMs", "retentionMs"] as const;
/** All other fields. A plain task has set none of them. */
const blankFields = messageFields.filter((name) => name !== "queue" && !plainFields.some((plain) => plain === name));

/** Whether a row's message sets only `plainColumns`. */
export const isPlain = [
  ...blankFields.map((name) => `${columnOf(name)} ${hasDefault(name) ? `= ${defaultText(name)}` : "IS NULL"}`),
  ...plainFields.filter(isNumber).map((name) => isExact(columnOf(name))),
].join(" AND ");

/** Whether an unset field is a value in its column, not NULL. */
function hasDefault(name: keyof TaskMessage): boolean {
  return ["string", "number"].includes(typeof fieldRow(name).default);
}

/** In SQL. */
function defaultText(name: keyof TaskMessage): string {
  const { default: value } = fieldRow(name);
  return typeof value === "string" ? `'${value}'` : String(value);
}

/** The columns that `plainMessageOf` reads, in its order. */
export const plainColumns = plainFields.map(columnOf).join(", ");
/** The same, for rows of which some may not be `isPlain`. */
export const readablePlainColumns = plainFields.map(columnOf).map(readable).join(", ");

/** Reads a message from a row that `isPlain` and begins with `plainColumns`. */
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
  const task: Record<string, unknown> = { message: messageOf(row) };
  for (const [at, { name, kind }] of stateFields.entries()) {
    task[name] = stateValue(kind, row[columnsOfMessage.length + at]);
  }
  return task as unknown as StoredTask;
}

function stateValue(kind: StateField["kind"], stored: SQLOutputValue | undefined): unknown {
  switch (kind) {
    case "text":
      return typeof stored === "string" ? stored : undefined;
    case "count":
      return Math.max(0, numberOf(stored) ?? 0);
    case "moment":
      return numberOf(stored);
    case "bytes":
      return bytesOf(stored);
    case "attempts":
      return readAttempts(typeof stored === "string" ? stored : undefined);
    case "progress":
      return readProgress(typeof stored === "string" ? stored : undefined);
  }
}

/** In SQL: the bytes of a row's texts, payload and result. The id lies in an index as well. */
export const bytesOfRow = [
  ...messageFields.filter((name) => !isNumber(name)).map(columnOf),
  columnOf("id"),
  "attempts",
  "result",
  "log",
]
  .map((column) => `coalesce(length(${column}), 0)`)
  .join(" + ");

/** In SQL: whether each JSON column of a message holds a list or an object, as it should. */
export const holdsReadableJson = messageFields
  .flatMap((name) => {
    const type = { texts: "object", wire_fields: "array" }[String(fieldRow(name).kind)];
    return type === undefined ? [] : [{ column: columnOf(name), type }];
  })
  .map(({ column, type }) => {
    return `(${column} IS NULL OR CASE WHEN json_valid(${column}) THEN json_type(${column}) = '${type}' ELSE 0 END)`;
  })
  .join(" AND ");

/** As `storedTaskOf`. A row that is no task comes back as unreadable. */
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

/** The text of the `attempts` column with one more record at its end. */
export function withAttempt(attempts: SQLOutputValue | undefined, attempt: AttemptRecord): string {
  return withoutOldStacks([...linesOf(attempts), attemptText(attempt)].slice(-attemptsKept)).join("\n");
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

function textsOf(row: Values, name: keyof TaskMessage, stored: unknown): unknown {
  const texts = parsed(row, name, stored);
  if (isTexts(texts)) return texts;
  throw corrupt(row, `column "${columnOf(name)}" was expected to hold an object of texts`);
}

function unknownFieldsOf(row: Values, name: keyof TaskMessage, stored: unknown): UnknownField[] {
  const fields = parsed(row, name, stored);
  if (Array.isArray(fields) && fields.every(isUnknownField)) return fields.map(unknownFieldOf);
  throw corrupt(row, `column "${columnOf(name)}" was expected to hold a list of fields`);
}

function isUnknownField(value: unknown): value is StoredUnknownField {
  if (typeof value !== "object" || value === null) return false;
  const { no, wireType, data } = value as Partial<StoredUnknownField>;
  return Number.isSafeInteger(no) && Number.isSafeInteger(wireType) && typeof data === "string";
}

function parsed(row: Values, name: keyof TaskMessage, text: unknown): unknown {
  try {
    return JSON.parse(String(text));
  } catch (error) {
    throw corrupt(row, `column "${columnOf(name)}" was expected to hold JSON: ${errorText(error)}`, error);
  }
}

function corrupt([queue, id]: Values, detail: string, cause?: unknown): HikyakuError {
  const text = `task ${JSON.stringify(id)} of queue ${JSON.stringify(queue)}: ${detail}`;
  return new HikyakuError("corrupt_data", text, { cause });
}
