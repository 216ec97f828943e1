import * as z from "zod";
import { endpoint } from "../endpoint.ts";
import { pageEnd, pageQuery } from "../shapes/page.ts";
import { callerView, sessionView } from "../shapes/session.ts";

const sessionId = z.string().regex(/^[0-9a-f]{64}$/, "expected the id of a session");
const ended = z.object({ id: z.string(), ended: z.literal(true) });
const reason = z.string().max(500).optional();
const tag = "sessions";
const keepsToQueues = true;
const answerHeaders = { "Set-Cookie": "The cookie of the session: for this site alone, and not for scripts." } as const;

/** Signing in with a browser. */
export const sessionEndpoints = {
  getSession: endpoint({
    operationId: "get-session",
    tag,
    keepsToQueues,
    summary: "Tell who asks",
    description: "And what it may do.",
    method: "GET",
    path: "/session",
    scope: "read",
    answers: { 200: callerView },
  }),
  beginSession: endpoint({
    operationId: "begin-session",
    tag,
    keepsToQueues,
    summary: "Sign in",
    description:
      "Send a credential with it, such as a key as a bearer token: the answer sets a cookie that permits the same until the " +
      "session ends. A session begins no other one.",
    method: "POST",
    path: "/session",
    scope: "read",
    answers: { 201: sessionView },
    answerHeaders,
    errors: { wrong_state: "The request belongs to a session, or the store holds 10,000." },
  }),
  endSession: endpoint({
    operationId: "end-session",
    tag,
    keepsToQueues,
    summary: "Sign out",
    description: "Ends the session of the request, and takes its cookie away.",
    method: "DELETE",
    path: "/session",
    scope: "read",
    answers: { 200: ended },
    answerHeaders,
    errors: { not_found: "The request belongs to no session." },
  }),
  listSessions: endpoint({
    operationId: "list-sessions",
    tag,
    summary: "List the sessions",
    description: "Who is signed in with a browser, by the ids of the sessions.",
    method: "GET",
    path: "/sessions",
    scope: "admin",
    query: z.object({ ...pageQuery, cursor: sessionId.optional() }),
    answers: { 200: z.object({ sessions: z.array(sessionView), ...pageEnd }) },
  }),
  revokeSession: endpoint({
    operationId: "revoke-session",
    tag,
    summary: "End somebody's session",
    description: "It is over at once, in every process.",
    method: "DELETE",
    path: "/sessions/{id}",
    scope: "admin",
    params: z.object({ id: sessionId }),
    query: z.object({ reason }),
    answers: { 200: ended },
    errors: { not_found: "There is no session of this id." },
  }),
};
