import * as z from "zod";
import { endpoint } from "../endpoint.ts";
import {
  abortOperationRequest,
  bulkOperation,
  createOperationRequest,
  dryRunResponse,
  listOperationsResponse,
  listOutcomesResponse,
} from "../shapes/bulk-operation.ts";
import { pageQuery } from "../shapes/page.ts";

const one = {
  tag: "operations",
  scope: "operate",
  params: z.object({ id: z.string().regex(/^[a-z0-9]{1,40}$/, "expected the id of an operation") }),
  keepsToQueues: true,
} as const;
const missing = { not_found: "There is no such operation; one that has ended is kept for seven days." } as const;

/** Changes of many tasks, which go on by themselves. */
export const bulkOperationEndpoints = {
  createOperation: endpoint({
    operationId: "create-operation",
    tag: "operations",
    summary: "Change many tasks",
    description:
      "Begins an operation that goes on by itself, also after a restart of the server. A deletion waits a minute first, " +
      "during which it can be aborted. With `dry_run`, only says which tasks it would be.",
    method: "POST",
    path: "/operations",
    scope: "operate",
    keepsToQueues: true,
    body: createOperationRequest,
    answers: { 200: dryRunResponse, 202: bulkOperation },
    answerHeaders: { Location: "Where the operation is, relative to this address." },
    errors: {
      queue_not_found: "There is no queue of a name that the filter gives.",
      invalid_option: "The filter can't be, or names a state whose tasks the action can't change. Nothing was begun.",
      wrong_state: "A hundred operations have not ended yet. Nothing was begun.",
    },
  }),
  listOperations: endpoint({
    operationId: "list-operations",
    tag: "operations",
    summary: "List the operations on many tasks",
    description: "The newest first, ended ones for seven days. A page may hold fewer than asked for and have a next.",
    method: "GET",
    path: "/operations",
    scope: "operate",
    keepsToQueues: true,
    query: z.object(pageQuery),
    answers: { 200: listOperationsResponse },
  }),
  getOperation: endpoint({
    ...one,
    operationId: "get-operation",
    summary: "Show an operation",
    description: "How far it is, with its outcomes counted.",
    method: "GET",
    path: "/operations/{id}",
    answers: { 200: bulkOperation },
    errors: missing,
  }),
  listOperationOutcomes: endpoint({
    ...one,
    operationId: "list-operation-outcomes",
    summary: "List what became of each task",
    description:
      "In the order in which they were changed. The first 5000 that were done are kept, and some 5000 that were not.",
    method: "GET",
    path: "/operations/{id}/outcomes",
    query: z.object(pageQuery),
    answers: { 200: listOutcomesResponse },
    errors: missing,
  }),
  abortOperation: endpoint({
    ...one,
    operationId: "abort-operation",
    summary: "Abort an operation",
    description: "Of one that waits, nothing was done. Of one that is running, what was done stays done.",
    method: "POST",
    path: "/operations/{id}/abort",
    body: abortOperationRequest,
    answers: { 200: bulkOperation },
    errors: { ...missing, wrong_state: "It has ended already." },
  }),
};
