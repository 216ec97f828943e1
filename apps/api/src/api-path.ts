import { OPERATIONS_PATH } from "@hikyaku/contract";
import type { FastifyRequest } from "fastify";

/** Whether the address lies under `/api`, as it was routed or as it was written. */
export function isUnderApi(request: FastifyRequest): boolean {
  return isUnder(request, "/api");
}

/** Whether the address is one of the operations', as it was routed or as it was written. */
export function isUnderOperations(request: FastifyRequest): boolean {
  return isUnder(request, OPERATIONS_PATH);
}

/** Whether the address is this one or lies under it, as it was routed or as it was written. */
export function isUnder(request: FastifyRequest, address: string): boolean {
  const written = unescaped(request.raw.url?.split(/[?#]/, 1)[0] ?? "");
  return [request.routeOptions.url, written].some((path) => path === address || path?.startsWith(`${address}/`));
}

/** Routers unescape before they look, so `/%61pi` is `/api`. */
function unescaped(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
