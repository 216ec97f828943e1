import { policyOf } from "../broker/claim-policy.ts";
import type { QueueNumbers } from "../broker/inspect-facet.ts";
import type { ServerRecord, SilentServer } from "../broker/presence-facet.ts";
import type { Standing } from "../broker/standing.ts";
import { dateOf } from "../date-of.ts";
import { handles, serversOf, takersOf, takesTasks } from "../live-takers.ts";
import { storedText } from "../worker/leases/abort-cause.ts";
import { type ExplainFacts, explainTask, type TaskExplanation } from "./explain-task.ts";
import type { TaskInfo } from "./task-info.ts";
import type { Forecast, HandlerSeen, Obstacle, OrderHolder, QueuePauseInfo, ServerPlace, TaskWhy } from "./why.ts";

/** What is known of a queue and of who works on it, all at about one moment. */
export interface QueueFacts extends Pick<ExplainFacts, "servers" | "workers" | "silent" | "now"> {
  readonly numbers: Pick<QueueNumbers, "queue" | "paused" | "pause" | "policy">;
  readonly standing: Standing;
  /** The task that an ordered queue works on, as far as it can be read. */
  readonly heldBy: TaskInfo | undefined;
  /** How many tasks of the queue were started in a minute lately. Undefined when nobody counted them. */
  readonly startedPerMinute: number | undefined;
}

/** The same, and a task of the queue. */
export interface TaskFacts extends QueueFacts {
  readonly task: TaskInfo;
}

const mostSeen = 5;

/** Says why a task is where it is, from the facts alone. */
export function whyTask(facts: TaskFacts): TaskWhy {
  const { task, numbers } = facts;
  const explained = explainTask({ ...facts, paused: numbers.paused });
  if (explained.kind === "over") return task.state === "archived" ? archived(task) : completed(task);
  if (explained.kind === "runs") return running(facts, explained);
  return waiting(facts, explained);
}

function waiting(facts: TaskFacts, { reason, since }: TaskExplanation & { readonly kind: "waits" }): TaskWhy {
  const { task, servers } = facts;
  const here = serversOf(task.queue, servers).map(serverPlace);
  switch (reason) {
    case "not_due":
      return { code: reason, dueAt: dueOf(facts), obstacle: obstacleOf(facts) };
    case "backing_off": {
      const { retried: retry, maxRetry, lastError: error } = task;
      return { code: reason, dueAt: dueOf(facts), retry, maxRetry, error, obstacle: obstacleOf(facts) };
    }
    case "queue_paused":
      return { code: reason, since, pause: pauseInfo(facts) };
    case "no_worker":
      return { code: reason, since, seen: handlersSeen(facts) };
    case "workers_quiet":
      return { code: reason, since, servers: here };
    case "type_not_handled":
      return { code: reason, since, type: task.type, servers: here, seen: handlersSeen(facts) };
    case "runs_apart":
      return { code: reason, since, lostAttempts: task.lostAttempts };
    case "collected":
      return collected(facts);
    case "workers_busy":
    case "in_line":
      return inLine(facts, reason, since);
  }
}

function inLine(facts: TaskFacts, code: "workers_busy" | "in_line", since: Date | undefined): TaskWhy {
  const { task, servers, standing } = facts;
  const unknown = unknownPolicy(facts);
  if (unknown !== undefined) return { code: "policy_unknown", since, policy: unknown };
  const holder = orderHolder(facts);
  // A retry that is due may be the one that goes first.
  if (holder !== undefined && holder.taskId !== task.id)
    return { code: "order_held", since, holder, ahead: standing.ahead };
  const takers = takersOf(task, servers);
  const place = { since, ahead: standing.ahead, forecast: forecastOf(facts) };
  return code === "in_line"
    ? { code, takers: takers.length, ...place }
    : { code, takers: takers.length, slots: slotsOf(takers), ...place };
}

/** Why nothing of the queue may be taken, whoever asks: a policy of a later version. */
export function unknownPolicy({ numbers: { policy } }: Pick<QueueFacts, "numbers">): string | undefined {
  return policy !== undefined && policyOf(policy) === undefined ? policy : undefined;
}

/** What holds an ordered queue. Undefined for an open one, and when the next task may be taken. */
export function orderHolder({ numbers, standing, heldBy, ...facts }: QueueFacts): OrderHolder | undefined {
  const policy = policyOf(numbers.policy);
  if (policy?.kind !== "ordered") return undefined;
  if (standing.running !== undefined) {
    const run = heldBy?.state === "active" ? explainTask({ ...facts, task: heldBy, paused: false }) : undefined;
    const server = run?.kind === "runs" && run.server !== undefined ? placeOfRun(run) : undefined;
    const leaseEndsAt = heldBy?.holder?.leaseEndsAt;
    return { by: "running", taskId: standing.running, dueAt: undefined, server, leaseEndsAt };
  }
  if (policy.discipline === "loose" || standing.nextRetry === undefined) return undefined;
  const { taskId, dueAt } = standing.nextRetry;
  return { by: "retry", taskId, dueAt: dateOf(dueAt), server: undefined, leaseEndsAt: undefined };
}

/** When what is so far behind in line starts, if all goes on as in the last minutes. */
function forecastOf({ standing: { ahead = 0 }, startedPerMinute, now }: QueueFacts): Forecast {
  if (startedPerMinute === undefined) return { kind: "unknown", because: "not_counted" };
  if (startedPerMinute <= 0) return { kind: "unknown", because: "stands_still" };
  const waitMs = ((ahead + 1) / startedPerMinute) * 60_000;
  return { kind: "about", at: dateOf(now + Math.round(waitMs)), startedPerMinute };
}

