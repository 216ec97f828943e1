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

/** Some tasks of a queue, with what each is doing. */
export interface ExplainedTasks {
  /** False also when the queue does not exist. */
  readonly paused: boolean;
  /** All servers, on any queues, that announced themselves in the last seconds and are not surely gone. */
  readonly servers: readonly ServerRecord[];
  /** One entry per id, in order. Undefined when there is no such task. */
  readonly tasks: readonly (ExplainedTask | UnreadableTaskInfo | undefined)[];
}

/** Gathers what is known of some tasks in three calls, or four when a task runs on a server that is not there. */
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
  // The announcement of a process that has ended still holds for some seconds.
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
