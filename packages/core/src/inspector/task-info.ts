import type { StoredTask, TaskEntry, UnreadableTask } from "../broker/inspect-facet.ts";
import { claimedAtOf, serverOfToken } from "../broker/lease-token.ts";
import type { TaskMessage, TaskState } from "../broker/task-message.ts";
import type { AttemptRecord, AttemptServer } from "../broker/work-facet.ts";
import { dateOf } from "../date-of.ts";
import { fieldNames, fieldRow, type taskFields } from "../task/task-fields.ts";
import { momentOfId } from "../task/task-id.ts";
import { type TaskProgress, taskProgressOf } from "../task/task-report.ts";

/** Stored bytes, with what can be shown of them. */
export interface Content {
  readonly bytes: Uint8Array;
  readonly size: number;
  /** `none`: there are no bytes at all. */
  readonly preview: { readonly kind: "json"; readonly value: unknown } | { readonly kind: "binary" | "none" };
}

/** One run of a task. */
export interface AttemptInfo extends AttemptServer {
  readonly startedAt: Date;
  readonly endedAt: Date;
  readonly durationMs: number;
  readonly outcome: AttemptRecord["outcome"];
  readonly error: string | undefined;
  /** Where in the code the error came from. Kept for the last 5 attempts. */
  readonly stack: string | undefined;
}

/** How a field of a message is shown: moments as dates, bytes as content, everything else as it is. */
type Shown<Name extends keyof TaskMessage> = (typeof taskFields)[Name]["kind"] extends "moment"
  ? Date | undefined
  : (typeof taskFields)[Name]["kind"] extends "bytes"
    ? Content
    : TaskMessage[Name];

/** `unique` shows whether there was a lock. Fields that this version can't name are not shown. */
type ShownField = Exclude<keyof TaskMessage, "uniqueKey" | "unknownFields">;

/** What a task's message says. Times are milliseconds where they are numbers. */
type ShownMessage = { readonly [Name in keyof TaskMessage as Name extends ShownField ? Name : never]: Shown<Name> };

/** Everything that is known of a task: what its message says, and the following. */
export interface TaskInfo extends ShownMessage {
  readonly kind: "task";
  readonly state: TaskState;
  /** When it was made. Only ids that this library made by itself tell. */
  readonly createdAt: Date | undefined;
  readonly ageMs: number | undefined;
  /** When it will run: scheduled and retry only. */
  readonly dueAt: Date | undefined;
  /** Since when it waits in line: pending only. */
  readonly pendingSince: Date | undefined;
  readonly archivedAt: Date | undefined;
  /** When it may be removed: completed only. */
  readonly keptUntil: Date | undefined;
  /**
   * Who runs it: active only. `lost`: the lease has ended and the task will be taken over. The server's id is unknown
   * when a Go server holds the task.
   */
  readonly holder:
    | {
        readonly serverId: string | undefined;
        /** When it claimed the task, by its own clock. Undefined when unknown. */
        readonly claimedAt: Date | undefined;
        readonly leaseEndsAt: Date | undefined;
        readonly lost: boolean;
      }
    | undefined;
  /** What its handler wrote or returned. */
  readonly result: Content | undefined;
  /** Whether it was enqueued as unique. Its lock may be over by now. */
  readonly unique: boolean;
  /** Oldest first, at most 20. Runs by Go servers are not recorded. */
  readonly attempts: readonly AttemptInfo[];
  /**
   * How many workers died or stalled while they ran it, since it last failed or succeeded under a worker that lived.
   */
  readonly lostAttempts: number;
  /** What its handler said last of how far it is. `Inspector.taskLog` reads its log lines. */
  readonly progress: TaskProgress | undefined;
}

/** Something that lies where a task should and can't be read as a task. It can be deleted. */
export interface UnreadableTaskInfo {
  readonly kind: "unreadable";
  readonly id: string;
  readonly queue: string;
  readonly state: TaskState | undefined;
  /** Why it can't be read, in words. */
  readonly reason: string;
  readonly bytes: Uint8Array | undefined;
}

export function taskInfoOf(entry: TaskEntry, now: number): TaskInfo | UnreadableTaskInfo {
  return entry.unreadable === undefined ? readableInfo(entry, now) : unreadableInfo(entry);
}

function unreadableInfo({ taskId, queue, state, unreadable, bytes }: UnreadableTask): UnreadableTaskInfo {
  return { kind: "unreadable", id: taskId, queue, state, reason: unreadable, bytes };
}

function readableInfo(task: StoredTask, now: number): TaskInfo {
  const { message, state } = task;
  const createdAt = momentOfId(message.id, now);
  return {
    kind: "task",
    ...shownMessage(message),
    state,
    createdAt: knownDate(createdAt),
    ageMs: createdAt === undefined ? undefined : now - createdAt,
    dueAt: knownDate(task.dueAt),
    pendingSince: knownDate(task.pendingSince),
    archivedAt: knownDate(task.archivedAt),
    keptUntil: knownDate(task.keptUntil),
    holder: state === "active" ? holderOf(task, now) : undefined,
    result: task.result === undefined ? undefined : contentOf(task.result),
    unique: message.uniqueKey !== "",
    attempts: task.attempts.map(attemptInfoOf),
    lostAttempts: task.lostAttempts,
    progress: taskProgressOf(task.progress),
  };
}

function shownMessage(message: TaskMessage): ShownMessage {
  const shown = shownFields.filter((name) => name in message).map((name) => [name, shownValue(message, name)]);
  return Object.fromEntries(shown);
}

const hidden: ReadonlySet<keyof TaskMessage> = new Set<Exclude<keyof TaskMessage, ShownField>>([
  "uniqueKey",
  "unknownFields",
]);
const shownFields = fieldNames.filter((name) => !hidden.has(name));

function shownValue(message: TaskMessage, name: keyof TaskMessage): unknown {
  const value = message[name];
  switch (fieldRow(name).kind) {
    case "moment":
      return typeof value === "number" ? dateOf(value) : undefined;
    case "bytes":
      return contentOf(value instanceof Uint8Array ? value : new Uint8Array());
    default:
      return value;
  }
}

function holderOf({ leaseToken, leaseEndsAt }: StoredTask, now: number): TaskInfo["holder"] {
  return {
    serverId: serverOfToken(leaseToken),
    claimedAt: knownDate(claimedAtOf(leaseToken)),
    leaseEndsAt: knownDate(leaseEndsAt),
    lost: leaseEndsAt === undefined || leaseEndsAt <= now,
  };
}

function attemptInfoOf({ startedAt, endedAt, outcome, error, stack, ...server }: AttemptRecord): AttemptInfo {
  return {
    ...server,
    startedAt: dateOf(startedAt),
    endedAt: dateOf(endedAt),
    durationMs: endedAt - startedAt,
    outcome,
    error,
    stack,
  };
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

function contentOf(bytes: Uint8Array): Content {
  return { bytes, size: bytes.length, preview: bytes.length === 0 ? { kind: "none" } : previewOf(bytes) };
}

function previewOf(bytes: Uint8Array): Content["preview"] {
  try {
    return { kind: "json", value: JSON.parse(utf8.decode(bytes)) };
  } catch {
    return { kind: "binary" };
  }
}

function knownDate(moment: number | undefined): Date | undefined {
  return moment === undefined ? undefined : dateOf(moment);
}
