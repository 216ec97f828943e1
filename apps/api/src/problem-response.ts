import { PROBLEM_CONTENT_TYPE, problem } from "@hikyaku/contract";

/** An error answer of a route, for its description. */
export function problemResponse(description: string) {
  return { description, content: { [PROBLEM_CONTENT_TYPE]: { schema: problem } } };
}

/** The refusals that every route under `/api` may answer with. */
export const commonRefusals = {
  408: problemResponse("The request did not arrive whole in time."),
  421: problemResponse("The request's `Host` is no name of this API server; see `server.allowed_hosts`."),
  429: problemResponse("Too many requests from this address; see `Retry-After`."),
  431: problemResponse("The address and the headers are larger than 16 KiB together."),
  500: problemResponse("Something went wrong in the server."),
};
