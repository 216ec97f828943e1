import { commonRefusals, problemResponse } from "./problem-response.ts";

/** What every route of the operations API demands, for the OpenAPI document. */
export const operationsSecurity = [{ operationsToken: [] }];

/** What every route of the operations API may answer instead of doing what was asked. */
export const operationsRefusals = {
  401: problemResponse(
    "The token is missing or wrong, or none is set yet outside local and develop; `detail` says how.",
  ),
  403: problemResponse(
    "No token is set in local or develop, and the request is not straight from this machine, or from another site's page.",
  ),
  ...commonRefusals,
  503: problemResponse("The job queue's store cannot be reached; see `Retry-After`."),
};
