import type { Broker } from "../broker/broker.ts";
import type { PresentServers, SilentServer } from "../broker/presence-facet.ts";
import { queueTakers } from "../live-takers.ts";
import type { Clock } from "../runtime/clock.ts";
import { isGone } from "../server-warnings.ts";
import { taskNotFound } from "../task/cancel-task.ts";
import type { CallBudget } from "./call-budget.ts";
import { type QueueSummary, queueSummaryOf } from "./queue-info.ts";
import { queueNotFound } from "./refusals.ts";
import { checkedStatisticsQuery, readStatistics } from "./statistics.ts";
import { type TaskInfo, taskInfoOf, type UnreadableTaskInfo } from "./task-info.ts";
import type { QueueWhy, TaskWhy } from "./why.ts";
import { whyQueue } from "./why-queue.ts";
import { type QueueFacts, whyTask } from "./why-task.ts";
import { queueSentence, taskSentence } from "./why-text.ts";

/** Why a task is where it is. */
export interface TaskReason {
  readonly task: TaskInfo | UnreadableTaskInfo;
  /** A code, and the facts behind it. */
  readonly why: TaskWhy;
  /** The same in one English sentence. */
  readonly sentence: string;
}

/** Why nothing moves in a queue, or that it does. */
export interface QueueReason {
  readonly queue: QueueSummary;
  /** A code, and the facts behind it. */
  readonly why: QueueWhy;
  /** The same in one English sentence. */
  readonly sentence: string;
}

type ExplainingBroker = Pick<
  Broker,
  "get" | "queue" | "list" | "servers" | "silentServers" | "standing" | "readStatistics"
>;

/** How many of the first tasks in line are looked at for their types. */
const mostFirst = 100;
/** What was started in this time says how fast a queue goes. */
const lateMs = 300_000;

/**
 * Asks the store in two trips: what there is, and then who fell silent, what holds an order and how fast the queue goes.
 * @throws HikyakuError `queue_not_found`, `task_not_found`.
 */
export async function explainTaskOf(
  broker: ExplainingBroker,
  clock: Pick<Clock, "now">,
  queue: string,
  id: string,
  budget: CallBudget,
): Promise<TaskReason> {
  const call = budget.next();
  const [[entry], numbers, standing, present] = await Promise.all([
    broker.get(queue, [id], call),
    broker.queue(queue, call),
    broker.standing(queue, id, call),
    broker.servers(call),
  ]);
  const now = clock.now();
  if (entry === undefined) throw numbers === undefined ? queueNotFound(queue) : taskNotFound(queue, id);
  const task = taskInfoOf(entry, now);
  if (task.kind === "unreadable") {
    const why: TaskWhy = { code: "unreadable", reason: task.reason };
    return { task, why, sentence: taskSentence(why, now) };
  }
  // A task may lie in a queue that the store's list does not name.
  const facts = { ...present, ...goneApart(present, now), numbers: numbers ?? { queue, paused: false }, standing, now };
  const rest = await theRest(broker, facts, budget);
  const why = whyTask({ ...facts, ...rest, task });
  return { task, why, sentence: taskSentence(why, now) };
}

/** @throws HikyakuError `queue_not_found`. */
export async function explainQueueOf(
  broker: ExplainingBroker,
  clock: Pick<Clock, "now">,
  queue: string,
  budget: CallBudget,
): Promise<QueueReason> {
  const call = budget.next();
  const [numbers, standing, present, first] = await Promise.all([
    broker.queue(queue, call),
    broker.standing(queue, undefined, call),
    broker.servers(call),
    broker.list({ queue, state: "pending", limit: mostFirst }, call),
  ]);
  if (numbers === undefined) throw queueNotFound(queue);
  const now = clock.now();
  const facts = { ...present, ...goneApart(present, now), numbers, standing, now };
  const why = whyQueue({ ...facts, ...(await theRest(broker, facts, budget)), first: first.tasks });
  return { queue: queueSummaryOf(numbers), why, sentence: queueSentence(why, now) };
}

/** The announcement of a process that has ended still holds for some seconds. */
function goneApart({ servers }: PresentServers, now: number): Pick<QueueFacts, "servers" | "silent"> {
  return {
    servers: servers.filter((server) => !isGone(server)),
    silent: servers.filter(isGone).map((server) => ({ server, silentSince: now })),
  };
}

/** Whether somebody counts what the queue starts: Go's servers don't. */
function counts(queue: string, servers: QueueFacts["servers"]): boolean {
  return queueTakers(queue, servers).some(({ details }) => details !== undefined);
}

async function theRest(
  broker: ExplainingBroker,
  { numbers, standing, servers, silent, now }: Omit<QueueFacts, "heldBy" | "startedPerMinute">,
  budget: CallBudget,
): Promise<Pick<QueueFacts, "heldBy" | "startedPerMinute" | "silent">> {
  const call = budget.next();
  const holds = numbers.policy !== undefined ? standing.running : undefined;
  const query = {
    queue: numbers.queue,
    from: new Date(now - lateMs),
    to: new Date(now),
    resolution: "minute",
  } as const;
  const [fellSilent, [held], { from, total }] = await Promise.all([
    broker.silentServers(call),
    holds === undefined ? [] : broker.get(numbers.queue, [holds], call),
    readStatistics(broker, checkedStatisticsQuery(query, now), query, now, budget),
  ]);
  const heldBy = held === undefined ? undefined : taskInfoOf(held, now);
  return {
    silent: [...silent, ...(fellSilent as readonly SilentServer[])],
    heldBy: heldBy?.kind === "task" ? heldBy : undefined,
    startedPerMinute: counts(numbers.queue, servers) ? total.started / ((now - from.getTime()) / 60_000) : undefined,
  };
}
