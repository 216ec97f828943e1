import * as z from "zod";
import { moment } from "./moment.ts";
import { pageEnd } from "./page.ts";
import { changeReason } from "./reason.ts";
import { taskDetail, taskSummary, unreadableTask } from "./task.ts";
import { taskConditions } from "./task-search.ts";
import { taskState } from "./task-state.ts";

const name = z.string().min(1).max(1_024);

const action = z.enum(["run", "archive", "delete", "cancel"]);

/** What is done with each task. */
export type BulkAction = z.infer<typeof action>;

const namedTask = z.strictObject({ queue: name, id: name });

/** The body of `POST /operations`. */
export const createOperationRequest = z
  .strictObject({
    action: action.meta({ description: "`cancel`: what waits is archived, what runs is asked to stop." }),
    tasks: z
      .array(namedTask)
      .min(1)
      .max(1_000)
      .refine((tasks) => new Set(tasks.map(({ queue, id }) => JSON.stringify([queue, id]))).size === tasks.length, {
        message: "expected each task once",
      })
      .optional()
      .meta({ description: "These tasks, in place of `filter`." }),
    filter: taskConditions.optional(),
    dry_run: z.boolean().default(false).meta({ description: "Only say which tasks it would be; nothing is done." }),
    reason: changeReason,
  })
  .refine(({ tasks, filter }) => (tasks === undefined) !== (filter === undefined), {
    path: ["filter"],
    message: "expected tasks or a filter, and one of them only",
  })
  .meta({
    id: "CreateOperationRequest",
    title: "A bulk operation",
    description: "What to do with which tasks.",
    examples: [{ action: "run", filter: { queue: "mail", state: "archived" }, reason: "the provider is back" }],
  });

/** The answer of a dry run. */
export const dryRunResponse = z
  .object({
    dry_run: z.literal(true),
    count: z.int().min(0).meta({ description: "How many tasks fit; at least so many where `complete` is false." }),
    scanned: z.int().min(0).meta({ description: "How many tasks were looked at." }),
    complete: z.boolean().meta({ description: "False when the look stopped at its budget: there may be more." }),
    sample: z.array(z.union([taskDetail, taskSummary, unreadableTask])).meta({ description: "The first of them." }),
  })
  .meta({ id: "DryRunResponse", title: "A dry run", description: "Which tasks it would be. Nothing was done." });

const count = z.int().min(0);

/** A bulk operation. */
export const bulkOperation = z
  .object({
    id: z.string(),
    action,
    state: z.enum(["waits", "running", "aborting", "done", "aborted", "failed"]).meta({
      description: "`waits`: nothing was done yet. `aborting`: the slice that is under way is done to its end.",
    }),
    filter: z
      .record(z.string(), z.unknown())
      .nullable()
      .meta({ description: "As it was given; null where tasks were named." }),
    tasks_named: count.nullable().meta({ description: "How many tasks were named; null where there is a filter." }),
    reason: z.string().nullable(),
    who: z.string(),
    created_at: moment,
    starts_at: moment.meta({ description: "Nothing is done before. A deletion waits a minute." }),
    started_at: moment.nullable(),
    ended_at: moment.nullable(),
    progress: z.object({
      looked_at: count.meta({ description: "How many tasks were looked at so far." }),
      to_look_at: count
        .nullable()
        .meta({ description: "How many there were at the start; null where nobody counted." }),
    }),
    counts: z
      .object({
        done: count,
        perhaps_done: count,
        wrong_state: count,
        not_found: count,
        failed: count,
      })
      .meta({ description: "How many tasks came to which outcome so far." }),
    outcomes_not_kept: count.meta({ description: "Outcomes that are counted, but no longer listed one by one." }),
    problem: z.string().nullable().meta({ description: "Why it failed." }),
  })
  .meta({ id: "BulkOperation", title: "A bulk operation", description: "A change of many tasks, and how far it is." });

/** A bulk operation. */
export type BulkOperationView = z.infer<typeof bulkOperation>;

/** The answer of `GET /operations`. */
export const listOperationsResponse = z.object({
  operations: z.array(bulkOperation).meta({ description: "The newest first." }),
  ...pageEnd,
});

/** The answer of `GET /operations/{id}/outcomes`. */
export const listOutcomesResponse = z.object({
  outcomes: z.array(
    z.object({
      queue: z.string(),
      id: z.string(),
      outcome: z.enum(["done", "perhaps_done", "wrong_state", "not_found", "failed"]).meta({
        description:
          "`perhaps_done`: whoever worked on it ended, or lost the store, in the middle; the task is not as it was then.",
      }),
      state: taskState
        .nullable()
        .meta({ description: "Of `wrong_state`: the state it was found in, where it is known." }),
    }),
  ),
  ...pageEnd,
  not_kept: count.meta({ description: "How many outcomes were not kept, so far." }),
});

/** The body of `POST /operations/{id}/abort`. */
export const abortOperationRequest = z
  .strictObject({ reason: changeReason })
  .meta({ id: "AbortOperationRequest", title: "Why", description: "Why it is aborted.", examples: [{}] });
