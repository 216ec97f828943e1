import { createServer } from "node:http";
import { BlockList, isIPv6, type Socket } from "node:net";
import type { FastifyBaseLogger, FastifyServerFactory } from "fastify";
import { answerBadRequest, answerBrokenRequest } from "./broken-request.ts";
import { Connections, type Refusal } from "./connections.ts";
import { settleTarget } from "./request-target.ts";

/** What an HTTP server lets its clients hold at most. */
export interface ServerBounds {
  /** Connections at the same time. */
  readonly maxConnections: number;
  /** Connections from one address at the same time, those of trusted proxies aside. */
  readonly maxConnectionsPerAddress: number;
  /** As `server.trust_proxy`: which addresses are proxies. Default `false`: none. */
  readonly trustProxy?: boolean | readonly string[];
  /** How long a request may take to arrive whole. Default 30,000. */
  readonly requestTimeoutMs?: number;
  /** How long a peer may leave an answer unread, or a new connection unused. Default 20,000. */
  readonly stallTimeoutMs?: number;
  /** How long a peer has to take a whole answer, from its request on. Default 120,000. */
  readonly answerTimeoutMs?: number;
}

/** How long the first line and the headers of a request may take. */
const HEADERS_TIMEOUT_MS = 15_000;
/** Longer than proxies keep connections, so that they never send a request into one that is being closed. */
const KEEP_ALIVE_MS = 72_000;
/** A request that takes too long is noticed at most so late. */
const CHECK_MS = 1_000;
/** How often refusals are logged. */
const TELL_MS = 60_000;

/** Options for `fastify()` that make its HTTP server bounded in connections, in what each can hold, and in time. */
export function boundedServer(bounds: ServerBounds, logger: FastifyBaseLogger) {
  const { requestTimeoutMs = 30_000, stallTimeoutMs = 20_000, answerTimeoutMs = 120_000 } = bounds;
  const limits = {
    most: bounds.maxConnections,
    mostPerAddress: bounds.maxConnectionsPerAddress,
    isProxy: proxyTest(bounds.trustProxy ?? false),
    answerMs: answerTimeoutMs,
  };
  const connections = new Connections(limits, refusalLog(logger));
  const serverFactory: FastifyServerFactory = (handle) => {
    const server = createServer({
      requestTimeout: requestTimeoutMs,
      headersTimeout: Math.min(HEADERS_TIMEOUT_MS, requestTimeoutMs),
      connectionsCheckingInterval: CHECK_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      // Node's own answer to a missing one is empty.
      requireHostHeader: false,
    });
    server.setTimeout(stallTimeoutMs, (socket: Socket) => connections.stalled(socket, stallTimeoutMs));
    server.on("connection", (socket: Socket) => connections.admit(socket));
    server.on("request", (request, response) => {
      const wrong = settleTarget(request);
      connections.take(request, response, () => {
        if (wrong === undefined) handle(request, response);
        else answerBadRequest(response, wrong);
      });
    });
    return server;
  };
  const clientErrorHandler = (error: Error & { code?: string }, socket: Socket): void => {
    if (connections.isAnswering(socket)) socket.destroy();
    else answerBrokenRequest(error, socket);
  };
  return { serverFactory, clientErrorHandler };
}

function proxyTest(trusted: boolean | readonly string[]): (address: string) => boolean {
  if (typeof trusted === "boolean") return () => trusted;
  const list = new BlockList();
  for (const range of trusted) {
    const [network = "", prefix] = range.split("/");
    const family = isIPv6(network) ? "ipv6" : "ipv4";
    if (prefix === undefined) list.addAddress(network, family);
    else list.addSubnet(network, Number(prefix), family);
  }
  return (address) => list.check(address, isIPv6(address) ? "ipv6" : "ipv4");
}

const words: Readonly<Record<Refusal, string>> = {
  too_many: "connections refused: there are as many as may be",
  too_many_of_address: "connections refused: one client has as many as one may have",
  pipelined: "connections cut: requests came faster than their answers were taken",
  stalled: "connections cut: an answer was not read",
  unfinished: "connections cut to make room: no whole request came",
  unread: "connections cut to make room: an answer was not read",
};

/** Logs the first refusal of a kind at once, and the following ones once a minute at most. */
function refusalLog(logger: FastifyBaseLogger): (why: Refusal, client: string) => void {
  const kinds = new Map<Refusal, { toldAt: number; untold: number }>();
  return (why, client) => {
    const kind = kinds.get(why) ?? { toldAt: Number.NEGATIVE_INFINITY, untold: 0 };
    kinds.set(why, kind);
    kind.untold++;
    const now = performance.now();
    if (now - kind.toldAt < TELL_MS) return;
    logger.warn({ connections: kind.untold, client }, words[why]);
    kind.toldAt = now;
    kind.untold = 0;
  };
}
