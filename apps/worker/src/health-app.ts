import { addHealthRoutes, storeProbe, workersProbe } from "@hikyaku/app-kit";
import { PROBLEM_CONTENT_TYPE, type Problem } from "@hikyaku/contract";
import fastify, { type FastifyBaseLogger, LogController } from "fastify";
import type { Broker, Server } from "hikyaku";

/** The worker server's own small HTTP server: `/health` and `/readyz`. */
export function buildHealthApp(parts: { broker: Broker; server: Server; logger: FastifyBaseLogger }) {
  const { broker, server, logger } = parts;
  const app = fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    requestTimeout: 10_000,
  });
  app.setNotFoundHandler((request, reply) => {
    const path = request.raw.url?.slice(0, 200) ?? "";
    const problem: Problem = {
      type: "about:blank",
      title: "Not Found",
      status: 404,
      detail: `There is nothing at ${path}; the worker server has /health and /readyz only.`,
    };
    return reply.code(404).type(PROBLEM_CONTENT_TYPE).send(JSON.stringify(problem));
  });
  addHealthRoutes(app, [storeProbe(broker), serverProbe(server), workersProbe(broker)]);
  return app;
}

/** Whether this process takes tasks. */
function serverProbe(server: Server) {
  const name = "worker server";
  return {
    name,
    required: true,
    ask: async () => {
      const { state, running, concurrency } = server.status();
      const status = state === "active" ? ("ok" as const) : ("failing" as const);
      return { name, status, detail: `${state}, running ${running} of at most ${concurrency}` };
    },
  };
}
