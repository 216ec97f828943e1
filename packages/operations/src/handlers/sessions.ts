import type { sessionEndpoints } from "@hikyaku/contract";
import { presentSession } from "../presenters/session.ts";
import { RequestProblem } from "../problems/request-problem.ts";
import type { HandlersOf } from "../route.ts";

export const sessionHandlers = {
  getSession: async ({ identity, who }) => ({
    status: 200,
    body: {
      id: identity?.session ?? null,
      who: identity?.name ?? who,
      scopes: [...(identity?.scopes ?? [])],
      queues: identity?.queues === undefined ? null : [...identity.queues],
    },
  }),
  beginSession: async ({ sessions, identity, address }) => {
    if (identity === undefined || identity.session !== undefined) {
      throw new RequestProblem("wrong_state", "A session does not begin another one: show who you are once more.");
    }
    const { session, cookie } = await sessions.begin(identity, address);
    return { status: 201, body: presentSession(session), headers: { "Set-Cookie": cookie } };
  },
  endSession: async ({ sessions, identity }) => {
    const { session } = identity ?? {};
    if (session === undefined) throw new RequestProblem("not_found", "This request belongs to no session.");
    await sessions.end(session);
    return { status: 200, body: { id: session, ended: true }, headers: { "Set-Cookie": sessions.noCookie } };
  },
  listSessions: async ({ sessions }, { query }) => {
    const page = await sessions.list(query.limit, query.cursor);
    return { status: 200, body: { sessions: page.sessions.map(presentSession), next: page.next ?? null } };
  },
  revokeSession: async ({ sessions }, { params }) => {
    if ((await sessions.end(params.id)) === "ended") return { status: 200, body: { id: params.id, ended: true } };
    throw new RequestProblem("not_found", "There is no session of this id.");
  },
} satisfies HandlersOf<typeof sessionEndpoints>;
