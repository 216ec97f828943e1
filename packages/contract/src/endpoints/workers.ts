import { endpoint } from "../endpoint.ts";
import { listWorkersQuery, listWorkersResponse } from "../shapes/worker.ts";

/** What runs now. */
export const workerEndpoints = {
  listWorkers: endpoint({
    operationId: "list-workers",
    tag: "servers",
    summary: "List what runs now",
    description: "Each running task with its server, as the servers told of themselves in the last seconds.",
    method: "GET",
    path: "/workers",
    scope: "read",
    keepsToQueues: true,
    query: listWorkersQuery,
    answers: { 200: listWorkersResponse },
  }),
};
