import { type DemoJobAttempt, type DemoJobView, type DemoJobWorker, momentText } from "@hikyaku/contract";
import { delayPrint } from "@hikyaku/tasks";
import type { AttemptInfo, ExplainedTask, ServerRecord, TaskExplanation, TaskInfo } from "hikyaku";

/** The part of the client's request that the task itself does not hold: moments, kept in headers of the task. */
export interface DemoJobTimes {
  readonly registeredAt: Date;
  readonly dueAt: Date;
}

const registeredAtHeader = "registered-at";
const dueAtHeader = "due-at";
/** How many of a task's attempts are kept: see `TaskInfo`. */
const mostAttempts = 20;

export function headersOf({ registeredAt, dueAt }: DemoJobTimes): Readonly<Record<string, string>> {
  return { [registeredAtHeader]: momentText(registeredAt), [dueAtHeader]: momentText(dueAt) };
}

/** Undefined for a task that another program enqueued. */
export function timesOf({ headers }: Pick<TaskInfo, "headers">): DemoJobTimes | undefined {
  const [registeredAt, dueAt] = [momentIn(headers[registeredAtHeader]), momentIn(headers[dueAtHeader])];
  return registeredAt === undefined || dueAt === undefined ? undefined : { registeredAt, dueAt };
}

/** The message that a task prints. Undefined when its payload has none. */
export function messageOf({ payload: { preview } }: Pick<TaskInfo, "payload">): string | undefined {
  if (preview.kind !== "json") return undefined;
  const parsed = delayPrint.payload?.safeParse(preview.value);
  return parsed?.success ? parsed.data.message : undefined;
}

/**
 * A demo job as the API tells of it. Undefined when the task is not one. `shown`: whether the caller may see hosts,
 * processes, paths, builds and error texts.
 */
export function presentDemoJob(
  { task, explanation }: ExplainedTask,
  { shown, now }: { readonly shown: boolean; readonly now: Date },
): DemoJobView | undefined {
  const { state } = task;
  if (task.type !== delayPrint.type || state === "aggregating") return undefined;
  const times = timesOf(task);
  return {
    job_id: task.id,
    message: messageOf(task) ?? null,
    state,
    registered_at: textOf(times?.registeredAt),
    due_at: textOf(times?.dueAt),
    printed_at: state === "completed" ? textOf(printedAt(task)) : null,
    archived_at: textOf(task.archivedAt),
    kept_until: textOf(task.keptUntil),
    max_retry: task.maxRetry,
    retried: task.retried,
    waiting: waitOf(explanation),
    running: runOf(explanation, shown),
    attempts: attemptsOf(task, shown),
    workers: explanation.kind === "over" ? null : explanation.takers,
    details_shown: shown,
    now: momentText(now),
  };
}

function waitOf(explanation: TaskExplanation): DemoJobView["waiting"] {
  // A task that waits in a group counts as no job.
  if (explanation.kind !== "waits" || explanation.reason === "collected") return null;
  const { reason, since, until } = explanation;
  return { reason, since: textOf(since), until: textOf(until) };
}

function runOf(explanation: TaskExplanation, shown: boolean): DemoJobView["running"] {
  if (explanation.kind !== "runs") return null;
  const { startedAt, serverId, server, silentSince, leaseEndsAt, lost } = explanation;
  return {
    started_at: textOf(startedAt),
    worker: shown && serverId !== undefined && server !== undefined ? liveWorkerOf(serverId, server) : null,
    lost: lost || silentSince !== undefined,
    lease_ends_at: textOf(leaseEndsAt),
  };
}

function liveWorkerOf(
  serverId: string,
  { host, pid, startedAt, details }: Pick<ServerRecord, "host" | "pid" | "startedAt" | "details">,
): DemoJobWorker {
  return {
    server_id: serverId,
    host,
    pid,
    directory: details?.directory ?? null,
    build: details?.build ?? null,
    version: details?.version ?? null,
    started_at: momentText(startedAt),
  };
}

function attemptsOf({ attempts, retried }: TaskInfo, shown: boolean): DemoJobAttempt[] {
  // Only the newest attempts are kept. Of the earlier ones only the number is known.
  const spent = attempts.filter(({ outcome }) => outcome === "retry").length;
  const before = attempts.length < mostAttempts ? 0 : Math.max(0, retried - spent);
  return attempts.map((attempt, index) => attemptOf(attempt, before + index + 1, shown));
}

function attemptOf(attempt: AttemptInfo, number: number, shown: boolean): DemoJobAttempt {
  const { outcome, startedAt, endedAt, error } = attempt;
  return {
    number,
    outcome: outcome === "done" ? "completed" : outcome,
    started_at: momentText(startedAt),
    ended_at: momentText(endedAt),
    error: shown ? (error ?? null) : null,
    worker: shown ? workerOf(attempt) : null,
  };
}

function workerOf({ serverId, host, pid, directory, build }: AttemptInfo): DemoJobWorker {
  return {
    server_id: serverId,
    host,
    pid,
    directory: directory ?? null,
    build: build ?? null,
    version: null,
    started_at: null,
  };
}

/** The time that its handler told, or the time of completion when a handler of another program ran it. */
function printedAt({ result, completedAt }: TaskInfo): Date | undefined {
  if (result?.preview.kind !== "json") return completedAt;
  const parsed = delayPrint.result?.safeParse(result.preview.value);
  return parsed?.success ? new Date(parsed.data.printed_at) : completedAt;
}

function momentIn(text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const moment = new Date(text);
  return Number.isNaN(moment.getTime()) ? undefined : moment;
}

function textOf(moment: Date | undefined): string | null {
  return moment === undefined ? null : momentText(moment);
}