/** What would hold the task back if it were due, or free to be taken over. Nothing is told that may be over until then, such as busy workers. */
function obstacleOf({ task, numbers, servers }: TaskFacts): Obstacle | undefined {
  return obstacleFor({ queue: task.queue, type: task.type, paused: numbers.paused }, servers);
}

/** Without a type: what would hold back tasks of any type. */
export function obstacleFor(
  { queue, type, paused }: { readonly queue: string; readonly type?: string; readonly paused: boolean },
  servers: readonly ServerRecord[],
): Obstacle | undefined {
  if (paused) return "queue_paused";
  const here = serversOf(queue, servers);
  if (here.length === 0) return "no_worker";
  if (!here.some(takesTasks)) return "workers_quiet";
  if (type === undefined || takersOf({ queue, type }, servers).length > 0) return undefined;
  return here.some((server) => handles(server, type)) ? "workers_quiet" : "type_not_handled";
}

/** Who handled such a task before: servers that fell silent, and those that ran this one. The last that was seen first. */
function handlersSeen({ task, silent }: Pick<TaskFacts, "task" | "silent">): readonly HandlerSeen[] {
  const ran = task.attempts.map(
    (attempt): HandlerSeen => ({ ...placeOfAttempt(attempt), seenAt: attempt.endedAt, by: "attempt" }),
  );
  return newestOfEach([...silentHandlers(task, silent), ...ran]);
}

/** The servers of a queue that fell silent. With a type, those of them that handle it. */
export function silentHandlers(
  { queue, type }: { readonly queue: string; readonly type?: string },
  silent: readonly SilentServer[],
): readonly HandlerSeen[] {
  const seen = silent
    .filter(({ server }) => Object.hasOwn(server.queues, queue) && (type === undefined || handles(server, type)))
    .map(
      ({ server, silentSince }): HandlerSeen => ({
        ...serverPlace(server),
        seenAt: dateOf(silentSince),
        by: "silent",
      }),
    );
  return newestOfEach(seen);
}

function newestOfEach(seen: readonly HandlerSeen[]): readonly HandlerSeen[] {
  const newest = new Map<string, HandlerSeen>();
  for (const one of seen) {
    const known = newest.get(one.serverId);
    if (known === undefined || known.seenAt < one.seenAt) newest.set(one.serverId, one);
  }
  return [...newest.values()].sort((a, b) => b.seenAt.getTime() - a.seenAt.getTime()).slice(0, mostSeen);
}

function collected({ task, standing: { group } }: TaskFacts): TaskWhy {
  return {
    code: "collected",
    group: task.group,
    size: group?.size,
    oldestAt: group === undefined ? undefined : dateOf(group.oldestAt),
    newestAt: group === undefined ? undefined : dateOf(group.newestAt),
  };
}

function running(facts: TaskFacts, run: TaskExplanation & { readonly kind: "runs" }): TaskWhy {
  const { serverId, startedAt, leaseEndsAt, silentSince, lost } = run;
  const server = run.server === undefined ? undefined : placeOfRun(run);
  const obstacle = lost || silentSince !== undefined ? obstacleOf(facts) : undefined;
  return { code: "running", server, serverId, startedAt, leaseEndsAt, silentSince, lost, obstacle };
}

function archived(task: TaskInfo): TaskWhy {
  const { archivedAt: at, lastError: error, retried, maxRetry, attempts } = task;
  const last = attempts.at(-1);
  return {
    code: "archived",
    at,
    because: archivedBecause(task),
    error,
    retried,
    maxRetry,
    by: last && placeOfAttempt(last),
  };
}

function archivedBecause({
  attempts,
  lastError,
  retried,
  maxRetry,
}: TaskInfo): (TaskWhy & { code: "archived" })["because"] {
  const last = attempts.at(-1);
  if (lastError === "") return "told";
  if (last !== undefined && last.outcome !== "archived" && last.outcome !== "lost") return "told";
  if (last !== undefined && isCancelText(lastError)) return "told";
  if (retried >= maxRetry) return "retries_used";
  return last?.outcome === "archived" ? "failed_for_good" : "unknown";
}

/** What our servers write of a task that somebody cancelled while it ran. Its handler's own words may follow. */
function isCancelText(error: string): boolean {
  return error === storedText.cancelled || error.startsWith(`${storedText.cancelled}: `);
}

function completed({ completedAt: at, keptUntil, attempts }: TaskInfo): TaskWhy {
  const last = attempts.at(-1);
  return { code: "completed", at, keptUntil, by: last && placeOfAttempt(last) };
}

/** Only for a queue that is paused. */
export function pauseInfo({ numbers: { pause } }: Pick<QueueFacts, "numbers">): QueuePauseInfo {
  return {
    since: pause?.at === undefined ? undefined : dateOf(pause.at),
    by: pause?.who,
    reason: pause?.reason,
  };
}

export function slotsOf(servers: readonly ServerRecord[]): number {
  return servers.reduce((sum, { concurrency }) => sum + concurrency, 0);
}

export function serverPlace({ serverId, host, pid, details }: ServerRecord): ServerPlace {
  return { serverId, host, pid, directory: details?.directory, build: details?.build };
}

function placeOfRun({ serverId = "", server }: TaskExplanation & { readonly kind: "runs" }): ServerPlace | undefined {
  if (server === undefined) return undefined;
  const { host, pid, details } = server;
  return { serverId, host, pid, directory: details?.directory, build: details?.build };
}

function placeOfAttempt({ serverId, host, pid, directory, build }: TaskInfo["attempts"][number]): ServerPlace {
  return { serverId, host, pid, directory, build };
}

function dueOf({ task: { dueAt }, now }: Pick<TaskFacts, "task" | "now">): Date {
  return dueAt ?? dateOf(now);
}
