import { RequestProblem } from "../problems/request-problem.ts";
import type { Authorize, Identity, RequestHead } from "./request-head.ts";
import { challenge } from "./token.ts";

/**
 * One way to say who asks. Undefined when the request shows no such credential.
 * @throws RequestProblem `unauthenticated` for one that is wrong.
 */
export type AccessWay = (head: RequestHead) => Identity | undefined | Promise<Identity | undefined>;

/**
 * Asks one way after the other: the first credential that is shown counts, and a wrong one opens no other way. Without
 * any credential `otherwise` decides.
 */
export function accessBy(ways: readonly AccessWay[], otherwise: Authorize): Authorize {
  return async (head) => {
    for (const way of ways) {
      const identity = await way(head);
      if (identity !== undefined) return identity;
    }
    return otherwise(head);
  };
}

/** Refuses everybody who shows no credential, and says how to get in. */
export function refuseStrangers(detail: string): Authorize {
  return () => {
    throw new RequestProblem("unauthenticated", detail, challenge);
  };
}
