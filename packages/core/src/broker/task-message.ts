import { HikyakuError } from "../errors.ts";
import { shown } from "../option-names.ts";

/** The seven states of a task, as they are named in the store. */
export const taskStates = ["pending", "scheduled", "active", "retry", "completed", "archived", "aggregating"] as const;
export type TaskState = (typeof taskStates)[number];

/** @throws HikyakuError `invalid_option` for what is no state of a task. */
export function checkState(state: unknown): void {
  if (taskStates.some((known) => known === state)) return;
  throw new HikyakuError(
    "invalid_option",
    `option "state": expected one of ${taskStates.join(", ")}, got ${shown(state)}`,
  );
}

/**
 * What was asked for: all that an enqueue says of its task. A store writes it once and keeps it as it is; only an operator
 * may change it later. Named after the request, since `EnqueueRequest` is what it is made of. What Asynq's message has no
 * place for is optional here, and absent where nobody asked for it: then it costs nothing.
 *
 * Times are milliseconds since the Unix epoch, durations milliseconds. What is true of each field stands in
 * `task/task-fields.ts`.
 */
export interface TaskRequest {
  /** Unique within its queue. */
  readonly id: string;
  /** Picks the handler. */
  readonly type: string;
  readonly queue: string;
  /** Opaque bytes. Undefined means that there is none, which only uniqueness tells apart from empty. */
  readonly payload: Uint8Array | undefined;
  /** How often the task may be tried again after its first run. */
  readonly maxRetry: number;
  /** Time that one attempt may take; 0 means no such limit. */
  readonly timeoutMs: number;
  /** The moment after which no attempt may run; undefined means no such limit. */
  readonly deadlineAt: number | undefined;
  /** The group that the task is collected in; empty when it belongs to none. */
  readonly group: string;
  /** How long the task is kept after success; 0 means that it is removed at once. */
  readonly retentionMs: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** What happened to a task since it was asked for, as far as its message tells. Written by stores and by nobody else. */
export interface TaskHistory {
  /** How many of the retries are used up. */
  readonly retried: number;
  /** The text of the last failure; empty when there was none. */
  readonly lastError: string;
  readonly lastFailedAt: number | undefined;
  readonly completedAt: number | undefined;
  /** Names the uniqueness lock that this task took; empty when it took none. Filled in by the adapter. */
  readonly uniqueKey: string;
}

/** A task as it lies in the store: what was asked for, and what happened. */
export interface TaskMessage extends TaskRequest, TaskHistory {
  /** Fields of the wire format that this version does not know, kept so that re-encoding loses nothing. */
  readonly unknownFields?: readonly UnknownField[];
}

/** One field of the wire format that this version has no name for: its number, wire type and raw bytes. */
export interface UnknownField {
  readonly no: number;
  readonly wireType: number;
  readonly data: Uint8Array;
}
