import { withDeadline } from "@hikyaku/app-kit";
import { createClient, createCluster, type RedisClientOptions } from "redis";

/** Where the counters lie and how to get there. */
export interface RedisLinkOptions {
  /** `host` and `port` of one or more nodes; IPv6 without brackets. */
  readonly nodes: readonly { readonly host: string; readonly port: number }[];
  readonly username?: string;
  readonly password?: string;
  readonly tls?: { readonly ca?: string; readonly servername?: string; readonly rejectUnauthorized: boolean };
  readonly connectTimeoutMs: number;
  readonly reconnect: { readonly minDelayMs: number; readonly maxDelayMs: number };
}

/** An open connection to one Redis server, or to a cluster. It connects again by itself whenever it was cut off. */
export interface RedisLink {
  readonly kind: "single" | "cluster";
  /** The store for rate-limiter-flexible. */
  readonly client: unknown;
  destroy(): void;
}

const PING_INTERVAL_MS = 1000;
/** A connection that brought nothing for this long, in spite of pings, is closed and made anew. */
const SILENCE_MS = 3000;

/**
 * Connects once. Rejects when that is not possible now. With one address, the server says whether it belongs to a
 * cluster. Several addresses must be nodes of a cluster. Commands that can't be sent at once fail instead of waiting in
 * a queue.
 */
export async function openRedisLink(options: RedisLinkOptions, signal: AbortSignal): Promise<RedisLink> {
  const [first, ...others] = options.nodes;
  if (first === undefined) throw new Error("rate limit: expected at least one Redis address, got none");
  if (others.length === 0) {
    const link = await openSingle(options, first, signal);
    if (link !== undefined) return link;
  }
  return openCluster(options, signal);
}

/** Undefined when the server turns out to be a node of a cluster. */
async function openSingle(
  options: RedisLinkOptions,
  node: { readonly host: string; readonly port: number },
  signal: AbortSignal,
): Promise<RedisLink | undefined> {
  const client = createClient({
    ...clientOptions(options),
    socket: { ...socketOptions(options), host: node.host, port: node.port },
  });
  const destroy = ending(client);
  const failed = Promise.withResolvers<never>();
  client.on("error", failed.reject);
  try {
    await untilAborted(signal, options.connectTimeoutMs, Promise.race([client.connect(), failed.promise]));
    const info = await withDeadline("INFO cluster", options.connectTimeoutMs, client.info("cluster")).catch(() => "");
    if (!info.includes("cluster_enabled:1")) return { kind: "single", client, destroy };
    destroy();
    return undefined;
  } catch (error) {
    destroy();
    throw error;
  }
}

async function openCluster(options: RedisLinkOptions, signal: AbortSignal): Promise<RedisLink> {
  const cluster = createCluster({
    rootNodes: options.nodes.map(({ host, port }) => ({ socket: { host, port } })),
    defaults: { ...clientOptions(options), socket: socketOptions(options) },
    // A node is connected to when its first key is asked for, so a node that is down does not block the others.
    minimizeConnections: true,
    topologyRefreshOnReconnectionAttemptStrategy: 1000,
  });
  const destroy = ending(cluster);
  let lastError: Error | undefined;
  cluster.on("error", (error: Error) => {
    lastError = error;
  });
  try {
    await untilAborted(signal, options.connectTimeoutMs * (options.nodes.length + 1), cluster.connect());
    return { kind: "cluster", client: cluster, destroy };
  } catch (error) {
    destroy();
    throw lastError ?? error;
  }
}

function clientOptions(options: RedisLinkOptions) {
  return {
    ...(options.username === undefined ? {} : { username: options.username }),
    ...(options.password === undefined ? {} : { password: options.password }),
    disableOfflineQueue: true,
    pingInterval: PING_INTERVAL_MS,
  } satisfies RedisClientOptions;
}

function socketOptions({ tls, connectTimeoutMs, reconnect }: RedisLinkOptions) {
  const common = {
    connectTimeout: connectTimeoutMs,
    socketTimeout: SILENCE_MS,
    // The client's own strategy gives up for ever after a silent connection, so it is never used.
    reconnectStrategy: (retries: number) => Math.min(reconnect.minDelayMs * 2 ** retries, reconnect.maxDelayMs),
  };
  return tls === undefined ? common : { ...common, ...tls, tls: true as const };
}

/** The client throws when it is ended twice or before it was open. The caller need not know. */
function ending(client: { destroy(): void }): () => void {
  return () => {
    try {
      client.destroy();
    } catch {
      // Already ended.
    }
  };
}

async function untilAborted(signal: AbortSignal, timeoutMs: number, work: Promise<unknown>): Promise<void> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(new Error("closed"));
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { once: true });
  try {
    await Promise.race([withDeadline("connecting", timeoutMs, work), aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
