import type { Endpoint } from "@hikyaku/contract";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { fastifyHead, type Identity } from "../access/request-head.ts";
import type { Operations } from "../operations.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** Who may use this route of the operations: everybody with the scope. `open`: everybody. */
    operationsScope?: Endpoint["scope"];
  }
  interface FastifyRequest {
    /** The caller of operations. Undefined at an open route, and before its `onRequest` hooks. */
    operationsIdentity: Identity | undefined;
  }
}

/**
 * Makes a scope of Fastify closed. Every route that is added from now on must say in its `config` who may use it, or
 * the server does not start. A request of anybody else is refused once its head has come.
 */
export function closeScope(scope: FastifyInstance, operations: Operations): void {
  if (!scope.hasRequestDecorator("operationsIdentity")) scope.decorateRequest("operationsIdentity");
  scope.addHook("onRoute", ({ method, url, config }) => {
    if (config?.operationsScope !== undefined) return;
    throw new Error(
      `route ${String(method)} ${url} says nobody who may use it: set config.operationsScope to a scope, or to "open"`,
    );
  });
  scope.addHook("onRequest", async (request) => {
    if (request.is404) return;
    request.operationsIdentity = await operations.admit(scopeOf(request), fastifyHead(request));
  });
}

/** No route gets here without a scope. If one did, only callers that may do everything could use it. */
function scopeOf(request: FastifyRequest): Endpoint["scope"] {
  return request.routeOptions.config.operationsScope ?? "admin";
}
