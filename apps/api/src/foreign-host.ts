import { hostname } from "node:os";
import type { Config } from "@hikyaku/config";
import { hostNameOf, isLoopback } from "@hikyaku/operations/access";
import { RequestProblem } from "@hikyaku/operations/problems";
import type { FastifyInstance } from "fastify";
import { isUnderApi } from "./api-path.ts";

/**
 * Answers 421 to requests under `/api` whose `Host` is not one of ours. So no page whose name was pointed to this
 * machine can act as if it were ours.
 *
 * Ours are the names of `server.allowed_hosts` and the loopback ones. When that list is empty, other names are refused
 * only in `local` and `develop`, and only to callers on this machine: elsewhere nobody could know which names are
 * right.
 */
export function refuseForeignHosts(app: FastifyInstance, { appEnv, server }: Pick<Config, "appEnv" | "server">): void {
  const allowed = new Set(server.allowedHosts.map((host) => host.toLowerCase()));
  const isDevelopment = appEnv === "local" || appEnv === "develop";
  const own = hostname().toLowerCase();
  const isForeign = (name: string, peer: string): boolean => {
    if (isLoopback(name) || allowed.has(name)) return false;
    if (allowed.size > 0) return true;
    // Browsers always name a host, and no page can have the bare name of this machine.
    return isDevelopment && isLoopback(peer) && name !== "" && name !== own;
  };
  app.addHook("onRequest", async (request) => {
    if (!isUnderApi(request)) return;
    const name = hostNameOf(request.headers.host);
    if (!isForeign(name, request.socket.remoteAddress ?? "")) return;
    const detail =
      "The request's Host is no name of this API server. Where it is right, " +
      "list it in server.allowed_hosts or HIKYAKU__SERVER__ALLOWED_HOSTS, and restart.";
    throw new RequestProblem("wrong_host", detail);
  });
}
