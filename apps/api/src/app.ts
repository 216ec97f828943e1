import { randomUUID } from "node:crypto";
import {
  addHealthRoutes,
  boundedServer,
  libraryLogger,
  type OperationsPermission,
  type ReadinessProbe,
  sendError,
  showInAnswers,
  storeProbe,
  workersProbe,
} from "@hikyaku/app-kit";
import type { Config } from "@hikyaku/config";
import { BODY_BYTES, OPERATIONS_PATH } from "@hikyaku/contract";
import { Operations, operationsPlugin } from "@hikyaku/operations";
import fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from "fastify";
import { serializerCompiler } from "fastify-type-provider-zod";
import { type Broker, type Client, Inspector } from "hikyaku";
import { isUnderApi } from "./api-path.ts";
import { describeEndpoint } from "./describe-endpoint.ts";
import { refuseForeignHosts } from "./foreign-host.ts";
import { acceptOnlyJson } from "./json-body.ts";
import { answerOtherMethods } from "./method-not-allowed.ts";
import { describeApi } from "./openapi.ts";
import { allowOrigins } from "./other-origins.ts";
import { limitOperations, limitPages } from "./rate-limit/minute-limits.ts";
import { addRateLimitHeaders, countRequests, refuseOverLimit } from "./rate-limit/rate-limit-hooks.ts";
import type { RateLimiter } from "./rate-limit/rate-limiter.ts";
import { requestValidator } from "./request-validation.ts";
import { addDemoJobRoutes, DEMO_QUEUES } from "./routes/demo-jobs.ts";
import { addSecurityHeaders, setSecurityHeaders } from "./security-headers.ts";
import { shownAddress } from "./shown-address.ts";
import { notFound, sendNotFound, serveWebPages } from "./web-pages.ts";

export interface AppParts {
  readonly config: Pick<Config, "appEnv" | "server" | "cors" | "api">;
  readonly permission: OperationsPermission;
  readonly client: Pick<Client, "enqueue">;
  /** Asked for `/readyz` and by the operations API. */
  readonly broker: Broker;
  /** Names the code that this process runs; undefined where nobody knows. */
  readonly build: string | undefined;
  /** Undefined: no limits, and no headers about them. Closed with the app. */
  readonly rateLimiter: RateLimiter | undefined;
  readonly logger: FastifyBaseLogger;
  /** The folder of the built web application. It may be missing; a page then says how to build it. */
  readonly webRoot: string;
}

/** Builds the API server, ready to listen. */
export async function buildApp(parts: AppParts) {
  const { config, permission, client, broker, build, rateLimiter, logger, webRoot } = parts;
  const app: FastifyInstance = fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomUUID(),
    trustProxy: trustProxyOf(config),
    bodyLimit: BODY_BYTES,
    // The headers' limit bounds the address; what is too long for an id its schema says.
    routerOptions: { maxParamLength: 16_384 },
    // A request that comes on an open connection while the server stops is answered like any other, then hung up on.
    return503OnClosing: false,
    ...boundedServer(config.server, logger),
    frameworkErrors: (error, request, reply) => {
      setSecurityHeaders(reply);
      reply.header("X-Request-Id", request.id);
      const headers = rateLimiter === undefined ? undefined : addRateLimitHeaders(rateLimiter, request, reply);
      void Promise.resolve(headers).then(() => sendError(error, request, reply));
    },
  });
  app.setValidatorCompiler(requestValidator);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler((error, request, reply) => sendError(error, request, reply));
  app.setNotFoundHandler((request, reply) => sendNotFound(request, reply, webRoot));
  acceptOnlyJson(app);
  const answerWhatIsLeft = answerOtherMethods(app);

  addSecurityHeaders(app);
  showInAnswers(app);
  logAnswers(app);
  if (rateLimiter !== undefined) {
    countRequests(app, rateLimiter);
    app.addHook("onClose", () => rateLimiter.close());
  }
  await allowOrigins(app, config.cors);
  if (rateLimiter !== undefined) refuseOverLimit(app);
  const { enabled, pageRequestsPerMinute, operationsRequestsPerMinute } = config.api.rateLimit;
  if (enabled) {
    limitPages(app, pageRequestsPerMinute);
    limitOperations(app, operationsRequestsPerMinute);
  }
  refuseForeignHosts(app, config);
  refuseUnknownAddresses(app);

  await describeApi(app);
  addHealthRoutes(app, {
    probes: [storeProbe(broker, DEMO_QUEUES), rateLimitProbe(rateLimiter), workersProbe(broker, build)],
    permission,
  });
  addDemoJobRoutes(app, { client, inspector: new Inspector({ broker }), permission });
  const operations = new Operations({ broker, authorize: permission.authorize, logger: libraryLogger(logger) });
  await app.register(operationsPlugin, { prefix: OPERATIONS_PATH, operations, describe: describeEndpoint });
  await serveWebPages(app, webRoot);
  answerWhatIsLeft();
  return app;
}

function trustProxyOf({ server }: AppParts["config"]): boolean | string[] {
  return typeof server.trustProxy === "boolean" ? server.trustProxy : [...server.trustProxy];
}

function logAnswers(app: FastifyInstance): void {
  app.addHook("onRequest", async (request, reply) => {
    reply.header("X-Request-Id", request.id);
  });
  app.addHook("onResponse", async (request, reply) => {
    const ms = Math.round(reply.elapsedTime);
    const url = shownAddress(request.raw.url);
    request.log.info({ method: request.method, url, status: reply.statusCode, ms }, "answered");
  });
}

/** Before the body is read, so that neither its kind nor its size matters; pages are left to the not-found handler. */
function refuseUnknownAddresses(app: FastifyInstance): void {
  app.addHook("onRequest", async (request) => {
    const isPage = request.method === "GET" || request.method === "HEAD";
    // What looks for files takes every other address, and none of them lies under /api.
    const isNothing = request.is404 ? !isPage : request.routeOptions.url === "/*" && isUnderApi(request);
    if (isNothing) throw notFound(request);
  });
}

function rateLimitProbe(rateLimiter: RateLimiter | undefined): ReadinessProbe {
  return {
    name: "rate_limit_store",
    // Requests pass uncounted while it is away, so the API server serves all the same.
    required: false,
    ask: async () => [rateLimiter === undefined ? { code: "rate_limit_off", level: "ok" } : await rateLimiter.check()],
  };
}
