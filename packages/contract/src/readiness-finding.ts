import * as z from "zod";
import { moment } from "./shapes/moment.ts";

/** How well something is. `error`: the process can't serve, or soon can't. `warning`: somebody should look at it. */
export const level = z.enum(["ok", "warning", "error"]).meta({
  id: "Level",
  title: "A level",
  description: "`ok`: well. `warning`: somebody should look at it. `error`: it keeps the process from working.",
});

/** How well something is. */
export type Level = z.infer<typeof level>;

const store = z
  .string()
  .meta({ description: "Where it lies, without secrets.", examples: ["redis://localhost:6379/0"] });
const reason = z
  .string()
  .meta({ description: "What the other side said, in English, for whoever looks for the cause." });
const queues = z.array(z.string()).meta({ description: "Names of queues." });

/** A worker server, as findings name it. Fields that only servers of this library tell are null for others. */
export const findingWorker = z
  .object({
    id: z.string().meta({ description: "The whole id of the server." }),
    host: z.string(),
    pid: z.int(),
    directory: z.string().nullable(),
    version: z.string().nullable(),
    build: z.string().nullable(),
    started_at: moment,
  })
  .meta({ id: "FindingWorker", title: "A worker in a finding", description: "Who it is, where, and what it runs." });

/** A worker server, as findings name it. */
export type FindingWorker = z.infer<typeof findingWorker>;

const beside = findingWorker.meta({ description: "The one that it is compared with, which started later." });

/** One thing about one worker server that should be looked at; see docs/servers.md for each kind. */
export const workerWarning = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("other_build"), worker: findingWorker, beside, queues }),
  z.object({ kind: z.literal("other_directory"), worker: findingWorker, beside, queues }),
  z.object({ kind: z.literal("older_process"), worker: findingWorker, beside, queues }),
  z.object({
    kind: z.literal("other_build_than_api"),
    worker: findingWorker,
    api_build: z.string().meta({ description: "What the API server that answers runs." }),
  }),
  z.object({ kind: z.literal("gone"), worker: findingWorker }),
  z.object({ kind: z.literal("silent"), worker: findingWorker, silent_since: moment }),
  z.object({ kind: z.literal("blocked"), worker: findingWorker, loop_delay_ms: z.number() }),
  z.object({
    kind: z.literal("clock_offset"),
    worker: findingWorker,
    clock_offset_ms: z.number().meta({ description: "How far its clock is ahead of the store's; negative: behind." }),
  }),
  z.object({ kind: z.literal("foreign"), worker: findingWorker, queues }),
]);

/** One thing about one worker server that should be looked at. */
export type WorkerWarning = z.infer<typeof workerWarning>;

const ok = z.literal("ok");
const warning = z.literal("warning");
const error = z.literal("error");

const order = z
  .object({
    kind: z.enum(["quiet", "stop", "evict"]),
    by: z.object({ host: z.string(), pid: z.int(), who: z.string().nullable() }).nullable(),
    reason: z.string().nullable(),
  })
  .nullable()
  .meta({ description: "What somebody told it to do from elsewhere, and who; null where nobody did." });

/**
 * One finding of a check: a stable code with its facts, never prose to be shown. docs/readiness.md says what each code
 * means and what to do.
 */
export const readinessFinding = z
  .discriminatedUnion("code", [
    z.object({ code: z.literal("store_answers"), level: ok, store }),
    z.object({ code: z.literal("store_away"), level: error, store, reason, since: moment.nullable() }),
    z.object({ code: z.literal("reads_fail"), level: error, store, reason }),
    z.object({ code: z.literal("writes_fail"), level: error, store, reason, since: moment }),
    z.object({
      code: z.literal("calls_fail"),
      level: warning,
      store,
      reason,
      since: moment,
      call: z.enum(["enqueue", "claim", "settle", "extend", "announce"]).meta({ description: "What fails." }),
      count: z.int().meta({ description: "How many of them failed so far." }),
    }),
    z.object({
      code: z.literal("rate_limit_counts"),
      level: ok,
      store: store.nullable().meta({ description: "Null: in the memory of this process." }),
    }),
    z.object({ code: z.literal("rate_limit_off"), level: ok }),
    z.object({ code: z.literal("rate_limit_store_away"), level: warning, store, reason, since: moment }),
    z.object({ code: z.literal("no_worker"), level: warning }),
    z.object({ code: z.literal("one_worker"), level: ok, worker: findingWorker }),
    z.object({
      code: z.literal("several_processes").meta({ description: "All who work are processes of one worker program." }),
      level: ok,
      count: z.int().meta({ description: "How many there are." }),
      workers: z.array(findingWorker).meta({ description: "The first of them, 20 at most." }),
    }),
    z.object({
      code: z.literal("several_workers"),
      level: warning,
      count: z.int().meta({ description: "How many there are." }),
      workers: z.array(findingWorker).meta({ description: "The first of them, 20 at most." }),
    }),
    z.object({ code: z.literal("worker_warning"), level: warning, warning: workerWarning }),
    z.object({
      code: z.literal("more_worker_warnings"),
      level: warning,
      count: z.int().meta({ description: "How many warnings were left out of the answer." }),
    }),
    z.object({ code: z.literal("workers_unknown"), level: warning, reason }),
    z.object({
      code: z.literal("worker_server"),
      level: z.enum(["ok", "error"]),
      state: z.enum(["new", "active", "quiet", "stopping", "closed"]),
      running: z.int(),
      concurrency: z.int(),
      order,
    }),
    z.object({
      code: z.literal("worker_processes"),
      level: z.enum(["ok", "error"]),
      active: z.int().meta({ description: "How many of them take tasks." }),
      count: z.int(),
      running: z.int(),
      concurrency: z.int(),
    }),
    z.object({
      code: z.literal("worker_process_idle"),
      level: warning,
      process: z.int().meta({ description: "Counted from 1." }),
      pid: z.int().nullable(),
      state: z.string().nullable().meta({ description: "As it says; null for one that gives no answer." }),
      reason: reason.nullable(),
    }),
    z.object({ code: z.literal("check_failed"), level: z.enum(["warning", "error"]), reason }),
  ])
  .meta({
    id: "ReadinessFinding",
    title: "A finding",
    description: "A stable code with its facts; docs/readiness.md.",
  });

/** What one check found. */
export type ReadinessFinding = z.infer<typeof readinessFinding>;
