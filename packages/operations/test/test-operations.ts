import { endpoint, PAYLOAD_BODY_BYTES } from "@hikyaku/contract";
import { type Broker, silentLogger } from "hikyaku";
import * as z from "zod";
import { operationsRoutes } from "../src/handlers/index.ts";
import type { Authorize, StreamLimits } from "../src/index.ts";
import { type HandlersOf, Operations, type OperationsContext, type Route, routesOf } from "../src/index.ts";
import { RequestProblem } from "../src/problems/index.ts";

/** What a stream of the test has been asked for and has come to. */
export class TestStream {
  pulled = 0;
  readonly ended = Promise.withResolvers<void>();

  /** Lines of 16 KiB without end; the first is small. */
  async *lines(signal: AbortSignal): AsyncGenerator<string> {
    try {
      yield '{"line":0}\n';
      while (!signal.aborted) {
        await new Promise((resolve) => setImmediate(resolve));
        yield `{"line":${++this.pulled},"filler":"${"x".repeat(16_384)}"}\n`;
      }
    } finally {
      this.ended.resolve();
    }
  }
}

const tag = "test";
const words = { tag, summary: "For tests", description: "For tests." };

const testEndpoints = {
  count: endpoint({
    ...words,
    operationId: "count",
    method: "GET",
    path: "/count",
    scope: "read",
    streams: "application/x-ndjson",
    answers: { 200: z.object({ line: z.int() }) },
  }),
  pour: endpoint({
    ...words,
    operationId: "pour",
    method: "GET",
    path: "/pour",
    scope: "read",
    deadlineSeconds: 0.2,
    streams: "application/x-ndjson",
    answers: { 200: z.object({ line: z.int(), filler: z.string().optional() }) },
  }),
  echoPayload: endpoint({
    ...words,
    operationId: "echo-payload",
    method: "POST",
    path: "/echo/{name}",
    scope: "enqueue",
    params: z.object({ name: z.string().max(40) }),
    query: z.object({ times: z.coerce.number().int().max(9).default(1), tag: z.array(z.string()).optional() }),
    headers: z.object({ "x-echo": z.string().max(9).optional() }),
    body: z.strictObject({ payload: z.string() }),
    bodyBytes: PAYLOAD_BODY_BYTES,
    answerHeaders: { "X-Echoed": "What `X-Echo` said." },
    answers: { 201: z.object({ name: z.string(), times: z.int(), tags: z.array(z.string()), length: z.int() }) },
  }),
  hang: endpoint({
    ...words,
    operationId: "hang",
    method: "GET",
    path: "/hang",
    scope: "read",
    deadlineSeconds: 0.2,
    answers: { 200: z.object({}) },
  }),
  hangLong: endpoint({
    ...words,
    operationId: "hang-long",
    method: "GET",
    path: "/hang-long",
    scope: "read",
    deadlineSeconds: 60,
    answers: { 200: z.object({}) },
  }),
  openDoor: endpoint({
    ...words,
    operationId: "open-door",
    method: "GET",
    path: "/door",
    scope: "open",
    answers: { 200: z.object({ who: z.string() }) },
  }),
  leak: endpoint({
    ...words,
    operationId: "leak",
    method: "GET",
    path: "/leak",
    scope: "read",
    answers: { 200: z.object({ shown: z.string() }) },
  }),
  overstep: endpoint({
    ...words,
    operationId: "overstep",
    method: "GET",
    path: "/overstep",
    scope: "read",
    answers: { 200: z.object({}) },
  }),
  stale: endpoint({
    ...words,
    operationId: "stale",
    method: "GET",
    path: "/stale",
    scope: "read",
    answers: { 200: z.object({}) },
  }),
  burst: endpoint({
    ...words,
    operationId: "burst",
    method: "GET",
    path: "/burst",
    scope: "read",
    answers: { 200: z.object({}) },
  }),
};

export interface TestOperations {
  readonly operations: Operations;
  /** The context of the call to `/hang` or `/hang-long` that is under way. */
  readonly hanging: Promise<OperationsContext>;
  /** What the last call to `/pour` streams. */
  readonly poured: () => TestStream;
}

/** Operations with the contract's endpoints and some that only tests need. `Bearer read,operate` holds these scopes. */
export function testOperations(
  broker: Broker,
  authorize: Authorize = byToken,
  streams: StreamLimits = {},
): TestOperations {
  let pour = new TestStream();
  const { promise: hanging, resolve } = Promise.withResolvers<OperationsContext>();
  const hang = (context: OperationsContext): Promise<never> => {
    resolve(context);
    return new Promise(() => undefined);
  };
  const handlers = {
    count: async () => ({ status: 200, body: counted() }),
    pour: async ({ signal }) => {
      pour = new TestStream();
      return { status: 200, body: pour.lines(signal) };
    },
    echoPayload: async (_context, { params, query, headers, body }) => ({
      status: 201,
      headers: { "X-Echoed": headers["x-echo"] },
      body: { name: params.name, times: query.times, tags: query.tag ?? [], length: body.payload.length },
    }),
    hang,
    hangLong: hang,
    openDoor: async ({ who }) => ({ status: 200, body: { who } }),
    leak: async () => {
      const body = { shown: "yes\u001b[31m", secret: "no" };
      return { status: 200, body };
    },
    // What no type would let through.
    overstep: async () => ({ status: 200, body: {}, headers: { "X-Unnamed": "no" } as never }),
    stale: () => {
      throw new RequestProblem("wrong_state", "It runs.", { members: { state: "active", status: 200 } });
    },
    burst: () => Promise.reject(new Error("secret of the server")),
  } satisfies HandlersOf<typeof testEndpoints>;
  const routes: readonly Route[] = [...operationsRoutes, ...routesOf(testEndpoints, handlers)];
  return {
    operations: new Operations({ broker, authorize, routes, streams, logger: silentLogger }),
    hanging,
    poured: () => pour,
  };
}

async function* counted(): AsyncGenerator<string> {
  for (let line = 1; line <= 3; line++) yield `{"line":${line},"said":"\u009b"}\n`;
}

/** The token lists the scopes itself. */
export const byToken: Authorize = ({ headers }) => {
  const [, token] = /^Bearer (.+)$/.exec(headers.authorization ?? "") ?? [];
  if (token === undefined) throw new RequestProblem("unauthenticated", "Send a token.");
  const scopes = z.array(z.enum(["read", "enqueue", "operate", "admin", "none"])).parse(token.split(","));
  return { name: "key test", scopes: scopes.filter((scope) => scope !== "none"), byBearerToken: true };
};
