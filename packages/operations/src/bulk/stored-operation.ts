import { taskConditions } from "@hikyaku/contract";
import * as z from "zod";

const count = z.int().min(0);
const place = z.object({
  /** Of named tasks: the slice that comes next. */
  index: count.optional(),
  queue: z.string(),
  state: z.string(),
  group: z.string(),
  /** Where the list goes on. Null: behind the list. */
  cursor: z.string().nullable(),
  /** How many tasks of the list are still to be looked at: those that were there when the walk came to it. */
  left: count,
});

/** Where the walk goes on. */
export type Place = z.infer<typeof place>;

const slice = z.object({
  number: count,
  /** Only tasks that are still in this state are changed. Null: in whatever state. */
  state: z.string().nullable(),
  /** The queue and the ids of its tasks. */
  queue: z.string(),
  ids: z.array(z.string()),
});

/** Some tasks that are changed in one step. */
export type Slice = z.infer<typeof slice>;

const counts = z.object({ done: count, perhaps_done: count, wrong_state: count, not_found: count, failed: count });

const moment = z.number();

/** An operation as the store keeps it. */
const storedOperation = z.object({
  action: z.enum(["run", "archive", "delete", "cancel"]),
  state: z.enum(["waits", "running", "aborting", "done", "aborted", "failed"]),
  reason: z.string().nullable(),
  who: z.string(),
  createdAt: moment,
  startsAt: moment,
  startedAt: moment.nullable(),
  endedAt: moment.nullable(),
  toLookAt: count.nullable(),
  lookedAt: count,
  counts,
  /** How many outcomes of tasks that were done, and of the others, are kept. */
  kept: z.object({ done: count, others: count }),
  problem: z.string().nullable(),
  lease: z.object({ owner: z.string(), until: moment }).nullable(),
  /** How many slices were read. */
  slices: count,
  /** The slice that is next, or under way. */
  current: slice.nullable(),
  /** Whether somebody began to change it. */
  begun: z.boolean(),
  /** The slice behind it, read before: a cursor that names a task must not outlive the task. */
  ahead: slice.nullable(),
  /** Null at the beginning. */
  place: place.nullable(),
  walked: z.boolean(),
});

export type StoredOperation = z.infer<typeof storedOperation>;

/** Which tasks are meant; never changes. */
const storedRequest = z.object({
  tasks: z.array(z.tuple([z.string(), z.string()])).optional(),
  filter: z.record(z.string(), z.unknown()).optional(),
});

export type StoredRequest = z.infer<typeof storedRequest>;

export type TaskConditionsGiven = z.output<typeof taskConditions>;

const outcome = z.enum(["done", "perhaps_done", "wrong_state", "not_found", "failed"]);
const state = z.enum(["pending", "active", "scheduled", "retry", "aggregating", "completed", "archived"]);

/** Of one queue: a name may be as long as an id. */
const storedOutcomes = z.object({
  queue: z.string(),
  tasks: z.array(z.tuple([z.string(), outcome, state.nullable()])),
});

/** What became of some tasks of a queue: their ids, each with its outcome and the state it was found in. */
export type SliceOutcomes = z.infer<typeof storedOutcomes>;

/** The operation in a record. Undefined when it is none. */
export function operationOf(value: string): StoredOperation | undefined {
  return parsed(storedOperation, value);
}

export function requestOf(value: string): StoredRequest | undefined {
  return parsed(storedRequest, value);
}

export function outcomesOf(value: string): SliceOutcomes | undefined {
  return parsed(storedOutcomes, value);
}

/** The filter of a request. Undefined when there is none. */
export function filterOf({ filter }: StoredRequest): TaskConditionsGiven | undefined {
  return filter === undefined ? undefined : taskConditions.parse(filter);
}

export function hasEnded({ state }: StoredOperation): boolean {
  return state === "done" || state === "aborted" || state === "failed";
}

function parsed<Schema extends z.ZodType>(schema: Schema, value: string): z.output<Schema> | undefined {
  try {
    return schema.safeParse(JSON.parse(value)).data;
  } catch {
    return undefined;
  }
}
