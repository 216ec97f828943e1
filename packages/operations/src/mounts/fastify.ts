import type { Endpoint } from "@hikyaku/contract";
import type { FastifyInstance, FastifyReply, FastifyRequest, FastifySchema } from "fastify";
import { fastifyHead } from "../access/request-head.ts";
import type { HttpAnswer, Operations } from "../operations.ts";
import { parseJsonBody } from "../problems/json-body.ts";
import { allowOf, otherMethod } from "../problems/other-method.ts";
import { queryOf } from "../query.ts";
import type { Route } from "../route.ts";
import { colonPath } from "../route-finder.ts";
import { closeScope } from "./closed-scope.ts";
import { goneSignal } from "./gone-signal.ts";
import { nodeStream } from "./node-stream.ts";
import { requestIdOf } from "./request-id.ts";
import { nothingAt } from "./serve.ts";

declare module "fastify" {
  interface FastifySchema {
    /** Keeps a route out of the OpenAPI document; `@fastify/swagger` says the same, where it is there. */
    hide?: boolean;
  }
}

export interface OperationsPluginOptions {
  readonly operations: Operations;
  /** What the app's own OpenAPI document says of an endpoint. Default: the document leaves it out. */
  readonly describe?: (endpoint: Endpoint) => FastifySchema;
}

/**
 * Serves the operations in a Fastify app: `app.register(operationsPlugin, { prefix: "/queue", operations })`.
 * Everything below the prefix belongs to it: an address without an endpoint is answered with 404 or 405, errors with
 * problem details.
 */
export async function operationsPlugin(app: FastifyInstance, options: OperationsPluginOptions): Promise<void> {
  const { operations, describe } = options;
  closeScope(app, operations);
  app.addHook("preClose", async () => operations.endStreams());
  app.addHook("onClose", () => operations.close());
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "buffer" }, async (request: FastifyRequest, body: Buffer) =>
    parseJsonBody(request.headers, body),
  );
  app.setErrorHandler((error, request, reply) => send(reply, operations.refuse(error, requestIdOf(request.id))));
  app.setNotFoundHandler((request) => {
    throw nothingAt((request.raw.url ?? "").split("?", 1)[0] ?? "");
  });
  for (const route of operations.routes) addRoute(app, operations, route, describe);
  for (const path of new Set(operations.routes.map(({ endpoint }) => endpoint.path))) refuseOtherMethods(app, path);
}

function addRoute(
  app: FastifyInstance,
  operations: Operations,
  route: Route,
  describe: OperationsPluginOptions["describe"],
): void {
  const { method, path, scope, bodyBytes } = route.endpoint;
  app.route({
    method,
    url: colonPath(path),
    bodyLimit: bodyBytes,
    config: { operationsScope: scope },
    schema: describe?.(route.endpoint) ?? { hide: true },
    // The schema is for the document only. The route itself checks requests and answers.
    validatorCompiler: () => (value) => ({ value }),
    handler: async (request, reply) => {
      const signal = goneSignal(reply.raw);
      const { operationsIdentity: identity, params, raw } = request;
      const answer = await operations.answer({
        route,
        identity,
        params,
        signal,
        head: fastifyHead(request),
        requestId: requestIdOf(request.id),
        query: queryOf(raw.url ?? ""),
        // To schemas, a missing body is null, because an error can show null.
        body: request.body ?? null,
      });
      return send(reply, answer);
    },
  });
}

function refuseOtherMethods(app: FastifyInstance, path: string): void {
  const url = colonPath(path);
  const full = `${app.prefix}${url}`;
  const methods = app.supportedMethods.filter((method) => app.hasRoute({ url: full, method }));
  const allow = allowOf(methods);
  const open = { schema: { hide: true }, config: { operationsScope: "open" } } as const;
  app.route({
    url,
    ...open,
    method: app.supportedMethods.filter((one) => !methods.includes(one) && one !== "OPTIONS"),
    // Refused before the body is read, so the body's type does not matter.
    onRequest: async (request) => {
      throw otherMethod(request.method, allow);
    },
    handler: () => undefined,
  });
  app.options(url, open, (_request, reply) => reply.code(204).header("Allow", allow).send());
}

function send(reply: FastifyReply, { status, headers, text, stream }: HttpAnswer): FastifyReply {
  if (stream !== undefined) return reply.code(status).headers(headers).send(nodeStream(stream, reply.raw));
  // A serializer of the route would write the text as JSON once more.
  return reply
    .code(status)
    .headers(headers)
    .serializer((payload) => String(payload))
    .send(text);
}
