import type { BusyWorker, ServerRecord, SilentServer } from "../broker/presence-facet.ts";
import { dateOf } from "../date-of.ts";
import { handles, serversOf, takersOf, takesTasks } from "../live-takers.ts";
import { anyCompany, companyOf } from "../worker/handling/company.ts";
import type { TaskInfo } from "./task-info.ts";

/**
 * Why a task does not run now.
 *
 * - `not_due`: it is not due yet.
 * - `backing_off`: it failed, and its next attempt is not due yet.
 * - `queue_paused`: somebody paused its queue.
 * - `no_worker`: no live server takes from its queue.
 * - `workers_quiet`: the live servers take nothing new.
 * - `type_not_handled`: no live server has a handler for its type.
 * - `runs_apart`: workers died while they ran it. So it runs beside few others or alone, and waits until a server runs
 *   few enough.
 * - `workers_busy`: all slots of the servers that handle it are taken.
 * - `in_line`: a server takes it as soon as its turn comes.
 * - `collected`: it waits in its group to be handled with the others.
 */
export type WaitReason =
  | "not_due"
  | "backing_off"
  | "queue_paused"
  | "no_worker"
  | "workers_quiet"
  | "type_not_handled"
  | "runs_apart"
  | "workers_busy"
  | "in_line"
  | "collected";

/** What a task is doing, and why. `takers`: how many live servers would take it. */
export type TaskExplanation =
  | {
      readonly kind: "waits";
      readonly reason: WaitReason;
      /** Since when it is due. Undefined while it is not, and when nobody wrote it down. */
      readonly since: Date | undefined;
      /** When it will be due. Undefined once it is. */
      readonly until: Date | undefined;
      readonly takers: number;
    }
  | {
      readonly kind: "runs";
      /** When its server says that it started, otherwise when it was claimed. Undefined when neither is known. */
      readonly startedAt: Date | undefined;
      readonly serverId: string | undefined;
      /** Undefined when nobody knows the server. */
      readonly server: Pick<ServerRecord, "host" | "pid" | "startedAt" | "details"> | undefined;
      /** Since when its server is silent. Undefined when the server is there, or unknown. */
      readonly silentSince: Date | undefined;
      readonly leaseEndsAt: Date | undefined;
      /** Its lease has ended: a server will take the task over. */
      readonly lost: boolean;
      readonly takers: number;
    }
  | { readonly kind: "over"; readonly takers: number };

/** What is known of a task, its queue and the servers, all at about one moment. */
export interface ExplainFacts {
  readonly task: TaskInfo;
  readonly paused: boolean;
  readonly servers: readonly ServerRecord[];
  readonly workers: readonly BusyWorker[];
  readonly silent: readonly SilentServer[];
  readonly now: number;
}

/** A server announces what it runs every five seconds. */
const surelyToldMs = 10_000;

/** Says what a task is doing and why, from the facts alone. */
export function explainTask({ task, paused, servers, workers, silent, now }: ExplainFacts): TaskExplanation {
  const here = serversOf(task.queue, servers);
  const takers = takersOf(task, servers);
  if (task.state === "completed" || task.state === "archived") return { kind: "over", takers: takers.length };
  if (task.state === "active") {
    if (!waitsApart(task, { servers, workers }, now)) {
      return { ...runOf(task, { servers, workers, silent }), takers: takers.length };
    }
    return { kind: "waits", reason: "runs_apart", since: undefined, until: undefined, takers: takers.length };
  }
  const reason = waitReasonOf(task, { paused, here, takers }, now);
  const isDue = reason !== "not_due" && reason !== "backing_off" && reason !== "collected";
  return {
    kind: "waits",
    reason,
    takers: takers.length,
    since: isDue ? (task.pendingSince ?? task.dueAt) : undefined,
    until: isDue ? undefined : task.dueAt,
  };
}

interface Line {
  readonly paused: boolean;
  readonly here: readonly ServerRecord[];
  readonly takers: readonly ServerRecord[];
}

function waitReasonOf(
  { state, dueAt, type, lostAttempts }: TaskInfo,
  { paused, here, takers }: Line,
  now: number,
): WaitReason {
  if (state === "aggregating") return "collected";
  if (dueAt !== undefined && dueAt.getTime() > now) return state === "retry" ? "backing_off" : "not_due";
  if (paused) return "queue_paused";
  if (here.length === 0) return "no_worker";
  if (!here.some(takesTasks)) return "workers_quiet";
  if (takers.length === 0) return here.some((server) => handles(server, type)) ? "workers_quiet" : "type_not_handled";
  if (takers.every(({ activeWorkers, concurrency }) => activeWorkers >= concurrency)) return "workers_busy";
  const hasRoom = takers.some((server) => server.activeWorkers < roomFor(lostAttempts, server));
  return hasRoom ? "in_line" : "runs_apart";
}

/** How many tasks may run in a server beside a task that was there when workers died, itself included. */
function roomFor(lostAttempts: number, { concurrency, details }: ServerRecord): number {
  return details === undefined ? concurrency : Math.min(concurrency, companyOf(lostAttempts, concurrency));
}

/**
 * Whether its server claimed it and lets it wait, because it may run beside few others only. A server announces only
 * tasks that have begun.
 */
function waitsApart(
  { id, queue, holder, lostAttempts }: TaskInfo,
  { servers, workers }: Pick<ExplainFacts, "servers" | "workers">,
  now: number,
): boolean {
  if (companyOf(lostAttempts, 1) === anyCompany || holder === undefined || holder.lost) return false;
  const isLive = servers.some(({ serverId, details }) => serverId === holder.serverId && details !== undefined);
  const isTold = workers.some(({ taskId, queue: from }) => taskId === id && from === queue);
  return isLive && !isTold && holder.claimedAt !== undefined && now - holder.claimedAt.getTime() > surelyToldMs;
}

function runOf(task: TaskInfo, { servers, workers, silent }: Pick<ExplainFacts, "servers" | "workers" | "silent">) {
  const told = workers.find(({ taskId, queue }) => taskId === task.id && queue === task.queue);
  // The leases of another library's server don't name it. Only its announcement says which tasks it holds.
  const serverId = task.holder?.serverId ?? told?.serverId;
  const live = servers.find((server) => server.serverId === serverId);
  const gone = live === undefined ? silent.find(({ server }) => server.serverId === serverId) : undefined;
  const isItsRun = told !== undefined && told.serverId === serverId;
  return {
    kind: "runs" as const,
    startedAt: isItsRun ? dateOf(told.startedAt) : task.holder?.claimedAt,
    serverId,
    server: live ?? gone?.server,
    silentSince: gone === undefined ? undefined : dateOf(gone.silentSince),
    leaseEndsAt: task.holder?.leaseEndsAt,
    lost: task.holder?.lost ?? false,
  };
}
