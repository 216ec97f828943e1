import type { FastifyRequest } from "fastify";

/** Whether the address lies under `/api`, as it was routed or as it was written. */
export function isUnderApi(request: FastifyRequest): boolean {
  const written = request.raw.url?.split(/[?#]/, 1)[0] ?? "";
  return [request.routeOptions.url, written].some((path) => path === "/api" || path?.startsWith("/api/"));
}
