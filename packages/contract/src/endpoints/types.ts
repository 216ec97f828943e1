import { endpoint } from "../endpoint.ts";
import { listTypesResponse } from "../shapes/task-type.ts";

/** Which types of tasks there are. */
export const typeEndpoints = {
  listTypes: endpoint({
    operationId: "list-types",
    tag: "types",
    summary: "List the types of tasks",
    description: "Those with a definition here, with the schema of their payload, and those that live servers handle.",
    method: "GET",
    path: "/types",
    scope: "read",
    answers: { 200: listTypesResponse },
  }),
};
