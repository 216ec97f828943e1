/**
 * What went wrong, as a word that stays the same between releases. Callers branch on this, never on the text.
 *
 * - `invalid_option`: an option or argument can't be used; the message names it, what was expected and what came.
 * - `invalid_payload`: a payload or result does not fit its schema; `issues` lists the places.
 * - `task_exists`: an equal unique task holds the uniqueness lock.
 * - `task_id_taken`: a task with this id exists in the queue, in whatever state.
 * - `task_not_found`, `queue_not_found`: there is no such task or queue.
 * - `entry_not_found`, `entry_exists`: there is no scheduler entry of this id; there is one already.
 * - `task_archived`: the task was archived, so it has no result and gets none unless somebody runs it again.
 * - `wrong_state`: the task or queue is in a state that does not allow this.
 * - `lease_lost`: the caller no longer holds the task.
 * - `evicted`: somebody took all tasks away from this server.
 * - `broker_unavailable`: the store can't be reached, or did not let go of a lock in time; nothing was written.
 * - `answer_lost`: the connection broke during the call; the store may or may not have carried it out.
 * - `not_acknowledged`: the task is stored, but not as many replicas or disks acknowledged it in time as were asked for.
 * - `deadline_exceeded`: no answer in time; the store may or may not have carried the call out.
 * - `cancelled`: the caller's signal fired.
 * - `store_rejected`: the store answered with an error of its own (out of memory, disk full, read-only, wrong type, ...);
 *   nothing was written.
 * - `closed`: the object was closed; the message of a call that was under way says that it may have been carried out.
 * - `corrupt_data`: stored bytes can't be read.
 */
export type ErrorCode =
  | "invalid_option"
  | "invalid_payload"
  | "task_exists"
  | "task_id_taken"
  | "task_not_found"
  | "queue_not_found"
  | "entry_not_found"
  | "entry_exists"
  | "task_archived"
  | "wrong_state"
  | "lease_lost"
  | "evicted"
  | "broker_unavailable"
  | "answer_lost"
  | "not_acknowledged"
  | "deadline_exceeded"
  | "cancelled"
  | "store_rejected"
  | "closed"
  | "corrupt_data";

/** One place where a value did not fit: the path inside the value, and why, in words. */
export interface ErrorIssue {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** What a refusal found, for programs. Only what is known is there. */
export interface ErrorFacts {
  /** The task that is in the way, or that was meant. */
  readonly taskId?: string;
  readonly queue?: string;
  /** The state that the task was found in, which does not allow what was asked. */
  readonly state?: string;
}

/** Every error that this library throws on purpose. */
export class HikyakuError extends Error {
  override readonly name = "HikyakuError";
  readonly code: ErrorCode;
  /** Filled for `invalid_payload`; empty otherwise. */
  readonly issues: readonly ErrorIssue[];
  /** Filled for `task_exists`, `task_id_taken` and, for tasks, `wrong_state`. */
  readonly facts: ErrorFacts;

  constructor(
    code: ErrorCode,
    message: string,
    options: ErrorOptions & { issues?: readonly ErrorIssue[]; facts?: ErrorFacts } = {},
  ) {
    super(message, options);
    this.code = code;
    this.issues = options.issues ?? [];
    this.facts = options.facts ?? {};
  }
}

/** Whether this is a `HikyakuError`, even one of another copy of the package. */
export function isHikyakuError(error: unknown, code?: ErrorCode): error is HikyakuError {
  try {
    return (
      error instanceof Error &&
      error.name === "HikyakuError" &&
      "code" in error &&
      (code === undefined || error.code === code)
    );
  } catch {
    return false;
  }
}

/** Whether the store was away or silent. The same call may do better later. */
export function isStoreAway(error: unknown): error is HikyakuError {
  return (
    isHikyakuError(error, "broker_unavailable") ||
    isHikyakuError(error, "answer_lost") ||
    isHikyakuError(error, "deadline_exceeded")
  );
}

/** Whether surely nothing of the call was carried out. */
export function isSurelyNotDone(error: unknown): boolean {
  return isHikyakuError(error, "broker_unavailable") || isHikyakuError(error, "store_rejected");
}

/** The text of any thrown value, for logs and stored errors. Never throws itself. */
export function errorText(thrown: unknown): string {
  try {
    if (thrown instanceof Error) return String(thrown.message === "" ? thrown.name : thrown.message);
    if (typeof thrown === "string") return thrown;
    return `thrown value: ${JSON.stringify(thrown) ?? String(thrown)}`;
  } catch {
    return "thrown value that can't be shown";
  }
}
