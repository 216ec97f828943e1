import { expect } from "vitest";
import { bytes, idsOf, readable } from "../support/builders.ts";
import type { ModelStore } from "./model-stores.ts";
import type { ModelTask, QueueModel } from "./queue-model.ts";

const everyId = [...Array.from({ length: 12 }, (_, number) => `t${number}`), "nobody"];

/** The whole queue, as the store tells it and as the model does. */
export async function compareWithStore(
  store: ModelStore,
  queue: string,
  model: QueueModel,
  isKnown: boolean,
): Promise<void> {
  const { broker, other } = store;
  const [entries, numbers, waiting, groups, locks] = await Promise.all([
    broker.get(queue, everyId),
    other.queue(queue),
    broker.list({ queue, state: "pending", limit: 1_000 }),
    other.groups(queue),
    store.locks(queue),
  ]);
  const tasks = [...model.tasks.values()];
  for (const [index, id] of everyId.entries()) {
    const [entry, task] = [entries[index], model.tasks.get(id)];
    if (entry === undefined || task === undefined) expect([id, entry?.state]).toEqual([id, task?.state]);
    else expect(shownOf(readable(entry))).toEqual(expectedOf(task));
  }
  expect(idsOf(waiting.tasks)).toEqual(model.pending);
  expect(Object.fromEntries(locks)).toEqual(Object.fromEntries(model.locks));
  const sizes = groups.map(({ group, size }) => [group, size] as const).filter(([, size]) => size > 0);
  expect(Object.fromEntries(sizes)).toEqual(
    Object.fromEntries(
      ["g1", "g2"].map((group) => [group, model.members(group).length]).filter(([, size]) => size !== 0),
    ),
  );
  if (!isKnown) return;
  const count = (state: string): number => tasks.filter((task) => task.state === state).length;
  const states = ["pending", "scheduled", "active", "retry", "completed", "archived"];
  expect(numbers).toMatchObject({
    paused: model.paused,
    counts: Object.fromEntries(states.map((state) => [state, count(state)])),
    processedTotal: model.processed,
    failedTotal: model.failed,
  });
}

function shownOf({ message, ...entry }: ReturnType<typeof readable>): Record<string, unknown> {
  return {
    id: message.id,
    state: entry.state,
    retried: message.retried,
    maxRetry: message.maxRetry,
    payload: Buffer.from(message.payload ?? []).toString(),
    lastError: message.lastError,
    scope: message.uniqueKey.replace(/^asynq:\{\w+\}:unique:/, ""),
    timeoutMs: message.timeoutMs,
    dueAt: entry.dueAt,
    keptUntil: entry.keptUntil,
    archivedAt: entry.archivedAt,
    leaseToken: entry.leaseToken,
    leaseEndsAt: entry.leaseEndsAt,
    retentionMs: message.retentionMs,
    result: entry.state === "completed" ? entry.result : undefined,
  };
}

function expectedOf(task: ModelTask): Record<string, unknown> {
  const { id, state, retried, maxRetry, payload, lastError, scope, timeoutMs, dueAt, keptUntil, archivedAt } = task;
  return {
    id,
    state,
    retried,
    maxRetry,
    payload,
    lastError,
    scope,
    timeoutMs,
    dueAt,
    keptUntil,
    archivedAt,
    leaseToken: task.lease?.token,
    leaseEndsAt: task.lease?.endsAt,
    retentionMs: task.retentionMs,
    result: state === "completed" ? bytes("the result") : undefined,
  };
}
