import { permits } from "@hikyaku/contract";
import { fastifyHead } from "@hikyaku/operations/access";
import { EXPOSITION_TYPES, exposition, formatFor, type MetricFamily } from "@hikyaku/operations/metrics";
import { RequestProblem } from "@hikyaku/operations/problems";
import type { FastifyInstance } from "fastify";
import type { OperationsPermission } from "./http/operations-permission.ts";

/** Where Prometheus scrapes. */
export const METRICS_PATH = "/metrics";

export interface MetricsRouteParts {
  /** Asked for each scrape. Must not take longer than a second. */
  readonly families: () => Promise<readonly MetricFamily[]>;
  /** Decides who may scrape: whoever may read, and of all queues. */
  readonly permission: Pick<OperationsPermission, "authorize">;
}

/**
 * Adds `GET /metrics`, in Prometheus' text format, or OpenMetrics where the scraper asks for it. It names queues and types,
 * so only who may read all of them gets it.
 */
export function addMetricsRoute(app: FastifyInstance, { families, permission }: MetricsRouteParts): void {
  app.get(METRICS_PATH, { schema: { hide: true }, logLevel: "warn" }, async (request, reply) => {
    const { scopes, queues } = await permission.authorize(fastifyHead(request));
    if (!permits(scopes, "read")) throw new RequestProblem("forbidden", "Metrics are for who may read.");
    if (queues !== undefined) throw new RequestProblem("forbidden", "Metrics are for who may read all queues.");
    const format = formatFor(request.headers.accept);
    return reply
      .header("Cache-Control", "no-store")
      .header("Vary", "Accept")
      .type(EXPOSITION_TYPES[format])
      .send(exposition(await families(), format));
  });
}
