import { endpoint, PAYLOAD_BODY_BYTES } from "../endpoint.ts";
import {
  enqueueHeaders,
  enqueueInQueueRequest,
  enqueueManyInQueueRequest,
  enqueueManyOfTypeRequest,
  enqueueManyResponse,
  enqueueOfTypeRequest,
  enqueueQueueParams,
  enqueueResponse,
  MAX_RESULT_WAIT_SECONDS,
  typeParams,
} from "../shapes/enqueue.ts";

const one = {
  tag: "tasks",
  method: "POST",
  scope: "enqueue",
  keepsToQueues: true,
  headers: enqueueHeaders,
  bodyBytes: PAYLOAD_BODY_BYTES,
  deadlineSeconds: MAX_RESULT_WAIT_SECONDS + 10,
  answers: { 200: enqueueResponse, 201: enqueueResponse, 202: enqueueResponse },
  answerHeaders: {
    Location: "Where the task is, relative to this API.",
    "Idempotency-Replayed": "`true`: the key was used before, and nothing was enqueued.",
    "Preference-Applied": "How long it was waited for, as in `wait=10`.",
  },
} as const;

const statuses =
  "201: it is new. 200: it was there already, or was waited for and has ended. 202: it is new, was waited for, and has not ended.";

const many = {
  tag: "tasks",
  method: "POST",
  scope: "enqueue",
  keepsToQueues: true,
  refusedHeaders: { "idempotency-key": "give each item an `id` of its own, and the request can be sent again" },
  bodyBytes: PAYLOAD_BODY_BYTES,
  answers: { 200: enqueueManyResponse },
} as const;

const each =
  "One outcome for each, in order: one that is refused costs the others nothing. An `Idempotency-Key` is refused: items that " +
  "carry an `id` can be sent again.";

const refused = {
  invalid_payload: "The payload does not fit its type's schema, or is no JSON. Nothing was enqueued.",
  invalid_option: "An option can't be used, or two do not go together. Nothing was enqueued.",
  idempotency_conflict: "The key was used for a task of another payload. Nothing was enqueued.",
} as const;

/** Adding tasks. */
export const enqueueEndpoints = {
  enqueueOfType: endpoint({
    ...one,
    operationId: "enqueue-task",
    summary: "Enqueue a task of a type that has a definition",
    description: `Its payload is checked first. ${statuses}`,
    path: "/types/{type}/tasks",
    params: typeParams,
    body: enqueueOfTypeRequest,
    errors: { ...refused, type_not_found: "No definition of this type is known here. Nothing was enqueued." },
  }),
  enqueueManyOfType: endpoint({
    ...many,
    operationId: "enqueue-tasks",
    summary: "Enqueue many tasks of a type that has a definition",
    description: each,
    path: "/types/{type}/tasks/bulk",
    params: typeParams,
    body: enqueueManyOfTypeRequest,
    errors: { type_not_found: "No definition of this type is known here. Nothing was enqueued." },
  }),
  enqueueInQueue: endpoint({
    ...one,
    operationId: "enqueue-task-in-queue",
    summary: "Enqueue a task of any type into a queue",
    description: `Where no definition is known, nothing checks the payload, and \`checked\` says so. ${statuses}`,
    path: "/queues/{queue}/tasks",
    params: enqueueQueueParams,
    body: enqueueInQueueRequest,
    errors: refused,
  }),
  enqueueManyInQueue: endpoint({
    ...many,
    operationId: "enqueue-tasks-in-queue",
    summary: "Enqueue many tasks of any types into a queue",
    description: each,
    path: "/queues/{queue}/tasks/bulk",
    params: enqueueQueueParams,
    body: enqueueManyInQueueRequest,
  }),
};
