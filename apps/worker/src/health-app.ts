import { randomUUID } from "node:crypto";
import {
  addHealthRoutes,
  answerBrokenRequest,
  type ReadinessProbe,
  RequestProblem,
  sendError,
  storeProbe,
  workersProbe,
} from "@hikyaku/app-kit";
import fastify, { type FastifyBaseLogger, LogController } from "fastify";
import type { Broker, Server, ServerReport } from "hikyaku";

/** The worker server's own small HTTP server: `/health` and `/readyz`. `probe` tells whether it takes tasks. */
export function buildHealthApp(parts: { broker: Broker; probe: ReadinessProbe; logger: FastifyBaseLogger }) {
  const { broker, probe, logger } = parts;
  const app = fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomUUID(),
    requestTimeout: 10_000,
    clientErrorHandler: answerBrokenRequest,
    frameworkErrors: (error, request, reply) => void sendError(error, request, reply),
  });
  app.setErrorHandler((error, request, reply) => sendError(error, request, reply));
  app.setNotFoundHandler((request) => {
    const path = request.raw.url?.slice(0, 200) ?? "";
    throw new RequestProblem(
      "not_found",
      `There is nothing at ${path}; the worker server has /health and /readyz only.`,
    );
  });
  addHealthRoutes(app, [storeProbe(broker), probe, workersProbe(broker)]);
  return app;
}

/** Whether the worker server of this process takes tasks. */
export function serverProbe(server: Server): ReadinessProbe {
  const name = "worker server";
  return {
    name,
    required: true,
    ask: async () => {
      const { state, running, concurrency, order } = server.status();
      const status = state === "active" ? ("ok" as const) : ("failing" as const);
      return { name, status, detail: `${state}, running ${running} of at most ${concurrency}${told(order)}` };
    },
  };
}

/** What somebody told the server to do from elsewhere, and who. */
function told(order: ServerReport["order"]): string {
  if (order === undefined) return "";
  const words = { quiet: "told to go quiet", stop: "told to stop", evict: "evicted" } as const;
  const who = order.by === undefined ? "" : ` by ${order.by.who ?? `${order.by.host} pid ${order.by.pid}`}`;
  return `; ${words[order.kind]}${who}${order.reason === undefined ? "" : `: ${order.reason}`}`;
}
