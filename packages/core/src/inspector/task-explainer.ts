import type { Broker } from "../broker/broker.ts";
import type { ServerRecord } from "../broker/presence-facet.ts";
import type { Clock } from "../runtime/clock.ts";
import { isGone } from "../server-warnings.ts";
import type { CallBudget } from "./call-budget.ts";
import { explainTask, type TaskExplanation } from "./explain-task.ts";
import { type TaskInfo, taskInfoOf, type UnreadableTaskInfo } from "./task-info.ts";

/** A task with what it is doing, and why. */
export interface ExplainedTask {
  readonly task: TaskInfo;
  readonly explanation: TaskExplanation;
}

/** Some tasks of a queue, and what became of each. */
export interface ExplainedTasks {
  /** False also for a queue that does not exist. */
  readonly paused: boolean;
  /** Everyone who told of itself in the last seconds and is not gone for sure, on whichever queues. */
  readonly servers: readonly ServerRecord[];
  /** One entry per id, in order; undefined where there is no such task. */
  readonly tasks: readonly (ExplainedTask | UnreadableTaskInfo | undefined)[];
}

/** Gathers what is known of some tasks in three calls, or four where a task runs on a server that is not there. */
export async function explainTasks(
  broker: Pick<Broker, "get" | "queue" | "servers" | "silentServers">,
  clock: Pick<Clock, "now">,
  queue: string,
  ids: readonly string[],
  budget: CallBudget,
): Promise<ExplainedTasks> {
  const call = budget.next();
  const [entries, numbers, { servers: told, workers }] = await Promise.all([
    ids.length === 0 ? [] : broker.get(queue, ids, call),
    broker.queue(queue, call),
    broker.servers(call),
  ]);
  const now = clock.now();
  const paused = numbers?.paused ?? false;
  const infos = entries.map((entry) => (entry === undefined ? undefined : taskInfoOf(entry, now)));
  // The word of one whose process has ended still holds for some seconds, and there is nobody behind it.
  const servers = told.filter((server) => !isGone(server));
  const gone = told.filter(isGone).map((server) => ({ server, silentSince: now }));
  const there = new Set(told.map(({ serverId }) => serverId));
  const isElsewhere = (info: TaskInfo | UnreadableTaskInfo | undefined): boolean =>
    info?.kind === "task" && info.holder?.serverId !== undefined && !there.has(info.holder.serverId);
  const silent = [...gone, ...(infos.some(isElsewhere) ? await broker.silentServers(budget.next()) : [])];
  const tasks = infos.map((task) => {
    if (task?.kind !== "task") return task;
    return { task, explanation: explainTask({ task, paused, servers, workers, silent, now }) };
  });
  return { paused, servers, tasks };
}
