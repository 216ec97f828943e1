import * as z from "zod";
import { moment } from "./moment.ts";
import { pageEnd, pageQuery } from "./page.ts";
import { changeReason } from "./reason.ts";

const count = z.int().min(0);

/** A queue's name in an address. */
export const queueName = z
  .string()
  .min(1)
  .max(1_024)
  .meta({ description: "Name of the queue.", examples: ["default"] });

/** A queue at one moment. */
export const queueSummary = z
  .object({
    queue: z.string(),
    paused: z.boolean().meta({ description: "Nothing is taken from it until it is resumed." }),
    pause: z
      .object({
        since: moment.nullable(),
        by: z.string().nullable().meta({ description: "Null where the program that paused it did not say." }),
        reason: z.string().nullable(),
      })
      .nullable()
      .meta({ description: "Null while it is not paused." }),
    policy: z
      .string()
      .nullable()
      .meta({ description: "By what tasks are taken from it; null for no order.", examples: ["ordered:strict"] }),
    size: count.meta({ description: "Tasks in all states together." }),
    counts: z
      .object({
        pending: count,
        active: count,
        scheduled: count,
        retry: count,
        aggregating: count,
        completed: count,
        archived: count,
      })
      .meta({ description: "Tasks by state." }),
    processed_today: count.meta({ description: "Attempts that ended today (UTC)." }),
    processed_total: count,
    failed_today: count.meta({ description: "Counted failures among them." }),
    failed_total: count,
    latency_ms: z.number().meta({ description: "How long the task that is next in line has waited; 0 for none." }),
    due: count.meta({ description: "Scheduled and retry tasks that are due and not in line yet, up to 10000." }),
    overdue_ms: z.number().meta({ description: "For how long the first of them has been due; 0 for none." }),
  })
  .meta({ id: "QueueSummary", title: "A queue", description: "A queue at one moment." });

/** A queue at one moment. */
export type QueueSummaryView = z.infer<typeof queueSummary>;

/** The path of everything about one queue. */
export const queueParams = z.object({ queue: queueName });

export const listQueuesQuery = z.object(pageQuery);

/** The answer of `GET /queues`. */
export const listQueuesResponse = z
  .object({ queues: z.array(queueSummary).meta({ description: "Sorted by name." }), ...pageEnd })
  .meta({ id: "ListQueuesResponse", title: "Queues", description: "A page of the store's queues." });

/** The answer of `GET /queues/{queue}`. */
export const queueDetail = z
  .object({
    ...queueSummary.shape,
    memory_bytes: z.number().nullable().meta({
      description: "How much room its tasks take, estimated from a few of them; null where the store does not tell.",
    }),
    memory_unknown_because: z.string().nullable(),
    groups: count.meta({ description: "How many groups hold tasks." }),
  })
  .meta({
    id: "QueueDetail",
    title: "A queue in detail",
    description: "With numbers that take a little longer to find.",
  });

/** A queue in detail. */
export type QueueDetailView = z.infer<typeof queueDetail>;

export const queueHistoryQuery = z.object({
  days: z.coerce.number().int().min(1).max(90).default(30).meta({ description: "How many days back, today included." }),
});

/** The answer of `GET /queues/{queue}/history`. */
export const queueHistoryResponse = z
  .object({
    days: z
      .array(
        z.object({
          day: z.iso.date().meta({ description: "In UTC." }),
          processed: count.meta({ description: "Attempts that ended." }),
          succeeded: count,
          failed: count,
        }),
      )
      .meta({ description: "Today first, days without work included." }),
  })
  .meta({ id: "QueueHistory", title: "What a queue did by day", description: "Stores keep 90 days." });

/** The answer of `GET /queues/{queue}/shards`. */
export const shardsQuery = z.object({
  count: z.coerce.number().int().min(1).max(256).meta({ description: "Over how many shards its programs spread it." }),
});

export const shardedQueueView = z
  .object({
    ...queueSummary.omit({ paused: true, pause: true, policy: true }).shape,
    paused: z.enum(["none", "some", "all"]).meta({ description: "How many of the shards below are paused." }),
    shards: z.array(queueSummary).meta({ description: "Those that ever had a task." }),
    stray: z.array(z.string()).meta({
      description: "Queues named like it, or like a shard that it does not have: no worker of it sees their tasks.",
    }),
  })
  .meta({
    id: "ShardedQueue",
    title: "A sharded queue",
    description: "All shards together; `latency_ms` and `overdue_ms` are those of the slowest.",
  });

/** A sharded queue as one. */
export type ShardedQueueView = z.infer<typeof shardedQueueView>;

/** The answer to pausing and resuming. */
export const queuePauseResponse = z
  .object({
    queue: z.string(),
    paused: z.boolean(),
    changed: z.boolean().meta({ description: "False when it was so before." }),
  })
  .meta({
    id: "QueuePauseResponse",
    title: "A queue's pause",
    description: "Whether it is paused, and was it before.",
  });

export const removeQueueQuery = z.object({
  force: z
    .stringbool({ truthy: ["true"], falsy: ["false"], case: "sensitive" })
    .default(false)
    .meta({
      type: "boolean",
      description: "Removes its tasks too. Without it only an empty queue is removed.",
    }),
  reason: changeReason,
});

/** The answer of `DELETE /queues/{queue}`. */
export const removeQueueResponse = z
  .object({ queue: z.string(), removed_tasks: count })
  .meta({ id: "RemoveQueueResponse", title: "A removed queue", description: "How many tasks went with it." });

export const releaseLockRequest = z
  .strictObject({
    type: z
      .string()
      .min(1)
      .max(1_024)
      .meta({ description: "The type of the unique task.", examples: ["email:send"] }),
    payload: z
      .unknown()
      .optional()
      .meta({ description: "Its payload as JSON; missing for none.", examples: [{ to: "a" }] }),
    payload_base64: z
      .base64()
      .max(1_500_000)
      .optional()
      .meta({ description: "The payload's bytes, instead of `payload`." }),
    reason: changeReason,
  })
  .refine(({ payload, payload_base64: bytes }) => payload === undefined || bytes === undefined, {
    message: "expected payload or payload_base64, got both",
    path: ["payload_base64"],
  })
  .meta({
    id: "ReleaseLockRequest",
    title: "Free a lock",
    description: "Names the lock of equal tasks.",
    examples: [{ type: "email:send", payload: { to: "a@example.com" } }],
  });

/** The answer of `POST /queues/{queue}/locks/release`. */
export const releaseLockResponse = z
  .object({ task_id: z.string().nullable().meta({ description: "The task that owned the lock; null for no lock." }) })
  .meta({ id: "ReleaseLockResponse", title: "A freed lock", description: "Who owned it." });
