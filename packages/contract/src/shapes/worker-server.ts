import * as z from "zod";
import { moment } from "./moment.ts";

/** Longest reason, in characters. */
const MAX_REASON_CHARACTERS = 500;
/** The longest time that a request waits for the server to obey, in seconds. */
export const MAX_WAIT_SECONDS = 25;
/** How long a request waits when it names no time. */
export const DEFAULT_WAIT_SECONDS = 5;

const serverWarning = z
  .object({
    kind: z
      .enum(["other_build", "other_directory", "older_process", "gone", "silent", "blocked", "clock_offset", "foreign"])
      .meta({ description: "What is wrong, as a word that stays the same between releases; see docs/servers.md." }),
    detail: z.string().meta({ description: "In words that name the server, and the one that it is compared with." }),
  })
  .meta({ id: "ServerWarning", title: "A warning about a server", description: "Why somebody should look at it." });

const runningTask = z
  .object({
    task_id: z.string(),
    type: z.string(),
    queue: z.string(),
    started_at: moment,
    deadline_at: moment,
  })
  .meta({ id: "RunningTask", title: "A running task", description: "One task that a server runs now." });

const handledTypes = z
  .object({
    all: z.boolean().meta({ description: "It handles every type; the lists are empty then." }),
    exact: z.array(z.string()).meta({ description: "Whole types." }),
    prefixes: z.array(z.string()).meta({ description: "Beginnings of types." }),
  })
  .meta({ id: "HandledTypes", title: "Handled types", description: "Which task types a server can run." });

/**
 * One worker server, as it described itself last. Fields that only servers of this library tell are null for others.
 */
export const workerServer = z
  .object({
    id: z.string(),
    host: z.string(),
    pid: z.int(),
    status: z.enum(["new", "active", "stopped", "closed"]).meta({
      description: "`active`: takes tasks. `stopped`: quiet, takes none. `closed`: is stopping.",
    }),
    silent_since: moment.nullable().meta({
      description: "Since when it has not been heard of, at most ten minutes; null for one that is there.",
    }),
    started_at: moment,
    concurrency: z.int().meta({ description: "How many tasks it runs at most at the same time." }),
    queues: z.record(z.string(), z.int()).meta({ description: "Queue names with their priorities." }),
    strict_priority: z.boolean(),
    running: z.array(runningTask),
    version: z.string().nullable().meta({ description: "Version of the library." }),
    build: z.string().nullable().meta({ description: "Names the code that it runs, such as a commit." }),
    directory: z.string().nullable(),
    command_line: z.string().nullable(),
    handles: handledTypes.nullable(),
    last_claim_at: moment.nullable().meta({ description: "When the store last answered when it asked for tasks." }),
    loop_delay_ms: z.number().nullable().meta({
      description: "The longest time that its event loop was kept from turning in the last seconds.",
    }),
    clock_offset_ms: z.number().nullable().meta({ description: "How far its clock is ahead of the store's." }),
    warnings: z.array(serverWarning),
  })
  .meta({ id: "WorkerServer", title: "A worker server", description: "As it told of itself last." });

/** One worker server. */
export type WorkerServer = z.infer<typeof workerServer>;

/** The answer of `GET /servers`. */
export const listServersResponse = z
  .object({
    servers: z.array(workerServer).meta({ description: "Those that are there, then those that fell silent." }),
  })
  .meta({ id: "ListServersResponse", title: "Worker servers", description: "Who works on the queues." });

/** The answer of `GET /servers`. */
export type ListServersResponse = z.infer<typeof listServersResponse>;

/** The path of an order. */
export const serverOrderParams = z.object({
  id: z
    .string()
    .min(1)
    .max(200)
    .meta({ description: "The whole id of the server.", examples: ["0199e0a4-6b52-4c1e-9f57-2d8c4be0f3aa"] }),
});

const common = {
  reason: z
    .string()
    .max(MAX_REASON_CHARACTERS)
    .optional()
    .meta({
      description: "Why, for the log of the server and the history of its tasks.",
      examples: ["runs an old build"],
    }),
  wait_seconds: z
    .number()
    .min(0)
    .max(MAX_WAIT_SECONDS)
    .optional()
    .meta({
      description: `How long to wait until the server is seen to obey. Missing means ${DEFAULT_WAIT_SECONDS}.`,
    }),
};

/** The body of `POST /servers/{id}/quiet`. */
export const quietServerRequest = z
  .strictObject(common)
  .meta({ id: "QuietServerRequest", title: "Go quiet", description: "Take no new tasks.", examples: [{}] });

/** The body of `POST /servers/{id}/stop`. */
export const stopServerRequest = z
  .strictObject({
    ...common,
    timeout_seconds: z.number().min(0).max(86_400).optional().meta({
      description: "How long running tasks may go on. Missing means as the server's own settings say.",
    }),
  })
  .meta({ id: "StopServerRequest", title: "Stop", description: "Finish and end.", examples: [{}] });

/** The body of `POST /servers/{id}/evict`. */
export const evictServerRequest = z
  .strictObject({
    ...common,
    force: z.boolean().optional().meta({
      description: "Evicts also a server that was heard of in the last seconds. Missing means false.",
    }),
  })
  .meta({ id: "EvictServerRequest", title: "Evict", description: "Take all tasks away.", examples: [{}] });

const orderReport = {
  id: z.string(),
  presence: z.enum(["live", "silent", "unknown"]).meta({
    description:
      "`live`: heard of in the last seconds. `silent`: in the last ten minutes. `unknown`: not at all; servers of another " +
      "library are forgotten within seconds after they die.",
  }),
  host: z.string().nullable(),
  pid: z.int().nullable(),
  listens: z.boolean().nullable().meta({
    description: "False for a server of another library, which can't hear orders; null where that is not known.",
  }),
  acknowledged: z.boolean().meta({ description: "Whether it was seen to obey." }),
  status: z.enum(["new", "active", "stopped", "closed", "gone"]).nullable().meta({
    description: "As it was seen last; `gone` once it took its leave.",
  }),
  kept_until: moment.meta({ description: "Until when the order is kept for a server that has not heard it." }),
};

/** The answer to `quiet` and `stop`: 200 once the server was seen to obey, 202 before. */
export const serverOrderResponse = z.object(orderReport).meta({
  id: "ServerOrderResponse",
  title: "What is known of an order",
  description: "Whether the server is there, and whether it was seen to obey.",
});

/** The answer to an order. */
export type ServerOrderResponse = z.infer<typeof serverOrderResponse>;

/** The answer to `evict`. */
export const evictServerResponse = z
  .object({
    ...orderReport,
    tasks: z
      .record(z.string(), z.int())
      .meta({ description: "How many tasks were taken from it, by queue; they wait in front of their queues now." }),
  })
  .meta({
    id: "EvictServerResponse",
    title: "What was taken from a server",
    description:
      "Its tasks wait again. Until `kept_until` it gets no others, but for one of another library, which does not ask.",
  });

/** The answer to `evict`. */
export type EvictServerResponse = z.infer<typeof evictServerResponse>;
