import {
  momentText,
  type TaskDetail,
  type TaskExplanationView,
  type TaskSummaryView,
  type UnreadableTaskView,
} from "@hikyaku/contract";
import type {
  AttemptInfo,
  Content,
  ExplainedTask,
  TaskExplanation,
  TaskInfo,
  TaskProgress,
  UnreadableTaskInfo,
} from "hikyaku";
import { hides, type Mask, maskedHeaders, maskedValue, noMask, touches } from "./mask.ts";
import { presentMoment } from "./moment.ts";

type SnakeCase<Name extends string> = Name extends `${infer First}${infer Rest}`
  ? `${First extends Lowercase<First> ? First : `_${Lowercase<First>}`}${SnakeCase<Rest>}`
  : Name;

/**
 * Makes the type checker refuse a presenter that leaves out a field of a task. The age follows from the moment it was
 * made.
 */
type Presented = { readonly [Name in Exclude<keyof TaskInfo, "ageMs"> as SnakeCase<Name>]-?: unknown };

/** Everything that is known of a task. */
function presentTask(task: TaskInfo, mask: Mask): TaskDetail & Presented {
  return {
    kind: "task",
    id: task.id,
    type: task.type,
    queue: task.queue,
    state: task.state,
    created_at: presentMoment(task.createdAt),
    due_at: presentMoment(task.dueAt),
    pending_since: presentMoment(task.pendingSince),
    archived_at: presentMoment(task.archivedAt),
    completed_at: presentMoment(task.completedAt),
    kept_until: presentMoment(task.keptUntil),
    holder: task.holder === undefined ? null : presentHolder(task.holder),
    payload: presentContent(task.payload, mask, "payloads"),
    result: task.result === undefined ? null : presentContent(task.result, mask, "results"),
    headers: maskedHeaders(task.headers, mask),
    group: task.group === "" ? null : task.group,
    unique: task.unique,
    max_retry: task.maxRetry,
    retried: task.retried,
    last_error: task.lastError === "" ? null : task.lastError,
    last_failed_at: presentMoment(task.lastFailedAt),
    timeout_ms: task.timeoutMs === 0 ? null : task.timeoutMs,
    deadline_at: presentMoment(task.deadlineAt),
    retention_ms: task.retentionMs,
    attempts: task.attempts.map(presentAttempt),
    lost_attempts: task.lostAttempts,
    progress: task.progress === undefined ? null : presentProgress(task.progress),
  };
}

/** Something that lies where a task should. */
function presentUnreadableTask(
  { id, queue, state, reason, bytes }: UnreadableTaskInfo,
  mask: Mask,
): UnreadableTaskView {
  return {
    kind: "unreadable",
    id,
    queue,
    state: state ?? null,
    reason,
    bytes: bytes === undefined || touches(mask, "payloads") ? null : base64(bytes),
  };
}

/** Everything that is known of what lies under a task's id. */
export function presentTaskView(
  found: TaskInfo | UnreadableTaskInfo,
  mask: Mask = noMask,
): TaskDetail | UnreadableTaskView {
  return found.kind === "task" ? presentTask(found, mask) : presentUnreadableTask(found, mask);
}

/** The same without payload, result, headers and attempts, nor the bytes of what can't be read. */
export function presentTaskSummary(found: TaskInfo | UnreadableTaskInfo): TaskSummaryView | UnreadableTaskView {
  if (found.kind === "unreadable") return { ...presentUnreadableTask(found, noMask), bytes: null };
  const { payload, result: _result, headers: _headers, attempts: _attempts, ...rest } = presentTask(found, noMask);
  return { ...rest, payload_size: payload.size };
}

/** A task with what it is doing, and why. No reasons for a task that can't be read. */
export function presentExplainedTask(found: ExplainedTask | UnreadableTaskInfo) {
  if (!("explanation" in found)) return { task: presentUnreadableTask(found, noMask), explanation: null };
  return { task: presentTask(found.task, noMask), explanation: presentExplanation(found.explanation) };
}

/** What a task is doing, and why. */
function presentExplanation(explanation: TaskExplanation): TaskExplanationView {
  const { takers } = explanation;
  switch (explanation.kind) {
    case "over":
      return { kind: explanation.kind, takers };
    case "waits": {
      const { reason, since, until } = explanation;
      return { kind: explanation.kind, reason, since: presentMoment(since), until: presentMoment(until), takers };
    }
    case "runs": {
      const { startedAt, serverId, server, silentSince, leaseEndsAt, lost } = explanation;
      return {
        kind: explanation.kind,
        started_at: presentMoment(startedAt),
        server_id: serverId ?? null,
        host: server?.host ?? null,
        pid: server?.pid ?? null,
        directory: server?.details?.directory ?? null,
        build: server?.details?.build ?? null,
        silent_since: presentMoment(silentSince),
        lease_ends_at: presentMoment(leaseEndsAt),
        lost,
        takers,
      };
    }
  }
}

function presentHolder(holder: NonNullable<TaskInfo["holder"]>): NonNullable<TaskDetail["holder"]> {
  const { serverId, claimedAt, leaseEndsAt, lost } = holder;
  return {
    server_id: serverId ?? null,
    claimed_at: presentMoment(claimedAt),
    lease_ends_at: presentMoment(leaseEndsAt),
    lost,
  };
}

function presentProgress(progress: TaskProgress): NonNullable<TaskDetail["progress"]> {
  return {
    done: progress.done,
    total: progress.total ?? null,
    message: progress.message ?? null,
    told_at: presentMoment(progress.toldAt),
    server_id: progress.serverId ?? null,
    attempt: progress.attempt ?? null,
  };
}

function presentContent(
  { bytes, size, preview }: Content,
  mask: Mask,
  part: "payloads" | "results",
): TaskDetail["payload"] {
  if (preview.kind !== "none" && touches(mask, part)) {
    // Keys are known of JSON alone.
    if (hides(mask, part) || preview.kind !== "json") return { bytes: "", size, kind: "hidden", value: null };
    const value = maskedValue(preview.value, mask);
    return { bytes: base64(Buffer.from(JSON.stringify(value))), size, kind: "json", value };
  }
  return { bytes: base64(bytes), size, kind: preview.kind, value: preview.kind === "json" ? preview.value : null };
}

function presentAttempt(attempt: AttemptInfo): TaskDetail["attempts"][number] {
  return {
    server_id: attempt.serverId,
    host: attempt.host,
    pid: attempt.pid,
    directory: attempt.directory ?? null,
    build: attempt.build ?? null,
    started_at: momentText(attempt.startedAt),
    ended_at: momentText(attempt.endedAt),
    duration_ms: attempt.durationMs,
    outcome: attempt.outcome,
    error: attempt.error ?? null,
    stack: attempt.stack ?? null,
  };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}
