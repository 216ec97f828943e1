import { RequestProblem } from "./request-problem.ts";

/** The header `Allow` of an address that has these methods. */
export function allowOf(methods: readonly string[]): string {
  return [...new Set([...methods, "OPTIONS"])].sort().join(", ");
}

/** For a method that an address does not have. */
export function otherMethod(method: string, allow: string): RequestProblem {
  return new RequestProblem("method_not_allowed", `${method} is not possible here; possible are ${allow}.`, {
    headers: { Allow: allow },
  });
}
