import type { Broker } from "../../src/broker/broker.ts";
import type { EnqueueItem } from "../../src/broker/enqueue-facet.ts";
import type { StoredTask, TaskEntry, UnreadableTask } from "../../src/broker/inspect-facet.ts";
import type { TaskMessage, TaskState } from "../../src/broker/task-message.ts";
import type {
  AttemptRecord,
  ClaimedTask,
  ClaimRequest,
  Outcome,
  Settlement,
  SettleResult,
} from "../../src/broker/work-facet.ts";
import { isHikyakuError } from "../../src/errors.ts";
import { systemClock } from "../../src/runtime/clock.ts";
import { defaultMessage } from "../../src/task/default-message.ts";
import { taskIdsOf } from "../../src/task/task-id.ts";

const nextId = taskIdsOf(systemClock);

const aQueue = "default";

export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** A message as a client would make it; each with an id of its own unless it is told one. */
export function aTask(overrides: Partial<TaskMessage> = {}): TaskMessage {
  const message = { id: nextId(), type: "email:send", queue: aQueue, payload: bytes('{"user":42}') };
  return defaultMessage({ ...message, maxRetry: 25, timeoutMs: 1_800_000, ...overrides });
}

export function placedNow(overrides: Partial<TaskMessage> = {}): EnqueueItem {
  return { message: aTask(overrides), placement: { kind: "now" }, hasNewId: overrides.id === undefined };
}

export function placedAt(at: number, overrides: Partial<TaskMessage> = {}): EnqueueItem {
  return { message: aTask(overrides), placement: { kind: "at", at } };
}

export function unique(item: EnqueueItem, uniqueForMs = 60_000): EnqueueItem {
  return { ...item, uniqueForMs };
}

export const leaseMs = 30_000;

/** Asks for everything in the default queue, as server `server-a`, unless it is told otherwise. */
export function aClaim(overrides: Partial<ClaimRequest> = {}): ClaimRequest {
  const limit = overrides.limit ?? 100;
  return {
    queues: [{ queue: aQueue, limit }],
    limit,
    handles: { kind: "all" },
    serverId: "server-a",
    leaseMs,
    ...overrides,
  };
}

export function handlesOnly(exact: readonly string[], prefixes: readonly string[] = []): ClaimRequest["handles"] {
  return { kind: "some", exact, prefixes };
}

export async function claimed(broker: Broker, overrides: Partial<ClaimRequest> = {}): Promise<readonly ClaimedTask[]> {
  return (await broker.claim(aClaim(overrides))).tasks;
}

/** Claims exactly one task. */
export async function claimedOne(broker: Broker, overrides: Partial<ClaimRequest> = {}): Promise<ClaimedTask> {
  const [task] = await claimed(broker, { limit: 1, ...overrides });
  if (task === undefined) throw new Error("expected a task to claim, got none");
  return task;
}

/** Enqueues one task and claims it: nothing else may wait before it. */
export async function enqueuedAndClaimed(
  broker: Broker,
  overrides: Partial<TaskMessage> = {},
  claim: Partial<ClaimRequest> = {},
): Promise<ClaimedTask> {
  await broker.enqueue([placedNow(overrides)]);
  return claimedOne(broker, claim);
}

export async function settled(
  broker: Broker,
  task: ClaimedTask,
  outcome: Outcome,
  more: Pick<Settlement, "attempt" | "repeated" | "survived" | "report"> = {},
): Promise<SettleResult | undefined> {
  const { results } = await broker.settle([{ task, outcome, ...more }]);
  return results[0];
}

export function anAttempt(overrides: Partial<AttemptRecord> = {}): AttemptRecord {
  return {
    serverId: "server-a",
    host: "host",
    pid: 1,
    startedAt: 1_000,
    endedAt: 2_000,
    outcome: "done",
    ...overrides,
  };
}

/** The task as it is stored; throws when there is none. */
export async function stored(broker: Broker, { id, queue }: { id: string; queue: string }): Promise<StoredTask> {
  const [task] = await broker.get(queue, [id]);
  if (task === undefined) throw new Error(`expected task ${id} in queue ${queue}, got none`);
  return readable(task);
}

export async function stateOf(broker: Broker, message: { id: string; queue: string }): Promise<TaskState | undefined> {
  const [task] = await broker.get(message.queue, [message.id]);
  return task?.state;
}

/** The task, where it can be read; throws otherwise. */
export function readable(entry: TaskEntry): StoredTask {
  if (entry.unreadable !== undefined) throw new Error(`expected a task that can be read: ${entry.unreadable}`);
  return entry;
}

export function idsOf(tasks: readonly ({ readonly message: TaskMessage } | UnreadableTask)[]): string[] {
  return tasks.map((task) => ("message" in task ? task.message.id : task.taskId));
}

/** The code with which an enqueue was refused, be it as a whole or item by item; undefined when it was not. */
export async function refusalOf(enqueueing: ReturnType<Broker["enqueue"]>): Promise<string | undefined> {
  try {
    const [outcome] = await enqueueing;
    return outcome?.kind === "failed" ? outcome.error.code : undefined;
  } catch (error) {
    return isHikyakuError(error) ? error.code : String(error);
  }
}
