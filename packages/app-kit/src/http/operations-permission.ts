import { createHash, timingSafeEqual } from "node:crypto";
import type { Config } from "@hikyaku/config";
import type { FastifyRequest } from "fastify";
import { hostNameOf, isLoopback } from "./loopback.ts";
import { RequestProblem } from "./request-problem.ts";

/** What proxies add, in lower case: with one in front, a peer on this machine says nothing about who asks. */
const proxyHeaders: ReadonlySet<string> = new Set([
  ...["forwarded", "via", "x-real-ip", "true-client-ip", "x-client-ip", "x-cluster-client-ip", "x-proxyuser-ip"],
  ...["x-remote-ip", "x-remote-addr", "proxy-client-ip", "wl-proxy-client-ip", "cdn-loop", "x-cloud-trace-context"],
  ...["client-ip", "x-forward-for", "x-originating-ip", "x-real-port", "x-host", "x-scheme", "proxy-connection"],
  ...["x-varnish", "surrogate-capability", "max-forwards", "front-end-https"],
]);
const proxyPrefixes = [
  ...["x-forwarded", "x-original-", "cf-", "fly-", "fastly-", "akamai-", "x-akamai-", "x-azure-", "x-arr-"],
  ...["x-envoy-", "x-amzn-", "x-amz-cf-", "x-appengine-", "x-vercel-", "x-nf-", "cloudfront-", "tailscale-"],
  ...["incap-", "x-sucuri-", "do-connecting-", "ali-cdn-"],
];

const howToSet =
  "Set a token in HIKYAKU__API__OPERATIONS__TOKEN, or in a file that HIKYAKU__API__OPERATIONS__TOKEN_FILE names, " +
  "restart, and send it as `Authorization: Bearer <token>`.";
const challenge = { headers: { "WWW-Authenticate": 'Bearer realm="operations"' } };

/** Who may use the operations: whoever has the token, this machine alone, or nobody until a token is set. */
export type OperationsAccess = "token" | "this_machine" | "closed";

/**
 * Decides who may use the operations API, and see what only operators should: each route asks before it reads anything else
 * of a request.
 *
 * With `api.operations.token`: whoever sends it as a bearer token, from wherever. Without it nobody, except in `local` and
 * `develop`, where this machine itself may: the request comes from a loopback address, names one, shows no trace of a
 * proxy, and does not come from another site's page.
 */
export class OperationsPermission {
  readonly access: OperationsAccess;
  readonly #tokenDigest: Buffer | undefined;

  constructor({ appEnv, api }: Pick<Config, "appEnv" | "api">) {
    const { token } = api.operations;
    this.#tokenDigest = token === undefined ? undefined : digestOf(token);
    if (token !== undefined) this.access = "token";
    else this.access = appEnv === "local" || appEnv === "develop" ? "this_machine" : "closed";
  }

  /** Whether this request may read; what others get must hold nothing of hosts, processes, paths, builds and errors. */
  canRead(request: FastifyRequest): boolean {
    return this.#refusal(request) === undefined;
  }

  /** @throws RequestProblem `unauthenticated` or `forbidden`. */
  mayRead(request: FastifyRequest): void {
    const refusal = this.#refusal(request);
    if (refusal !== undefined) throw refusal;
  }

  /**
   * Asks for the same as reading, which no page of another site can fulfil.
   * @throws RequestProblem `unauthenticated` or `forbidden`.
   */
  mayChange(request: FastifyRequest): void {
    this.mayRead(request);
  }

  #refusal(request: FastifyRequest): RequestProblem | undefined {
    if (this.#tokenDigest !== undefined) return withoutToken(request, this.#tokenDigest);
    if (this.access === "closed") {
      const detail = `Operations are closed, since no token is set for them; everything else serves. ${howToSet}`;
      return new RequestProblem("unauthenticated", detail, challenge);
    }
    const why = whyNotThisMachine(request);
    if (why === undefined) return undefined;
    const detail = `Without a token operations answer this machine only, and ${why}. ${howToSet}`;
    return new RequestProblem("forbidden", detail);
  }
}

function withoutToken(request: FastifyRequest, digest: Buffer): RequestProblem | undefined {
  const token = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? "")?.[1];
  // Digests are of one length, so comparing them takes the same time whatever was sent.
  if (token !== undefined && timingSafeEqual(digestOf(token), digest)) return undefined;
  const detail =
    token === undefined
      ? "Operations need a token: send it as `Authorization: Bearer <token>`."
      : "This is not the token of the operations.";
  return new RequestProblem("unauthenticated", detail, challenge);
}

function digestOf(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}

function whyNotThisMachine(request: FastifyRequest): string | undefined {
  if (!isLoopback(request.socket.remoteAddress ?? "")) return "the request comes from another one";
  if (!isLoopback(hostNameOf(request.headers.host))) return "the request's Host names another one";
  if (cameThroughProxy(request)) return "the request came through a proxy";
  if (isOfAnotherSite(request)) return "the request comes from a page of another site";
  return undefined;
}

function cameThroughProxy({ headers, raw }: FastifyRequest): boolean {
  // Plain proxies speak HTTP/1.0, and what asks directly hardly ever does.
  if (raw.httpVersion === "1.0") return true;
  return Object.keys(headers).some((header) => {
    const name = header.replaceAll("_", "-");
    return proxyHeaders.has(name) || proxyPrefixes.some((prefix) => name.startsWith(prefix));
  });
}

/** Browsers say where a request comes from; programs say nothing. */
function isOfAnotherSite({ headers }: FastifyRequest): boolean {
  const { origin, host, "sec-fetch-site": site } = headers;
  if (site !== undefined && site !== "same-origin" && site !== "none") return true;
  if (origin === undefined) return false;
  return !URL.canParse(origin) || host === undefined || new URL(origin).host !== host.toLowerCase();
}
