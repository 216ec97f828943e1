import type { TaskHistory, TaskMessage, TaskRequest } from "../broker/task-message.ts";
import type { FieldKind } from "./field-kind.ts";

interface FieldRow {
  readonly kind: FieldKind;
  /** The column of the table `tasks` in SQLite. */
  readonly column: string;
  /**
   * Its part in the name of a scheduler entry, which two versions of this library must make alike: see `task-blueprint.ts`.
   * `named`: its value, beside its name. `apart`: its value, in a place of its own. `constant`: its default, beside its name,
   * as the first version wrote it. `none`: it has no part.
   */
  readonly identity: "named" | "apart" | "constant" | "none";
  /** Whether a follow-up task may take it over from the task before it. */
  readonly inheritable: boolean;
}

/** A field of Asynq's message, so one that Go programs know. */
interface WireRow<Value> extends FieldRow {
  /** Its number in the message. `rest`: all numbers that this version does not know. */
  readonly wire: number | "rest";
  /** The field of the task's hash in Redis that holds it to the millisecond. */
  readonly hash?: "hk:exact";
  /** The value in a message when nothing was written. */
  readonly default: Value;
}

/**
 * A field that Asynq's message has no place for, so no Go program knows it. It is optional: absent, it costs nothing.
 */
interface OwnRow extends FieldRow {
  readonly wire: "none";
  readonly kind: Exclude<FieldKind, "bytes" | "wire_fields">;
  /** The field of the task's hash in Redis that holds it, together with others. */
  readonly hash: "hk:exact";
  readonly default: undefined;
  readonly identity: "named";
}

/**
 * A durable schedule keeps only what is part of its entry's name. So everything that is asked for must be part of the
 * name.
 */
type AskedRow<Value> = WireRow<Value> & { readonly identity: "named" | "apart" };
type RequestRow<Value> = AskedRow<Value> | (undefined extends Value ? OwnRow : never);

/** The history of one task is never the history of the next. */
type HistoryRow<Value> = WireRow<Value> & { readonly identity: "constant" | "none"; readonly inheritable: false };

/** A row for each field of a type. The type checker refuses a field without a row, and a row without a field. */
type RequestTable<Type> = { readonly [Field in keyof Type]-?: RequestRow<Type[Field]> };

/** History that has no place in Asynq's message is not in ours either: see `state-fields.ts`. */
type HistoryTable<Type> = { readonly [Field in keyof Type]-?: HistoryRow<Type[Field]> };

type MessageTable<Type> = { readonly [Field in keyof Type]-?: WireRow<Type[Field]> | OwnRow };

const noTexts: Readonly<Record<string, string>> = Object.freeze({});

// biome-ignore format: a table is read by its columns
const requestFields = {
  id: { kind: "text", wire: 3, column: "id", default: "", identity: "named", inheritable: false },
  type: { kind: "text", wire: 1, column: "type", default: "", identity: "named", inheritable: false },
  queue: { kind: "text", wire: 4, column: "queue", default: "", identity: "named", inheritable: true },
  payload: { kind: "bytes", wire: 2, column: "payload", default: undefined, identity: "apart", inheritable: false },
  maxRetry: { kind: "count", wire: 5, column: "max_retry", default: 0, identity: "named", inheritable: true },
  timeoutMs: { kind: "duration", wire: 8, hash: "hk:exact", column: "timeout_ms", default: 0, identity: "named", inheritable: true },
  deadlineAt: { kind: "moment", wire: 9, hash: "hk:exact", column: "deadline_at", default: undefined, identity: "named", inheritable: true },
  retentionMs: { kind: "duration", wire: 12, hash: "hk:exact", column: "retention_ms", default: 0, identity: "named", inheritable: true },
  group: { kind: "text", wire: 14, column: "group_name", default: "", identity: "named", inheritable: false },
  headers: { kind: "texts", wire: 15, column: "headers", default: noTexts, identity: "apart", inheritable: true },
} as const satisfies RequestTable<TaskRequest>;

// biome-ignore format: a table is read by its columns
const historyFields = {
  retried: { kind: "count", wire: 6, column: "retried", default: 0, identity: "constant", inheritable: false },
  lastError: { kind: "text", wire: 7, column: "last_error", default: "", identity: "constant", inheritable: false },
  lastFailedAt: { kind: "moment", wire: 11, column: "last_failed_at", default: undefined, identity: "none", inheritable: false },
  completedAt: { kind: "moment", wire: 13, column: "completed_at", default: undefined, identity: "none", inheritable: false },
  uniqueKey: { kind: "text", wire: 10, column: "unique_key", default: "", identity: "constant", inheritable: false },
} as const satisfies HistoryTable<TaskHistory>;

/** Everything that is true of each field, once: whatever goes through the fields of a task is made from this, or held against it. */
// biome-ignore format: a table is read by its columns
export const taskFields = {
  ...requestFields,
  ...historyFields,
  unknownFields: { kind: "wire_fields", wire: "rest", column: "unknown_fields", default: undefined, identity: "none", inheritable: false },
} as const satisfies MessageTable<TaskMessage>;

type Table = typeof taskFields;

/** Fields with a number in Asynq's message. */
export type WireField = { [Field in keyof Table]: Table[Field]["wire"] extends number ? Field : never }[keyof Table];
/** Fields that Asynq's message has no place for. */
export type OwnField = { [Field in keyof Table]: Table[Field]["wire"] extends "none" ? Field : never }[keyof Table];

/**
 * A value for each field of a message. Code that is written by hand for speed takes one. The type checker then refuses
 * the code when there is a field that it does not name.
 */
export type EachField<Value, Except extends keyof TaskMessage = never> = {
  readonly [Field in Exclude<keyof TaskMessage, Except>]-?: Value;
};

/** Whether the answer is yes for each field. */
export function isTrueOfEach(answers: Readonly<Record<string, boolean>>): boolean {
  for (const field in answers) if (answers[field] !== true) return false;
  return true;
}

export const requestFieldNames = Object.keys(requestFields) as readonly (keyof TaskRequest)[];
export const historyFieldNames = Object.keys(historyFields) as readonly (keyof TaskHistory)[];
export const fieldNames = Object.keys(taskFields) as readonly (keyof TaskMessage)[];

/** The row of a field whose name is known only at run time. */
export function fieldRow(name: keyof TaskMessage): WireRow<unknown> | OwnRow {
  return taskFields[name];
}
