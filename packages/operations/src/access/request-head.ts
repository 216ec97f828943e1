import type { IncomingHttpHeaders } from "node:http";
import type { Scope } from "@hikyaku/contract";
import type { FastifyRequest } from "fastify";

/** What is known of a request before its body is read. */
export interface RequestHead {
  readonly method: string;
  /** Names in lower case. */
  readonly headers: IncomingHttpHeaders;
  /** Version of HTTP, such as `1.1`. Undefined when the mounting can't know it. */
  readonly httpVersion: string | undefined;
  /** The other end of the connection: the proxy, if there is one. Undefined when the mounting can't know it. */
  readonly peerAddress: string | undefined;
  /** The client's address as trusted proxies tell it, otherwise `peerAddress`. */
  readonly address: string | undefined;
}

/** The caller, and what it may do. */
export interface Identity {
  /** The name that servers and the history of tasks get, at most 150 characters. Default: the caller's address. */
  readonly name?: string;
  readonly scopes: readonly Scope[];
  /**
   * The queues that it is for, each whole or the beginning of names with a `*` at its end. Undefined: all. Empty: none.
   */
  readonly queues?: readonly string[];
  /** The key of the store that it showed, by its id. */
  readonly keyId?: string;
  /**
   * It was shown as a bearer token, which no page of another site can make a browser send along: such a page may change
   * something with it. Default: false.
   */
  readonly byBearerToken?: boolean;
  /** The session that the request belongs to, by its id. */
  readonly session?: string;
  /** Fires when the credential holds no longer. Answers in parts that are under way end then. Default: never. */
  readonly ends?: AbortSignal;
}

/**
 * Tells the caller from the head of a request alone.
 * @throws RequestProblem `unauthenticated` or `forbidden` for a caller that may do nothing at all.
 */
export type Authorize = (head: RequestHead) => Identity | Promise<Identity>;

/** The head of a request to a Fastify server. */
export function fastifyHead({ method, headers, raw, socket, ip }: FastifyRequest): RequestHead {
  const { httpVersion } = raw;
  return { method, headers, httpVersion, peerAddress: socket.remoteAddress, address: ip };
}
