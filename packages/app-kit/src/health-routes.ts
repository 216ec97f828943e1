import { READINESS_PATH } from "@hikyaku/contract";
import type { FastifyInstance } from "fastify";
import type { OperationsPermission } from "./http/operations-permission.ts";
import { askReadiness, type ReadinessProbe, withoutFindings } from "./readiness.ts";

/** Where a process says that it lives. */
export const HEALTH_PATH = "/health";

export interface HealthRoutesParts {
  readonly probes: readonly ReadinessProbe[];
  /** Decides who may see the findings: hosts, paths, addresses and builds. Everybody else gets levels only. */
  readonly permission: Pick<OperationsPermission, "canRead">;
}

/** Adds `GET /health` and `GET /readyz`. Neither may be cached. Both answer within a second, whatever hangs. */
export function addHealthRoutes(app: FastifyInstance, { probes, permission }: HealthRoutesParts): void {
  const schema = { hide: true };
  const ask = oneAtATime(() => askReadiness(probes));
  app.get(HEALTH_PATH, { schema, logLevel: "warn" }, (_request, reply) =>
    reply.header("Cache-Control", "no-store").type("text/plain; charset=utf-8").send("OK"),
  );
  app.get(READINESS_PATH, { schema, logLevel: "warn" }, async (request, reply) => {
    const readiness = await ask();
    return reply
      .code(readiness.status === "ready" ? 200 : 503)
      .header("Cache-Control", "no-store")
      .send((await permission.canRead(request)) ? readiness : withoutFindings(readiness));
  });
}

/**
 * Requests that come while an answer is on its way share that answer. So many requests cost the stores no more than
 * one.
 */
function oneAtATime<Answer>(ask: () => Promise<Answer>): () => Promise<Answer> {
  let underWay: Promise<Answer> | undefined;
  return () => {
    underWay ??= ask().finally(() => {
      underWay = undefined;
    });
    return underWay;
  };
}
