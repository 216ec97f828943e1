import type { keyEndpoints } from "@hikyaku/contract";
import { presentApiKey } from "../presenters/api-key.ts";
import { RequestProblem } from "../problems/request-problem.ts";
import type { HandlersOf } from "../route.ts";

export const keyHandlers = {
  listKeys: async ({ keys }, { query }) => {
    const page = await keys.list(query.limit, query.cursor);
    return { status: 200, body: { keys: page.keys.map(presentApiKey), next: page.next ?? null } };
  },
  createKey: async ({ keys, identity, who, tellChange }, { body }) => {
    const { name, scopes, queues, expires_at: end } = body;
    const expiresAt = end === undefined ? undefined : new Date(end);
    if (expiresAt !== undefined && expiresAt.getTime() <= Date.now()) {
      const message = "expected a moment in the future";
      throw new RequestProblem("invalid_option", `expires_at: ${message}; no key was made.`, {
        errors: [{ location: "body.expires_at", message, value: end }],
      });
    }
    const made = await keys.create({ name, scopes, queues, expiresAt, who: identity?.name ?? who });
    const view = presentApiKey(made.apiKey);
    tellChange({ after: view });
    return { status: 201, body: { ...view, key: made.key } };
  },
  revokeKey: async ({ keys }, { params }) => {
    if ((await keys.revoke(params.id)) === "revoked") return { status: 200, body: { id: params.id, revoked: true } };
    throw new RequestProblem("not_found", "There is no key of this id; an id is the middle part of a key.");
  },
} satisfies HandlersOf<typeof keyEndpoints>;
