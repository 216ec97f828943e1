import { OPERATIONS_PATH } from "@hikyaku/contract";
import type { FastifyRequest } from "fastify";

/** Whether the address lies under `/api`, as it was routed or as it was written. */
export function isUnderApi(request: FastifyRequest): boolean {
  return isUnder(request, "/api");
}

/** Whether the address belongs to the operations, as it was routed or as it was written. */
export function isUnderOperations(request: FastifyRequest): boolean {
  return isUnder(request, OPERATIONS_PATH);
}

/** Whether the address is this one or lies under it, as it was routed or as it was written. */
export function isUnder(request: FastifyRequest, address: string): boolean {
  const { routed, written } = pathsOf(request);
  return lies(routed, address) || lies(written, address);
}

interface Paths {
  readonly routed: string | undefined;
  readonly written: string;
}

/** Half a dozen hooks ask for each request, and Fastify makes `routeOptions` anew each time. */
const known = new WeakMap<FastifyRequest, Paths>();

function pathsOf(request: FastifyRequest): Paths {
  const before = known.get(request);
  if (before !== undefined) return before;
  const written = unescaped(request.raw.url?.split(/[?#]/, 1)[0] ?? "");
  const paths = { routed: request.routeOptions.url, written };
  known.set(request, paths);
  return paths;
}

function lies(path: string | undefined, address: string): boolean {
  return path?.startsWith(address) === true && (path.length === address.length || path[address.length] === "/");
}

/** Routers unescape before they look, so `/%61pi` is `/api`. */
function unescaped(path: string): string {
  if (!path.includes("%")) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
