import { HikyakuError } from "../errors.ts";
import { shown } from "../option-names.ts";

/** The seven states of a task, as they are named in the store. */
export const taskStates = ["pending", "scheduled", "active", "retry", "completed", "archived", "aggregating"] as const;
export type TaskState = (typeof taskStates)[number];

/** @throws HikyakuError `invalid_option` when it is not a state of a task. */
export function checkState(state: unknown): void {
  if (taskStates.some((known) => known === state)) return;
  throw new HikyakuError(
    "invalid_option",
    `option "state": expected one of ${taskStates.join(", ")}, got ${shown(state)}`,
  );
}

/**
 * What was asked for: all that an enqueue says of its task. A store writes it once; only an operator may change it
 * later. A field that Asynq's message has no place for is optional here. It is absent, and costs nothing, when nobody
 * asked for it.
 *
 * Not to be confused with `EnqueueRequest`, which this is made from.
 *
 * Times are milliseconds since the Unix epoch, durations are milliseconds. `task/task-fields.ts` tells what is true of
 * each field.
 */
export interface TaskRequest {
  /** Unique within its queue. */
  readonly id: string;
  /** Picks the handler. */
  readonly type: string;
  readonly queue: string;
  /** Opaque bytes. Undefined: there is no payload. Only uniqueness tells that from an empty one. */
  readonly payload: Uint8Array | undefined;
  /** How often the task may be tried again after its first run. */
  readonly maxRetry: number;
  /** How long one attempt may take. 0: no such limit. */
  readonly timeoutMs: number;
  /** No attempt may run after this moment. Undefined: no such limit. */
  readonly deadlineAt: number | undefined;
  /** The group that collects the task. Empty: none. */
  readonly group: string;
  /** How long the task is kept after success. 0: it is removed at once. */
  readonly retentionMs: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** What happened to a task since it was asked for, as far as its message tells. Only stores write it. */
export interface TaskHistory {
  /** How many of the retries are used up. */
  readonly retried: number;
  /** The text of the last failure. Empty: there was none. */
  readonly lastError: string;
  readonly lastFailedAt: number | undefined;
  readonly completedAt: number | undefined;
  /** Names the uniqueness lock that this task took. Empty: it took none. The adapter fills it in. */
  readonly uniqueKey: string;
}

/** A task as it lies in the store: what was asked for, and what happened. */
export interface TaskMessage extends TaskRequest, TaskHistory {
  /**
   * Fields of the wire format that this version does not know. They are kept so that nothing is lost when it is encoded
   * again.
   */
  readonly unknownFields?: readonly UnknownField[];
}

/** One field of the wire format that this version has no name for: its number, wire type and raw bytes. */
export interface UnknownField {
  readonly no: number;
  readonly wireType: number;
  readonly data: Uint8Array;
}
