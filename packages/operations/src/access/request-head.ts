import type { IncomingHttpHeaders } from "node:http";
import type { Scope } from "@hikyaku/contract";
import type { FastifyRequest } from "fastify";

/** What is known of a request before its body is read. */
export interface RequestHead {
  readonly method: string;
  /** Names in lower case. */
  readonly headers: IncomingHttpHeaders;
  /** Version of HTTP, such as `1.1`; undefined where the mounting can't know it. */
  readonly httpVersion: string | undefined;
  /** The other end of the connection: a proxy, where there is one. Undefined where the mounting can't know it. */
  readonly peerAddress: string | undefined;
  /** Whom the request is from, as trusted proxies tell it; else as `peerAddress`. */
  readonly address: string | undefined;
}

/** Who asks, and what this one may do. */
export interface Identity {
  /** As servers and the history of tasks are told, at most 150 characters. Default: the address that asks. */
  readonly name?: string;
  readonly scopes: readonly Scope[];
}

/**
 * Says who asks, from the head of a request alone.
 * @throws RequestProblem `unauthenticated` or `forbidden` for who may do nothing at all.
 */
export type Authorize = (head: RequestHead) => Identity | Promise<Identity>;

/** The head of a request to a Fastify server. */
export function fastifyHead({ method, headers, raw, socket, ip }: FastifyRequest): RequestHead {
  const { httpVersion } = raw;
  return { method, headers, httpVersion, peerAddress: socket.remoteAddress, address: ip };
}
