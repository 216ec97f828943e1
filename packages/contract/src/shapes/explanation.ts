import * as z from "zod";
import { moment } from "./moment.ts";
import { queueName } from "./queue.ts";

const count = z.int().min(0);

const place = z.object({
  server_id: z.string(),
  host: z.string(),
  pid: z.int(),
  directory: z.string().nullable(),
  build: z.string().nullable(),
});

const seen = z.object({
  ...place.shape,
  seen_at: moment,
  by: z.enum(["silent", "attempt"]).meta({ description: "It fell silent then, or it ran this very task." }),
});

const obstacle = z
  .enum(["queue_paused", "no_worker", "workers_quiet", "type_not_handled"])
  .nullable()
  .meta({ description: "What would hold it back if it were due now." });

const pause = z.object({
  since: moment.nullable(),
  by: z.string().nullable(),
  reason: z.string().nullable(),
});

const holder = z
  .object({
    by: z.enum(["running", "retry"]),
    task_id: z.string(),
    due_at: moment.nullable(),
    server: place.nullable(),
    lease_ends_at: moment.nullable(),
  })
  .meta({ description: "What holds an ordered queue: the task that runs, or the failed one whose turn comes first." });

const forecast = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("about"), at: moment, started_per_minute: z.number() }),
  z.object({
    kind: z.literal("unknown"),
    because: z.enum(["not_counted", "stands_still"]).meta({
      description: "Nobody counts what the queue starts; or nothing was started in the last minutes.",
    }),
  }),
]);

const due = { since: moment.nullable().meta({ description: "Since when it is due." }) };
const line = {
  ...due,
  ahead: count.nullable().meta({ description: "How many are before it, up to 10000; null before it joined the line." }),
  forecast,
};
const waiting = z
  .object({ pending: count, due: count, scheduled: count, retry: count, aggregating: count, active: count })
  .meta({ description: "Tasks by state; `due`: due and not in line yet, up to 10000." });

const taskWhy = z
  .discriminatedUnion("code", [
    z.object({ code: z.literal("not_due"), due_at: moment, obstacle }),
    z.object({
      code: z.literal("backing_off"),
      due_at: moment,
      retry: count.meta({ description: "Which of its retries that will be; 0 when its failures did not count." }),
      max_retry: count,
      error: z.string(),
      obstacle,
    }),
    z.object({ code: z.literal("queue_paused"), ...due, pause }),
    z.object({ code: z.literal("no_worker"), ...due, seen: z.array(seen) }),
    z.object({ code: z.literal("workers_quiet"), ...due, servers: z.array(place) }),
    z.object({
      code: z.literal("type_not_handled"),
      ...due,
      type: z.string(),
      servers: z.array(place),
      seen: z.array(seen).meta({ description: "Who handled it before, the last first." }),
    }),
    z.object({ code: z.literal("runs_apart"), ...due, lost_attempts: count }),
    z.object({ code: z.literal("order_held"), ...due, holder, ahead: count.nullable() }),
    z.object({ code: z.literal("policy_unknown"), ...due, policy: z.string() }),
    z.object({ code: z.literal("workers_busy"), ...line, takers: count, slots: count }),
    z.object({ code: z.literal("in_line"), ...line, takers: count }),
    z.object({
      code: z.literal("collected"),
      group: z.string(),
      size: count.nullable().meta({ description: "Null where the group was taken out to be handled." }),
      oldest_at: moment.nullable(),
      newest_at: moment.nullable(),
    }),
    z.object({
      code: z.literal("running"),
      server: place.nullable(),
      server_id: z.string().nullable(),
      started_at: moment.nullable(),
      lease_ends_at: moment.nullable(),
      silent_since: moment.nullable(),
      lost: z
        .boolean()
        .meta({ description: "Its lease has ended: another server takes it over, if nothing holds that back." }),
      obstacle: obstacle.meta({
        description: "What holds back that another server takes it over. Null while its own server is there.",
      }),
    }),
    z.object({
      code: z.literal("archived"),
      at: moment.nullable(),
      because: z.enum(["retries_used", "failed_for_good", "told", "unknown"]),
      error: z.string(),
      retried: count,
      max_retry: count,
      by: place.nullable(),
    }),
    z.object({
      code: z.literal("completed"),
      at: moment.nullable(),
      kept_until: moment.nullable(),
      by: place.nullable(),
    }),
    z.object({ code: z.literal("unreadable"), reason: z.string() }),
  ])
  .meta({ description: "Why a task is where it is: a code, and the facts behind it." });

const queueWhy = z
  .discriminatedUnion("code", [
    z.object({ code: z.literal("empty"), waiting }),
    z.object({ code: z.literal("queue_paused"), waiting, pause }),
    z.object({ code: z.literal("no_worker"), waiting, waiting_ms: z.number(), silent: z.array(seen) }),
    z.object({ code: z.literal("workers_quiet"), waiting, servers: z.array(place) }),
    z.object({
      code: z.literal("types_not_handled"),
      waiting,
      types: z.array(z.object({ type: z.string(), tasks: count })),
      looked: count.meta({ description: "At how many of the first tasks in line the server looked." }),
      servers: z.array(place),
    }),
    z.object({ code: z.literal("order_held"), waiting, holder }),
    z.object({ code: z.literal("policy_unknown"), waiting, policy: z.string() }),
    z.object({
      code: z.literal("workers_busy"),
      waiting,
      takers: count,
      slots: count,
      waiting_ms: z.number(),
      started_per_minute: z.number().nullable(),
    }),
    z.object({
      code: z.literal("moving"),
      waiting,
      takers: count,
      waiting_ms: z.number(),
      started_per_minute: z.number().nullable(),
    }),
    z.object({ code: z.literal("running"), waiting }),
    z.object({ code: z.literal("not_due"), waiting, next_due_at: moment, obstacle }),
    z.object({ code: z.literal("collected"), waiting }),
  ])
  .meta({ description: "Why nothing moves in a queue, or that it does: a code, and the facts behind it." });

const sentence = z
  .string()
  .meta({ description: "The same in one English sentence, made of nothing but code and facts." });

/** The path of an explanation of a task. */
export const explainTaskParams = z.object({
  queue: queueName,
  id: z.string().min(1).max(1_024).meta({ description: "The task's id, unique in its queue." }),
});

/** The answer of `GET /tasks/{queue}/{id}/explain`. */
export const explainTaskResponse = z
  .object({ queue: z.string(), id: z.string(), state: z.string().nullable(), why: taskWhy, sentence })
  .meta({
    id: "ExplainTaskResponse",
    title: "Why a task is where it is",
    description: "As a code with facts, and as a sentence.",
  });

/** The answer of `GET /queues/{queue}/explain`. */
export const explainQueueResponse = z.object({ queue: z.string(), why: queueWhy, sentence }).meta({
  id: "ExplainQueueResponse",
  title: "Why a queue stands still",
  description: "As a code with facts, and as a sentence.",
});

export type ExplainTaskResponse = z.infer<typeof explainTaskResponse>;
export type ExplainQueueResponse = z.infer<typeof explainQueueResponse>;
