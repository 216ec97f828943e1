import * as z from "zod";
import { problemError } from "../problem.ts";
import { moment } from "./moment.ts";
import { taskState } from "./task-state.ts";

/** The most tasks of one bulk request. */
export const MOST_BULK_ITEMS = 1_000;

/** The longest time that `Prefer: wait=n` waits for a result, in seconds. */
export const MAX_RESULT_WAIT_SECONDS = 30;

const name = z.string().min(1).max(1_024);

/** A length of time with its units. */
export const duration = z
  .string()
  .max(40)
  .regex(/^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/, 'expected a duration with its units, such as "30s", "1h30m" or "250ms"')
  .meta({ examples: ["30s", "1h30m", "250ms"] });

/** A moment as callers give it: RFC 3339, in any zone. */
export const momentGiven = z.iso.datetime({ offset: true }).meta({ examples: ["2026-01-31T12:00:00.000Z"] });

const payload = {
  payload: z.unknown().optional().meta({ description: "Any JSON. Missing: none." }),
  payload_base64: z.base64().optional().meta({ description: "Bytes as they are, in base64, in place of `payload`." }),
};

/** How to enqueue a task, beside what it is. Each that is missing is as the type's definition says. */
const options = {
  id: name.optional().meta({
    description: "Names the task; unique in its queue. Missing: a new UUID. Where it is taken, nothing is enqueued.",
  }),
  delay: duration.optional().meta({ description: "How long from now it is due. Not together with `due_at`." }),
  due_at: momentGiven.optional().meta({ description: "When it is due. A moment that has passed means now." }),
  max_retry: z.int().min(0).max(2_147_483_647).optional().meta({ description: "How often it is tried again." }),
  timeout: duration.optional().meta({ description: "How long one attempt may take." }),
  deadline_at: momentGiven.optional().meta({ description: "No attempt runs after this moment." }),
  retention: duration.optional().meta({ description: "How long it is kept with its result after it has succeeded." }),
  unique_for: duration.optional().meta({
    description: "For how long no equal task (queue, type, payload) is enqueued. At least a second.",
  }),
  group: name.optional().meta({ description: "Collects it with others, to be handled as one." }),
  shard_key: name.optional().meta({ description: "Only for a sharded queue: equal keys share a shard." }),
  headers: z.record(z.string(), z.string()).optional().meta({ description: "Texts that travel with it." }),
};

const queue = name.meta({ description: "The line that it joins.", examples: ["default"] });
const type = name.meta({ description: "Picks its handler.", examples: ["email:send"] });

/** The path of what belongs to a type. */
export const typeParams = z.object({ type });

/** The path of what belongs to a queue, for enqueueing. */
export const enqueueQueueParams = z.object({ queue });

const ofType = { ...payload, queue: queue.optional(), ...options };
const ofQueue = { type, ...payload, ...options };

/** The body of `POST /types/{type}/tasks`. */
export const enqueueOfTypeRequest = z.strictObject(ofType).meta({
  id: "EnqueueOfTypeRequest",
  title: "A task of a type",
  description: "Its payload and how to enqueue it.",
  examples: [{ payload: { message: "hello" }, delay: "3m" }],
});

/** The body of `POST /queues/{queue}/tasks`. */
export const enqueueInQueueRequest = z.strictObject(ofQueue).meta({
  id: "EnqueueInQueueRequest",
  title: "A task for a queue",
  description: "Its type, its payload, and how to enqueue it.",
  examples: [{ type: "email:send", payload: { user_id: 42 } }],
});

/** How a task is enqueued, checked. */
export type EnqueueGiven = z.output<typeof enqueueOfTypeRequest> & { readonly type?: string };

/** An item of a bulk that fits. */
export class FittingItem {
  readonly given: EnqueueGiven;

  constructor(given: EnqueueGiven) {
    this.given = given;
  }
}

