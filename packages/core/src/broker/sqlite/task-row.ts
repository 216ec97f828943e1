import type { SQLInputValue } from "node:sqlite";
import { errorText, HikyakuError } from "../../errors.ts";
import type { StoredTask } from "../inspect-facet.ts";
import type { TaskMessage, TaskState, UnknownField } from "../task-message.ts";
import type { AttemptRecord } from "../work-facet.ts";
import type { Row } from "./database.ts";

/** The columns that hold a message, in the order of `messageValues`. */
const messageColumns = [
  ...["queue", "id", "type", "max_retry", "retried", "last_error", "last_failed_at", "timeout_ms", "deadline_at"],
  ...["unique_key", "group_name", "retention_ms", "completed_at", "headers", "unknown_fields", "payload"],
];

export const insertTask = `
  INSERT INTO tasks (state, position, pending_since, due_at, grouped_at, ${messageColumns.join(", ")})
  VALUES (?, ?, ?, ?, ?${", ?".repeat(messageColumns.length)}) ON CONFLICT (queue, id) DO NOTHING`;

export function messageValues(message: TaskMessage): SQLInputValue[] {
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
    message.uniqueKey,
    message.group,
    message.retentionMs,
    message.completedAt ?? null,
    headersText(message.headers),
    unknownFieldsText(message.unknownFields),
    message.payload ?? null,
  ];
}

/** @throws HikyakuError `corrupt_data` when somebody else wrote into the row what is no message. */
export function messageOf(row: Row): TaskMessage {
  const message: TaskMessage = {
    id: row["id"] as string,
    type: row["type"] as string,
    queue: row["queue"] as string,
    payload: bytesOf(row["payload"]),
    maxRetry: row["max_retry"] as number,
    retried: row["retried"] as number,
    lastError: row["last_error"] as string,
    lastFailedAt: numberOf(row["last_failed_at"]),
    timeoutMs: row["timeout_ms"] as number,
    deadlineAt: numberOf(row["deadline_at"]),
    uniqueKey: row["unique_key"] as string,
    group: row["group_name"] as string,
    retentionMs: row["retention_ms"] as number,
    completedAt: numberOf(row["completed_at"]),
    headers: row["headers"] === null ? {} : parsed<Record<string, string>>(row, "headers", row["headers"]),
  };
  if (row["unknown_fields"] === null) return message;
  const stored = parsed<StoredUnknownField[]>(row, "unknown_fields", row["unknown_fields"]);
  return { ...message, unknownFields: stored.map(unknownFieldOf) };
}

export function storedTaskOf(row: Row): StoredTask {
  return {
    message: messageOf(row),
    state: row["state"] as TaskState,
    dueAt: numberOf(row["due_at"]),
    keptUntil: numberOf(row["kept_until"]),
    archivedAt: numberOf(row["archived_at"]),
    pendingSince: numberOf(row["pending_since"]),
    leaseEndsAt: numberOf(row["lease_ends_at"]),
    leaseToken: typeof row["lease_token"] === "string" ? row["lease_token"] : undefined,
    result: bytesOf(row["result"]),
    attempts: attemptLines(row).map((line) => parsed<AttemptRecord>(row, "attempts", line)),
  };
}

const mostAttempts = 20;

/** The text of the `attempts` column with one more record at its end. */
export function withAttempt(row: Row, attempt: AttemptRecord): string {
  return [...attemptLines(row), JSON.stringify(attempt)].slice(-mostAttempts).join("\n");
}

export function numberOf(value: Row[string] | undefined): number | undefined {
  return typeof value === "number" ? value : undefined;
}

function bytesOf(value: Row[string] | undefined): Uint8Array | undefined {
  return value instanceof Uint8Array ? value : undefined;
}

function attemptLines(row: Row): string[] {
  return typeof row["attempts"] === "string" ? row["attempts"].split("\n") : [];
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

function parsed<T>(row: Row, column: string, text: unknown): T {
  try {
    return JSON.parse(String(text)) as T;
  } catch (error) {
    throw new HikyakuError(
      "corrupt_data",
      `task ${JSON.stringify(row["id"])} of queue ${JSON.stringify(row["queue"])}: column "${column}" was expected ` +
        `to hold JSON: ${errorText(error)}`,
      { cause: error },
    );
  }
}
