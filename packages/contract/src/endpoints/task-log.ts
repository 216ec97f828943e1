import * as z from "zod";
import { endpoint } from "../endpoint.ts";
import { explainTaskParams } from "../shapes/explanation.ts";
import { pageQuery } from "../shapes/page.ts";
import { taskLogResponse } from "../shapes/task-log.ts";

/** What handlers say of their tasks. */
export const taskLogEndpoints = {
  getTaskLog: endpoint({
    operationId: "get-task-log",
    tag: "tasks",
    summary: "Read the log lines of a task",
    description:
      "What its handlers said, while it runs and after, oldest first. `next` leads to the lines that follow now, `end` to " +
      "those that follow later.",
    method: "GET",
    path: "/tasks/{queue}/{id}/log",
    scope: "read",
    params: explainTaskParams,
    query: z.object(pageQuery),
    answers: { 200: taskLogResponse },
    errors: { task_not_found: "There is no such task.", queue_not_found: "There is no such queue." },
  }),
};
