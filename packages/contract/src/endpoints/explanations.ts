import { endpoint } from "../endpoint.ts";
import { explainQueueResponse, explainTaskParams, explainTaskResponse } from "../shapes/explanation.ts";
import { queueParams } from "../shapes/queue.ts";

/** Why a task is where it is, and why a queue stands still. */
export const explanationEndpoints = {
  explainTask: endpoint({
    operationId: "explain-task",
    tag: "tasks",
    summary: "Explain why a task is where it is",
    description:
      "Not due, paused by whom, nobody there, nobody who handles it, behind how many others, held by the order of its " +
      "queue, tried again when, run by whom, archived why.",
    method: "GET",
    path: "/tasks/{queue}/{id}/explain",
    scope: "read",
    params: explainTaskParams,
    answers: { 200: explainTaskResponse },
    errors: { task_not_found: "There is no such task.", queue_not_found: "There is no such queue." },
  }),
  explainQueue: endpoint({
    operationId: "explain-queue",
    tag: "queues",
    summary: "Explain why nothing moves in a queue",
    description: "What stands in the way first of what is due; or that it moves, or that nothing is due.",
    method: "GET",
    path: "/queues/{queue}/explain",
    scope: "read",
    params: queueParams,
    answers: { 200: explainQueueResponse },
    errors: { queue_not_found: "There is no such queue." },
  }),
};
