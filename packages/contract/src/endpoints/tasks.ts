import * as z from "zod";
import { endpoint, PAYLOAD_BODY_BYTES } from "../endpoint.ts";
import { reasonGiven } from "../shapes/reason.ts";
import { taskDetail, unreadableTask } from "../shapes/task.ts";
import {
  deleteTaskQuery,
  editHeaders,
  editPayloadRequest,
  rescheduleRequest,
  taskChangeResponse,
  taskParams,
} from "../shapes/task-change.ts";
import { searchTasksQuery, searchTasksResponse } from "../shapes/task-search.ts";

const missing = {
  queue_not_found: "There is no such queue.",
  task_not_found: "There is no such task.",
} as const;
const etag = { ETag: "Names the task as it is: for `If-Match`." } as const;

const change = {
  tag: "tasks",
  method: "POST",
  scope: "operate",
  params: taskParams,
  body: reasonGiven,
  answers: { 200: taskChangeResponse },
} as const;

/** Tasks: which there are, what is known of one, and changing one. */
export const taskEndpoints = {
  searchTasks: endpoint({
    operationId: "search-tasks",
    tag: "tasks",
    summary: "List tasks over queues and states",
    description:
      "With conditions it looks for a moment, and then answers with what it has found: `complete` says whether it came to " +
      "the end of the page, `next` goes on.",
    method: "GET",
    path: "/tasks",
    scope: "read",
    keepsToQueues: true,
    query: searchTasksQuery,
    answers: { 200: searchTasksResponse },
    errors: {
      queue_not_found: "There is no queue of a name that is given.",
      invalid_option: "What the query says can't be.",
    },
  }),
  getTask: endpoint({
    operationId: "get-task",
    tag: "tasks",
    summary: "Show a task",
    description: "Everything that is known of it.",
    method: "GET",
    path: "/tasks/{queue}/{id}",
    scope: "read",
    params: taskParams,
    answers: { 200: z.union([taskDetail, unreadableTask]) },
    answerHeaders: etag,
    errors: missing,
  }),
  runTask: endpoint({
    ...change,
    operationId: "run-task",
    summary: "Run a task now",
    description: "Puts it at the end of its queue's line, whatever its due time or number of failures.",
    path: "/tasks/{queue}/{id}/run",
    errors: { ...missing, wrong_state: "It waits to run already, or runs. `state` says which." },
  }),
  archiveTask: endpoint({
    ...change,
    operationId: "archive-task",
    summary: "Archive a task",
    description: "Keeps it; it never runs unless asked.",
    path: "/tasks/{queue}/{id}/archive",
    errors: { ...missing, wrong_state: "It is archived already, or runs. `state` says which." },
  }),
  cancelTask: endpoint({
    ...change,
    operationId: "cancel-task",
    summary: "Cancel a task",
    description: "One that waits is archived. The worker of one that runs is asked to stop it.",
    path: "/tasks/{queue}/{id}/cancel",
    errors: { ...missing, wrong_state: "It has completed, or is being aggregated. `state` says which." },
  }),
  rescheduleTask: endpoint({
    ...change,
    operationId: "reschedule-task",
    summary: "Let a task run at another moment",
    description:
      "One that is to be tried again stays so. Any other that nobody runs is scheduled, also an archived one. A uniqueness " +
      "lock keeps its end.",
    path: "/tasks/{queue}/{id}/reschedule",
    body: rescheduleRequest,
    errors: {
      ...missing,
      wrong_state: "It runs, is being aggregated, or has completed. `state` says which.",
      invalid_option: "The moment lies too far ahead.",
    },
  }),
  editTaskPayload: endpoint({
    operationId: "edit-task-payload",
    tag: "tasks",
    summary: "Replace the payload of a task",
    description: "Of one that waits or is archived. Where its type has a definition, the payload is checked first.",
    method: "PUT",
    path: "/tasks/{queue}/{id}/payload",
    scope: "operate",
    params: taskParams,
    headers: editHeaders,
    body: editPayloadRequest,
    bodyBytes: PAYLOAD_BODY_BYTES,
    answers: { 200: taskChangeResponse },
    answerHeaders: etag,
    errors: {
      ...missing,
      wrong_state: "It runs, is being aggregated, or has completed. `state` says which.",
      task_exists: "It is unique, and another one with this payload is there.",
      precondition_failed: "It has changed since it was read. Nothing was written.",
      invalid_payload: "The payload does not fit its type's schema, or is no JSON. Nothing was written.",
    },
  }),
  deleteTask: endpoint({
    operationId: "delete-task",
    tag: "tasks",
    summary: "Delete a task",
    description: "With its uniqueness lock.",
    method: "DELETE",
    path: "/tasks/{queue}/{id}",
    scope: "operate",
    params: taskParams,
    query: deleteTaskQuery,
    answers: { 200: taskChangeResponse },
    errors: { ...missing, wrong_state: "It runs, or is being aggregated. `state` says which." },
  }),
};
