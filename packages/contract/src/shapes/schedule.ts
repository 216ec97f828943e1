import * as z from "zod";
import { enqueueInQueueRequest } from "./enqueue.ts";
import { moment } from "./moment.ts";
import { pageEnd, pageQuery } from "./page.ts";
import { changeReason } from "./reason.ts";

const scheduleId = z
  .string()
  .min(1)
  .max(1_024)
  .meta({ description: "Names the schedule.", examples: ["nightly-report"] });

/** The path of one schedule. */
export const scheduleParams = z.object({ id: scheduleId });

const spec = z
  .string()
  .min(1)
  .max(1_024)
  .meta({ description: "Cron of five fields, `@daily` and the like, or `@every 90s`.", examples: ["0 3 * * *"] });

const timeZone = z
  .string()
  .min(1)
  .max(100)
  .meta({ description: "IANA name.", examples: ["Asia/Tokyo"] });

const catchUp = z.union([z.enum(["skip", "once"]), z.strictObject({ all: z.int().min(1).max(1_000) })]).meta({
  description: "What becomes of turns that nobody fired: none, one task for all, or one for each of the last.",
});

/** The task of each turn: it has no moment of its own, and `delay` counts from the turn. */
const scheduledTask = z
  .strictObject({
    ...enqueueInQueueRequest.omit({ due_at: true, shard_key: true }).shape,
    queue: z
      .string()
      .min(1)
      .max(1_024)
      .optional()
      .meta({ description: "Missing: as its definition says, or `default`." }),
  })
  .meta({
    id: "ScheduledTask",
    title: "The task of a schedule",
    description: "What is enqueued at each turn.",
    examples: [{ type: "report:send", payload: { kind: "daily" } }],
  });

/** A periodic task that is kept in the store. */
const schedule = z
  .object({
    id: z.string(),
    spec: z.string(),
    time_zone: z.string(),
    catch_up: z.union([z.enum(["skip", "once"]), z.object({ all: z.int() })]),
    type: z.string(),
    queue: z.string(),
    payload: z.unknown().meta({ description: "As JSON; null where it is none." }),
    payload_base64: z.string().nullable().meta({ description: "All bytes of it; null for none." }),
    options: z.array(z.string()).meta({ description: "As Asynq writes them.", examples: [["MaxRetry(5)"]] }),
    paused: z.boolean(),
    next_at: moment.nullable().meta({ description: "Null while it is paused, and when its spec never matches." }),
    previous_at: moment
      .nullable()
      .meta({ description: "As live schedulers tell it; null where they know of no turn." }),
    schedulers: z.int().min(0).meta({ description: "How many live schedulers fire it. 0: its turns wait for one." }),
    revision: z.int().min(1),
  })
  .meta({ id: "Schedule", title: "A schedule", description: "A periodic task that is kept in the store." });

/** A schedule in full. */
export type ScheduleView = z.infer<typeof schedule>;
export const scheduleResponse = schedule;

export const listSchedulesQuery = z.object(pageQuery);

/** The answer of `GET /schedules`. */
export const listSchedulesResponse = z
  .object({ schedules: z.array(schedule).meta({ description: "Sorted by id." }), ...pageEnd })
  .meta({ id: "ListSchedulesResponse", title: "Schedules", description: "A page of the schedules in the store." });

const rules = { spec, time_zone: timeZone.optional(), catch_up: catchUp.optional(), task: scheduledTask };

/** The body of `POST /schedules`. */
export const addScheduleRequest = z.strictObject({ id: scheduleId, ...rules, reason: changeReason }).meta({
  id: "AddScheduleRequest",
  title: "A new schedule",
  description:
    "When and what. Time zone: UTC unless named; missed turns: one task for all unless `catch_up` says otherwise.",
  examples: [{ id: "nightly", spec: "0 3 * * *", task: { type: "report:send" } }],
});

/** The body of `PUT /schedules/{id}`. */
export const upsertScheduleRequest = z.strictObject({ ...rules, reason: changeReason }).meta({
  id: "UpsertScheduleRequest",
  title: "How a schedule should be",
  description: "Adds it, or changes it to be like this. An equal one is left alone; a paused one stays paused.",
  examples: [{ spec: "0 3 * * *", task: { type: "report:send" } }],
});

/** The body of `PATCH /schedules/{id}`. */
export const changeScheduleRequest = z
  .strictObject({ ...rules, spec: spec.optional(), task: scheduledTask.optional(), reason: changeReason })
  .meta({
    id: "ChangeScheduleRequest",
    title: "Changes of a schedule",
    description: "What is missing stays. A new spec or time zone counts from now on.",
    examples: [{ spec: "@hourly" }],
  });

/** The headers that a change of a schedule reads. */
export const ifMatchHeaders = z.object({
  "if-match": z
    .string()
    .max(100)
    .regex(/^(\*|"\d{1,15}")$/, "expected the ETag of an earlier answer, or *")
    .optional()
    .meta({ description: "The `ETag` of an earlier answer: nothing is changed when somebody else changed it since." }),
});

export const removeScheduleQuery = z.object({ reason: changeReason });

/** The answer of `DELETE /schedules/{id}`. */
export const removeScheduleResponse = z.object({ id: z.string() }).meta({
  id: "RemoveScheduleResponse",
  title: "A removed schedule",
  description: "Its tasks that are enqueued stay.",
});

/** The answer of `POST /schedules/{id}/run`. */
export const runScheduleResponse = z
  .object({
    task_id: z.string(),
    type: z.string(),
    queue: z.string(),
    state: z.enum(["pending", "scheduled", "aggregating"]),
    due_at: moment,
  })
  .meta({ id: "RunScheduleResponse", title: "A task outside of any turn", description: "What was enqueued." });

export const listTurnsQuery = z.object(pageQuery);

/** The answer of `GET /schedules/{id}/turns`. */
export const listTurnsResponse = z
  .object({
    turns: z
      .array(z.object({ task_id: z.string(), at: moment }))
      .meta({ description: "The newest first, of the last 1000 that are kept." }),
    ...pageEnd,
  })
  .meta({ id: "ListTurnsResponse", title: "Turns of a schedule", description: "The tasks that were enqueued for it." });

/** The answer of `GET /scheduler-entries`. */
export const listSchedulerEntriesResponse = z
  .object({
    entries: z
      .array(
        z.object({
          id: z.string(),
          scheduler_id: z.string(),
          spec: z.string(),
          type: z.string(),
          options: z.array(z.string()),
          next_at: moment.nullable(),
          previous_at: moment.nullable(),
        }),
      )
      .meta({ description: "Sorted by scheduler and id." }),
    ...pageEnd,
  })
  .meta({
    id: "ListSchedulerEntriesResponse",
    title: "What live schedulers fire",
    description: "Entries of code and of the store, Go's too, as the schedulers announced them last.",
  });
