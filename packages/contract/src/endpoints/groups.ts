import { endpoint } from "../endpoint.ts";
import { groupChangeResponse, groupParams, listGroupsResponse } from "../shapes/group.ts";
import { listQueuesQuery, queueParams, removeQueueQuery } from "../shapes/queue.ts";
import { reasonGiven } from "../shapes/reason.ts";

const common = { tag: "groups", params: groupParams, deadlineSeconds: 30 } as const;
const errors = { queue_not_found: "There is no such queue." };

/** Groups of tasks that are handled as one. */
export const groupEndpoints = {
  listGroups: endpoint({
    operationId: "list-groups",
    tag: "groups",
    summary: "List the groups of a queue",
    description: "Those that hold tasks.",
    method: "GET",
    path: "/queues/{queue}/groups",
    scope: "read",
    params: queueParams,
    query: listQueuesQuery,
    answers: { 200: listGroupsResponse },
    errors,
  }),
  runGroup: endpoint({
    ...common,
    operationId: "run-group",
    summary: "Run the tasks of a group one by one",
    description: "They go to the end of the line and are not aggregated.",
    method: "POST",
    path: "/queues/{queue}/groups/{group}/run",
    scope: "operate",
    body: reasonGiven,
    answers: { 200: groupChangeResponse },
    errors,
  }),
  archiveGroup: endpoint({
    ...common,
    operationId: "archive-group",
    summary: "Archive the tasks of a group",
    description: "They are kept and run only when somebody says so.",
    method: "POST",
    path: "/queues/{queue}/groups/{group}/archive",
    scope: "operate",
    body: reasonGiven,
    answers: { 200: groupChangeResponse },
    errors,
  }),
  deleteGroup: endpoint({
    ...common,
    operationId: "delete-group",
    summary: "Delete the tasks of a group",
    description: "Those that are being aggregated right now are left alone.",
    method: "DELETE",
    path: "/queues/{queue}/groups/{group}",
    scope: "operate",
    query: removeQueueQuery.pick({ reason: true }),
    answers: { 200: groupChangeResponse },
    errors,
  }),
};
