import * as z from "zod";
import { moment } from "./moment.ts";
import { taskState } from "./task-state.ts";

const content = z
  .object({
    bytes: z.string().meta({ description: "All of it, in base64." }),
    size: z.int().meta({ description: "In bytes." }),
    kind: z.enum(["json", "binary", "none", "hidden"]).meta({
      description: "`hidden`: the caller may not see it; it has no bytes then.",
    }),
    value: z.unknown().meta({ description: "What it is as JSON; null where it is none." }),
  })
  .meta({ description: "A payload or a result." });

const attempt = z
  .object({
    server_id: z.string(),
    host: z.string(),
    pid: z.int(),
    directory: z.string().nullable(),
    build: z.string().nullable(),
    started_at: moment,
    ended_at: moment,
    duration_ms: z.number(),
    outcome: z.string().meta({ examples: ["done", "retry", "archived", "lost"] }),
    error: z.string().nullable(),
    stack: z.string().nullable().meta({ description: "Where in the code it came from; of the last 5 attempts." }),
  })
  .meta({ description: "Who ran a task, when, and how it ended." });

const progress = z
  .object({
    done: z.number(),
    total: z.number().nullable().meta({ description: "100 for a percentage; null where nobody knows." }),
    message: z.string().nullable(),
    told_at: moment.nullable(),
    server_id: z.string().nullable(),
    attempt: z.int().nullable(),
  })
  .meta({ description: "How far a task is, as its handler said last." });

/** Everything that is known of a task. */
export const taskDetail = z
  .object({
    kind: z.literal("task"),
    id: z.string(),
    type: z.string(),
    queue: z.string(),
    state: taskState,
    created_at: moment.nullable().meta({ description: "Only ids that this library makes by itself tell it." }),
    due_at: moment.nullable().meta({ description: "When it is to run: scheduled and retry only." }),
    pending_since: moment.nullable(),
    archived_at: moment.nullable(),
    completed_at: moment.nullable(),
    kept_until: moment.nullable().meta({ description: "When it may be removed: completed only." }),
    holder: z
      .object({
        server_id: z.string().nullable(),
        claimed_at: moment.nullable(),
        lease_ends_at: moment.nullable(),
        lost: z.boolean().meta({ description: "Its lease has ended: another server takes it over." }),
      })
      .nullable()
      .meta({ description: "Who runs it: active only." }),
    payload: content,
    result: content.nullable(),
    headers: z.record(z.string(), z.string()),
    group: z.string().nullable(),
    unique: z.boolean().meta({ description: "It was enqueued as unique; its lock may be over by now." }),
    max_retry: z.int(),
    retried: z.int(),
    last_error: z.string().nullable(),
    last_failed_at: moment.nullable(),
    timeout_ms: z.number().nullable(),
    deadline_at: moment.nullable(),
    retention_ms: z.number(),
    attempts: z.array(attempt).meta({ description: "Oldest first, at most 20." }),
    lost_attempts: z.int().meta({ description: "How many workers died or stalled while they ran it, lately." }),
    progress: progress.nullable(),
  })
  .meta({ description: "Everything that is known of a task." });

/** A task without what its callers and handlers wrote. */
export const taskSummary = taskDetail
  .omit({ payload: true, result: true, headers: true, attempts: true })
  .extend({ payload_size: z.int().meta({ description: "In bytes." }) })
  .meta({
    id: "TaskSummary",
    title: "A task in brief",
    description: "Without its payload, result, headers and attempts.",
  });

/** A task without what its callers and handlers wrote. */
export type TaskSummaryView = z.infer<typeof taskSummary>;

/** Something that lies where a task should. */
export const unreadableTask = z
  .object({
    kind: z.literal("unreadable"),
    id: z.string(),
    queue: z.string(),
    state: taskState.nullable(),
    reason: z.string().meta({ description: "Why it can't be read, in words." }),
    bytes: z.string().nullable().meta({ description: "In base64." }),
  })
  .meta({ description: "Something that lies where a task should." });

/** What a task is doing, and why. */
export const taskExplanation = z
  .discriminatedUnion("kind", [
    z.object({
      kind: z.literal("waits"),
      reason: z.string().meta({ examples: ["not_due", "no_worker", "queue_paused"] }),
      since: moment.nullable().meta({ description: "Since when its moment has come." }),
      until: moment.nullable().meta({ description: "When its moment comes." }),
      takers: z.int().meta({ description: "How many live servers would take it." }),
    }),
    z.object({
      kind: z.literal("runs"),
      started_at: moment.nullable(),
      server_id: z.string().nullable(),
      host: z.string().nullable(),
      pid: z.int().nullable(),
      directory: z.string().nullable(),
      build: z.string().nullable(),
      silent_since: moment.nullable(),
      lease_ends_at: moment.nullable(),
      lost: z.boolean(),
      takers: z.int(),
    }),
    z.object({ kind: z.literal("over"), takers: z.int() }),
  ])
  .meta({ description: "What a task is doing, and why." });

export type TaskDetail = z.infer<typeof taskDetail>;
export type UnreadableTaskView = z.infer<typeof unreadableTask>;
export type TaskExplanationView = z.infer<typeof taskExplanation>;
