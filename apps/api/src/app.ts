import { randomUUID } from "node:crypto";
import {
  addHealthRoutes,
  addMetricsRoute,
  auditFromConfig,
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
import { joinFamilies, ProcessMetrics, StoreMetrics } from "@hikyaku/operations/metrics";
import { delayPrint } from "@hikyaku/tasks";
import fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from "fastify";
import { serializerCompiler } from "fastify-type-provider-zod";
import { type Broker, type Client, Inspector, type ServerReport } from "hikyaku";
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
  /** `/readyz` and the operations API ask it. */
  readonly broker: Broker;
  /** Names the code that this process runs. Undefined when nobody knows. */
  readonly build: string | undefined;
  /** How the worker server of this process is, for metrics. Absent where it runs none. */
  readonly workerReport?: () => ServerReport | undefined;
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
    // The limit of the headers bounds the address. The schemas say which ids are too long.
    routerOptions: { maxParamLength: 16_384 },
    // While the server stops, a request on an open connection is answered like any other. Then the connection is
    // closed.
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
  const [ofStore, ofProcess] = [new StoreMetrics(broker), new ProcessMetrics(parts.workerReport)];
  addMetricsRoute(app, {
    families: async () => joinFamilies([...(await ofStore.families()), ...ofProcess.families()]),
    permission,
  });
  app.addHook("onClose", async () => ofProcess.close());
  addDemoJobRoutes(app, { client, inspector: new Inspector({ broker }), permission });
  const operations = new Operations({
    broker,
    types: [delayPrint],
    authorize: permission.authorize,
    audit: auditFromConfig(config, broker),
    keys: permission.keys,
    sessions: permission.sessions,
    masking: config.api.masking,
    switchedOff: config.api.operations.switchedOff,
    logger: libraryLogger(logger),
  });
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

/** Before the body is read, so neither its type nor its size matters. Pages are left to the not-found handler. */
function refuseUnknownAddresses(app: FastifyInstance): void {
  app.addHook("onRequest", async (request) => {
    const isPage = request.method === "GET" || request.method === "HEAD";
    // The route for files takes every other address, and no file lies under /api.
    const isNothing = request.is404 ? !isPage : request.routeOptions.url === "/*" && isUnderApi(request);
    if (isNothing) throw notFound(request);
  });
}

function rateLimitProbe(rateLimiter: RateLimiter | undefined): ReadinessProbe {
  return {
    name: "rate_limit_store",
    // While the store is away, requests pass uncounted, so the API server still serves.
    required: false,
    ask: async () => [rateLimiter === undefined ? { code: "rate_limit_off", level: "ok" } : await rateLimiter.check()],
  };
}
