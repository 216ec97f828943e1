import type { queueEndpoints } from "@hikyaku/contract";
import { shardedQueue, shardedQueueSummary } from "hikyaku";
import { mayUseQueue } from "../access/queue-limits.ts";
import { cursorAfter, nameOfCursor } from "../cursor.ts";
import { presentQueue, presentQueueDetail, presentShardedQueue } from "../presenters/queue.ts";
import type { HandlersOf } from "../route.ts";
import { timeLeft } from "../time-left.ts";

export const queueHandlers = {
  listQueues: async ({ inspector, identity, signal }, { query: { limit, cursor } }) => {
    // A cursor holds a name: it must be none that the caller may not use.
    const where = (queue: string): boolean => mayUseQueue(identity, queue);
    const page = { limit, where, ...(cursor !== undefined && { after: nameOfCursor(cursor) }) };
    const { queues, nextAfter } = await inspector.queuePage(page, { signal });
    const next = nextAfter === undefined ? null : cursorAfter(nextAfter);
    return { status: 200, body: { queues: queues.map(presentQueue), next } };
  },
  getQueue: async ({ inspector, signal }, { params }) => ({
    status: 200,
    body: presentQueueDetail(await inspector.queue(params.queue, { signal })),
  }),
  getQueueHistory: async ({ inspector, signal }, { params, query }) => ({
    status: 200,
    body: { days: [...(await inspector.history(params.queue, query.days, { signal }))] },
  }),
  getQueueShards: async ({ inspector }, { params, query }) => {
    const queue = shardedQueue(params.queue, { shards: query.count });
    return { status: 200, body: presentShardedQueue(await shardedQueueSummary(inspector, queue)) };
  },
  pauseQueue: async ({ inspector, who }, { params: { queue }, body: { reason } }) => {
    const answer = await inspector.pauseQueue(queue, { who, ...(reason !== undefined && { reason }) });
    return { status: 200, body: { queue, paused: true, changed: answer === "changed" } };
  },
  resumeQueue: async ({ inspector }, { params: { queue } }) => {
    const answer = await inspector.resumeQueue(queue);
    return { status: 200, body: { queue, paused: false, changed: answer === "changed" } };
  },
  removeQueue: async (context, { params: { queue }, query: { force } }) => {
    const { tasks } = await context.inspector.removeQueue(queue, { force, within: timeLeft(context) });
    context.tellChange({ after: { removed_tasks: tasks } });
    return { status: 200, body: { queue, removed_tasks: tasks } };
  },
  releaseLock: async ({ inspector }, { params: { queue }, body }) => {
    const { type, payload, payload_base64: bytes } = body;
    const sent = bytes === undefined ? payload : new Uint8Array(Buffer.from(bytes, "base64"));
    const taskId = await inspector.releaseLock({ queue, type, ...(sent !== undefined && { payload: sent }) });
    return { status: 200, body: { task_id: taskId ?? null } };
  },
} satisfies HandlersOf<typeof queueEndpoints>;
