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

function identityOfKey({ id, name, scopes, queues }: ApiKey): Identity {
  return { name: `key ${name} (hk_${id})`, scopes, keyId: id, ...(queues !== undefined && { queues }) };
}
