import * as z from "zod";
import { listOf } from "./list-of.ts";
import { moment } from "./moment.ts";

/** The kinds of events that a stream can be narrowed to. */
const EVENT_KINDS = [
  "enqueued",
  "started",
  "progressed",
  "settled",
  "server_came",
  "server_went",
  "server_told",
] as const;

/** A comment is sent when nothing else was for so long, so that nobody takes the stream for dead. */
export const EVENT_COMMENT_SECONDS = 15;

const name = z.string().min(1).max(200);
const position = z
  .string()
  .regex(/^\d{1,15}-\d{1,15}$/, { error: "expected the id of an event, such as 1764364800000-17" });

export const watchEventsQuery = z.strictObject({
  kind: listOf(z.enum(EVENT_KINDS)).optional().meta({ description: "Only of this kind; may come several times." }),
  queue: listOf(name).optional().meta({
    description: "Only of tasks in this queue, and of servers that work on it; may come several times.",
  }),
  type: listOf(name).optional().meta({ description: "Only of tasks of this type; may come several times." }),
  after: position.optional().meta({ description: "Go on after the event with this id. `Last-Event-ID` comes first." }),
});

/** The header that a browser sends by itself when it comes back. */
export const watchEventsHeaders = z.object({
  "last-event-id": position.optional().meta({ description: "Go on after the event with this id." }),
});

const told = { at: moment, queue: z.string(), type: z.string(), task_id: z.string() };
const server = { server_id: z.string(), host: z.string(), pid: z.int() };

/** What stands in the `data` of an event. */
export const eventView = z
  .discriminatedUnion("kind", [
    z.object({ kind: z.literal("enqueued"), ...told, state: z.string(), due_at: moment.nullable() }),
    z.object({ kind: z.literal("started"), ...told, ...server, retried: z.int() }),
    z.object({ kind: z.literal("progressed"), ...told, ...server, done: z.number(), total: z.number().nullable() }),
    z.object({
      kind: z.literal("settled"),
      ...told,
      outcome: z.string(),
      attempt: z.string().nullable(),
      started_at: moment.nullable(),
      retry_at: moment.nullable(),
      error: z.string().nullable().meta({ description: "The first 200 characters." }),
      server_id: z.string().nullable(),
      host: z.string().nullable(),
      pid: z.int().nullable(),
    }),
    z.object({ kind: z.literal("server_came"), at: moment, ...server, queues: z.array(z.string()) }),
    z.object({ kind: z.literal("server_went"), at: moment, ...server, queues: z.array(z.string()) }),
    z.object({
      kind: z.literal("server_told"),
      at: moment,
      server_id: z.string(),
      order: z.string(),
      by: z.object({ host: z.string(), pid: z.int(), who: z.string().nullable() }).nullable(),
      reason: z.string().nullable(),
    }),
    z.object({ kind: z.literal("gap"), missed: z.int().meta({ description: "So many events are missing here." }) }),
    z.object({ kind: z.literal("reset") }).meta({
      description: "Events may be missing here: look at the state of what you follow.",
    }),
  ])
  .meta({ id: "Event", description: "The `data` of one event; `event` is its `kind`, and `id` where to go on." });

export type EventView = z.infer<typeof eventView>;
