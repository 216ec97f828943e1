import { randomUUID } from "node:crypto";
import {
  addHealthRoutes,
  addMetricsRoute,
  boundedServer,
  type MetricsRouteParts,
  type OperationsPermission,
  type ReadinessProbe,
  sendError,
  showInAnswers,
  storeProbe,
  workersProbe,
} from "@hikyaku/app-kit";
import { RequestProblem } from "@hikyaku/operations/problems";
import fastify, { type FastifyBaseLogger, LogController } from "fastify";
import type { Broker, Server, ServerReport } from "hikyaku";

export interface HealthAppParts {
  readonly broker: Broker;
  /** The queues that the worker works on. */
  readonly queues: readonly string[];
  /** Tells whether it takes tasks. */
  readonly probe: ReadinessProbe;
  readonly logger: FastifyBaseLogger;
  /** Decides who may see more of `/readyz` than levels, and who may scrape. */
  readonly permission: Pick<OperationsPermission, "canRead" | "authorize">;
  /** What `/metrics` tells. */
  readonly metrics: MetricsRouteParts["families"];
}

/** The worker server's own small HTTP server: `/health`, `/readyz` and `/metrics`. */
export function buildHealthApp({ broker, queues, probe, logger, permission, metrics }: HealthAppParts) {
  const app = fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomUUID(),
    ...boundedServer({ maxConnections: 100, maxConnectionsPerAddress: 50, requestTimeoutMs: 10_000 }, logger),
    frameworkErrors: (error, request, reply) => void sendError(error, request, reply),
  });
  showInAnswers(app);
  app.setErrorHandler((error, request, reply) => sendError(error, request, reply));
  app.setNotFoundHandler((request) => {
    const path = request.raw.url?.slice(0, 200) ?? "";
    throw new RequestProblem(
      "not_found",
      `There is nothing at ${path}; the worker server has /health, /readyz and /metrics only.`,
    );
  });
  addHealthRoutes(app, { probes: [storeProbe(broker, queues), probe, workersProbe(broker)], permission });
  addMetricsRoute(app, { families: metrics, permission });
  return app;
}

/** Whether the worker server of this process takes tasks. */
export function serverProbe(server: Server): ReadinessProbe {
  return {
    name: "worker_server",
    required: true,
    ask: async () => {
      const { state, running, concurrency, order } = server.status();
      const level = state === "active" ? "ok" : "error";
      return [{ code: "worker_server", level, state, running, concurrency, order: toldOf(order) }];
    },
  };
}

/** The order from elsewhere that the server got, and from whom. */
function toldOf(order: ServerReport["order"]) {
  if (order === undefined) return null;
  const { kind, by, reason = null } = order;
  return { kind, by: by === undefined ? null : { host: by.host, pid: by.pid, who: by.who ?? null }, reason };
}
