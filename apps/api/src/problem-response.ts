import { PROBLEM_CONTENT_TYPE, problem } from "@hikyaku/contract";

/** An error answer of a route, for its description. */
export function problemResponse(description: string) {
  return { description, content: { [PROBLEM_CONTENT_TYPE]: { schema: problem } } };
}
