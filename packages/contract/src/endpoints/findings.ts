import { endpoint } from "../endpoint.ts";
import { listFindingsResponse } from "../shapes/store-finding.ts";

/** What is wrong or worth knowing. */
export const findingEndpoints = {
  listFindings: endpoint({
    operationId: "list-findings",
    tag: "findings",
    summary: "List what is not as it should be",
    description:
      "Who works and should not, or not like that; tasks that wait for nobody; what failed for good in the last hour; " +
      "schedules and settings. An answer may be five seconds old. The doctor also looks at every task.",
    method: "GET",
    path: "/findings",
    scope: "read",
    answers: { 200: listFindingsResponse },
  }),
};
