import type { ApiKeys } from "../keys/api-keys.ts";
import type { ApiKey } from "../presenters/api-key.ts";
import { RequestProblem } from "../problems/request-problem.ts";
import type { Identity } from "./request-head.ts";
import { bearerToken, challenge } from "./token.ts";
import type { AccessWay } from "./way.ts";

/** Callers that send a key as `Authorization: Bearer hk_…` may do what the key says. Other tokens are left alone. */
export function keyAccess(keys: ApiKeys): AccessWay {
  return async ({ headers }) => {
    const sent = bearerToken(headers.authorization);
    if (sent === undefined || !sent.startsWith("hk_")) return undefined;
    const found = await keys.find(sent);
    if (found === undefined)
      throw new RequestProblem("unauthenticated", "This key is unknown, revoked or expired.", challenge);
    return identityOfKey(found);
  };
}

/**
 * Refuses a bearer token that no way before this one took, so that what else the request shows opens nothing. Goes after
 * the ways that take bearer tokens.
 */
export const refuseOtherBearers: AccessWay = ({ headers }) => {
  if (!/^\s*Bearer(?:\s|$)/i.test(headers.authorization ?? "")) return undefined;
  throw new RequestProblem(
    "unauthenticated",
    "This bearer token is neither a token nor a key of the operations.",
    challenge,
  );
};

function identityOfKey({ id, name, scopes, queues }: ApiKey): Identity {
  return {
    name: `key ${name} (hk_${id})`,
    scopes,
    keyId: id,
    byBearerToken: true,
    ...(queues !== undefined && { queues }),
  };
}
