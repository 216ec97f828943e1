import { createHash, timingSafeEqual } from "node:crypto";
import type { Config } from "@hikyaku/config";
import type { FastifyRequest } from "fastify";
import { RequestProblem } from "./request-problem.ts";

/** What a proxy adds: with one in front, a peer on this machine says nothing about who asks. */
const proxyHeaders = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via"] as const;

/**
 * Decides who may use the operations API until there is a sign-in. Each of its routes asks before it reads anything else of a request.
 *
 * With `api.operations.token`: whoever sends it as a bearer token. Without: only this machine itself, so only while the API
 * server listens on a loopback address, and the request comes from there and names it; a page of another site that a
 * browser on this machine shows can do neither that (its name differs) nor write (its origin does).
 */
export class OperationsPermission {
  readonly #tokenDigest: Buffer | undefined;
  readonly #listensOnLoopback: boolean;

  constructor({ server, api }: Pick<Config, "server" | "api">) {
    const { token } = api.operations;
    this.#tokenDigest = token === undefined ? undefined : digestOf(token);
    this.#listensOnLoopback = isLoopback(server.host);
  }

  /** @throws RequestProblem 401 or 403. */
  mayRead(request: FastifyRequest): void {
    if (this.#tokenDigest === undefined) this.#mustBeThisMachine(request);
    else mustHaveToken(request, this.#tokenDigest);
  }

  /** @throws RequestProblem 401 or 403. */
  mayChange(request: FastifyRequest): void {
    this.mayRead(request);
    const site = request.headers["sec-fetch-site"];
    if (isOfAnotherSite(request) || (site !== undefined && site !== "same-origin" && site !== "none")) {
      throw new RequestProblem(
        403,
        "The request comes from a page of another site; operations are for this site's own.",
      );
    }
  }

  #mustBeThisMachine(request: FastifyRequest): void {
    const how =
      "Set a token for the operations API in HIKYAKU__API__OPERATIONS__TOKEN, or in a file that " +
      "HIKYAKU__API__OPERATIONS__TOKEN_FILE names, restart, and send it as `Authorization: Bearer <token>`.";
    const refuse = (why: string): never => {
      throw new RequestProblem(403, `Without a token the operations API answers this machine only, and ${why}. ${how}`);
    };
    if (!this.#listensOnLoopback) refuse("the API server listens on an address that others may reach");
    if (!isLoopback(request.socket.remoteAddress ?? "")) refuse("the request comes from another one");
    if (!isLoopback(hostOf(request.headers.host))) refuse("the request's Host names another one");
    if (proxyHeaders.some((name) => request.headers[name] !== undefined)) refuse("the request came through a proxy");
  }
}

function mustHaveToken(request: FastifyRequest, digest: Buffer): void {
  const token = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? "")?.[1];
  // Digests are of one length, so comparing them takes the same time whatever was sent.
  if (token !== undefined && timingSafeEqual(digestOf(token), digest)) return;
  const detail =
    token === undefined
      ? "The operations API needs a token: send it as `Authorization: Bearer <token>`."
      : "This is not the token of the operations API.";
  throw new RequestProblem(401, detail, { headers: { "WWW-Authenticate": 'Bearer realm="operations"' } });
}

function digestOf(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}

/** Browsers send the origin with everything that writes; programs send none. */
function isOfAnotherSite({ headers }: FastifyRequest): boolean {
  const { origin, host } = headers;
  if (origin === undefined) return false;
  return !URL.canParse(origin) || host === undefined || new URL(origin).host !== host.toLowerCase();
}

/** The name in a Host header, without its port. */
function hostOf(header: string | undefined): string {
  return (header ?? "").replace(/:\d+$/, "");
}

function isLoopback(host: string): boolean {
  const name = host
    .toLowerCase()
    .replace(/^\[(.*)\]$/, "$1")
    .replace(/^::ffff:/, "");
  return name === "localhost" || name === "::1" || /^127(\.\d{1,3}){3}$/.test(name);
}
