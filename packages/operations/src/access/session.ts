import type { ApiKeys } from "../keys/api-keys.ts";
import type { Sessions } from "../sessions/sessions.ts";
import type { AccessWay } from "./way.ts";

/**
 * Callers with the cookie of a session may do what they might when it was begun. A session that has ended is as if there was
 * no cookie; one that was begun with a key ends with it.
 */
export function sessionAccess(sessions: Sessions, keys: ApiKeys): AccessWay {
  return async ({ headers }) => {
    const found = await sessions.find(headers.cookie);
    if (found === undefined) return undefined;
    const { session, keyId } = found;
    if (keyId !== undefined && !(await keys.holds(keyId))) return undefined;
    const { id, name, scopes, queues, endsAt } = session;
    return {
      name,
      scopes,
      session: id,
      ...(queues !== undefined && { queues }),
      get ends() {
        return AbortSignal.timeout(Math.max(0, endsAt.getTime() - Date.now()));
      },
    };
  };
}