/** One that does not fit is let through as it came, so that it costs the others nothing. */
function bulkOf<Item extends z.ZodType<EnqueueGiven>>(item: Item) {
  const fitting = item.transform((given) => new FittingItem(given));
  return z.strictObject({
    items: z
      .array(z.union([fitting, z.unknown()]))
      .min(1)
      .max(MOST_BULK_ITEMS)
      .meta({ description: "Each is answered by itself, in order." }),
  });
}

/** The body of `POST /types/{type}/tasks/bulk`. */
export const enqueueManyOfTypeRequest = bulkOf(enqueueOfTypeRequest).meta({
  id: "EnqueueManyOfTypeRequest",
  title: "Many tasks of a type",
  description: "Up to 1000.",
});

/** The body of `POST /queues/{queue}/tasks/bulk`. */
export const enqueueManyInQueueRequest = bulkOf(enqueueInQueueRequest).meta({
  id: "EnqueueManyInQueueRequest",
  title: "Many tasks for a queue",
  description: "Up to 1000.",
});

/** The headers that enqueueing one task reads. */
export const enqueueHeaders = z.object({
  "idempotency-key": z
    .string()
    .min(1)
    .max(255)
    .optional()
    .meta({
      description:
        "Names this request: sent again with the same key, it enqueues nothing. Not together with `id`. The task is then kept " +
        "for a day after it has succeeded, unless `retention` says otherwise: so long the key is remembered.",
    }),
  prefer: z
    .string()
    .max(500)
    .optional()
    .meta({
      description:
        `\`wait=n\` waits up to n seconds, at most ${MAX_RESULT_WAIT_SECONDS}, for the task to be done. A task without a ` +
        "retention is then kept for five minutes.",
      examples: ["wait=2"],
    }),
});

const finished = z
  .object({
    state: z.enum(["completed", "archived"]),
    result: z.unknown().meta({ description: "What its handler returned, as JSON; null where there is none." }),
    error: z.string().nullable().meta({ description: "Why it was archived, or its result can't be shown." }),
  })
  .nullable()
  .meta({ description: "How it ended. Null where nobody waited for it, or it has not ended." });

/** The answer to enqueueing one task. */
export const enqueueResponse = z
  .object({
    id: z.string(),
    type: z.string(),
    queue: z.string(),
    created: z.boolean().meta({ description: "False: it was there already, and nothing was enqueued." }),
    checked: z.boolean().meta({ description: "Whether the payload was checked against its type's definition." }),
    state: taskState.nullable().meta({ description: "Null where it is gone, or the caller may not read tasks." }),
    due_at: moment.nullable().meta({ description: "When it may first run; null where `state` tells no such moment." }),
    same: z.boolean().nullable().meta({
      description:
        "Whether the task that was there has this type and payload. Null for a new one, or where nobody can tell.",
    }),
    finished,
  })
  .meta({ id: "EnqueueResponse", title: "An enqueued task", description: "The task, new or found." });

/** The answer to enqueueing one task. */
export type EnqueueResponse = z.infer<typeof enqueueResponse>;

const outcome = z
  .object({
    status: z.int().meta({ description: "As a request for it alone would have been answered." }),
    id: z.string().nullable(),
    queue: z.string().nullable(),
    created: z.boolean(),
    code: z.string().nullable().meta({ description: "What kept it from being enqueued; null where nothing did." }),
    detail: z.string().nullable(),
    retryable: z.boolean().meta({
      description:
        "Whether to send it again is safe and may do better: it was surely not stored, or its `id` names it.",
    }),
    errors: z.array(problemError).optional().meta({ description: "Each thing that is wrong with it." }),
  })
  .meta({ description: "What became of one task." });

/** The answer to a bulk. */
export const enqueueManyResponse = z
  .object({
    outcomes: z.array(outcome).meta({ description: "One for each item, in order." }),
    created: z.int(),
    existing: z.int().meta({ description: "How many were there already." }),
    failed: z.int(),
    checked: z.boolean().meta({ description: "Whether all payloads were checked against a definition." }),
  })
  .meta({ id: "EnqueueManyResponse", title: "What became of many tasks", description: "One outcome for each." });

/** What became of one task of a bulk. */
export type EnqueueOutcomeView = z.infer<typeof outcome>;
