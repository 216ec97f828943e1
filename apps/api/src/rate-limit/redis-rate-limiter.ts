import { withDeadline } from "@hikyaku/app-kit";
import type { ReadinessFinding } from "@hikyaku/contract";
import { RateLimiterRedis } from "rate-limiter-flexible";
import type { RateLimiter, RateLimits, Verdict } from "./rate-limiter.ts";
import { openRedisLink, type RedisLink, type RedisLinkOptions } from "./redis-link.ts";
import { HOUR_SECONDS, MINUTE_SECONDS, uncounted, Windows } from "./windows.ts";

/** Where outages are logged. Pino and Fastify loggers fit. */
export interface OutageLogger {
  warn(fields: object, message: string): void;
  info(fields: object, message: string): void;
}

export interface RedisRateLimiterOptions {
  readonly limits: RateLimits;
  readonly link: RedisLinkOptions;
  /** The longest that counting may delay a request. Default 250. */
  readonly timeoutMs?: number;
  readonly logger: OutageLogger;
}

type State =
  | { readonly kind: "counting" }
  /** `since` is on the monotonic clock. `key`: the store failed on it, and it must work before the store is trusted. */
  | { readonly kind: "out"; readonly since: number; readonly reason: string; readonly key: string };

const DEFAULT_TIMEOUT_MS = 250;
const PROBE_INTERVAL_MS = 250;
/** After this many failed probes the connection is made anew: the addresses may now lead somewhere else. */
const PROBES_PER_LINK = 40;

/**
 * Counts in Redis, one server or a cluster, so that all API servers share the counters. While Redis can't be reached,
 * every request passes. The first one waits for the deadline at most. The next ones don't wait, because a probe in the
 * background finds out when Redis is back. An outage is logged when it begins and when it ends.
 */
export class RedisRateLimiter implements RateLimiter {
  readonly #limits: RateLimits;
  readonly #linkOptions: RedisLinkOptions;
  readonly #timeoutMs: number;
  readonly #logger: OutageLogger;
  readonly #closing = new AbortController();
  #link: RedisLink | undefined;
  #windows: Windows | undefined;
  #state: State = { kind: "out", since: performance.now(), reason: "not connected yet", key: "start" };
  #told = false;
  #loop: Promise<void> | undefined;

  constructor({ limits, link, timeoutMs = DEFAULT_TIMEOUT_MS, logger }: RedisRateLimiterOptions) {
    this.#limits = limits;
    this.#linkOptions = link;
    this.#timeoutMs = timeoutMs;
    this.#logger = logger;
  }

  /** Connects. Resolves once it counts, or after `timeoutMs`: then it keeps trying in the background. */
  async start(timeoutMs = 1000): Promise<void> {
    this.#loop ??= this.#recover();
    await withDeadline("the first connection", timeoutMs, this.#loop).catch(() => {
      if (this.#state.kind === "out") this.#tellOutage(this.#state.reason);
    });
  }

  consume(key: string): Promise<Verdict> {
    return this.#ask(key, (windows) => windows.consume(key));
  }

  peek(key: string): Promise<Verdict> {
    return this.#ask(key, (windows) => windows.peek(key));
  }

  async check(): Promise<ReadinessFinding> {
    await this.#ask("readyz", async (windows) => {
      await windows.probe("readyz");
      return windows.peek("readyz");
    });
    const store = this.#place();
    const state = this.#state;
    if (state.kind === "counting") return { code: "rate_limit_counts", level: "ok", store };
    const since = new Date(Date.now() - (performance.now() - state.since)).toISOString();
    return { code: "rate_limit_store_away", level: "warning", store, reason: state.reason, since };
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#dropLink();
    await withDeadline("closing", 1000, this.#loop ?? Promise.resolve()).catch(() => undefined);
    this.#dropLink();
  }

  async #ask(key: string, question: (windows: Windows) => Promise<Verdict>): Promise<Verdict> {
    const windows = this.#windows;
    if (this.#state.kind === "out" || windows === undefined) return uncounted(this.#limits);
    try {
      return await withDeadline("Redis", this.#timeoutMs, question(windows));
    } catch (error) {
      this.#fail(key, error);
      return uncounted(this.#limits);
    }
  }

  #fail(key: string, error: unknown): void {
    if (this.#state.kind === "out" || this.#closing.signal.aborted) return;
    const reason = error instanceof Error ? error.message : String(error);
    this.#state = { kind: "out", since: performance.now(), reason, key };
    this.#tellOutage(reason);
    this.#loop = this.#recover();
  }

  #tellOutage(reason: string): void {
    if (this.#told) return;
    this.#told = true;
    this.#logger.warn(
      { redis: this.#place(), reason },
      "the rate limits' Redis cannot be used: requests pass uncounted until it is back",
    );
  }

  /** Runs from the beginning of an outage to its end. */
  async #recover(): Promise<void> {
    for (let probes = 1; !this.#closing.signal.aborted; probes++) {
      try {
        if (probes % PROBES_PER_LINK === 0) this.#dropLink();
        await this.#probe();
        this.#end();
        return;
      } catch (error) {
        if (this.#state.kind === "out") {
          this.#state = { ...this.#state, reason: error instanceof Error ? error.message : String(error) };
        }
      }
      await this.#pause();
    }
  }

  async #probe(): Promise<void> {
    if (this.#windows === undefined) {
      const link = await openRedisLink(this.#linkOptions, this.#closing.signal);
      this.#link = link;
      this.#windows = windowsOn(link, this.#limits);
    }
    const key = this.#state.kind === "out" ? this.#state.key : "start";
    await withDeadline("Redis", this.#timeoutMs, this.#windows.probe(key));
  }

  #end(): void {
    if (this.#state.kind === "counting") return;
    const outageMs = Math.round(performance.now() - this.#state.since);
    this.#state = { kind: "counting" };
    if (!this.#told) return;
    this.#told = false;
    this.#logger.info({ redis: this.#place(), outageMs }, "the rate limits' Redis is back: requests are counted again");
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(finish, PROBE_INTERVAL_MS);
      this.#closing.signal.addEventListener("abort", finish, { once: true });
      const signal = this.#closing.signal;
      function finish(): void {
        clearTimeout(timer);
        signal.removeEventListener("abort", finish);
        resolve();
      }
    });
  }

  #dropLink(): void {
    this.#link?.destroy();
    this.#link = undefined;
    this.#windows = undefined;
  }

  #place(): string {
    const nodes = this.#linkOptions.nodes.map(({ host, port }) => `${host.includes(":") ? `[${host}]` : host}:${port}`);
    const kind = this.#link?.kind === "cluster" || nodes.length > 1 ? "Redis Cluster" : "Redis";
    return `${kind} ${nodes.join(", ")}`;
  }
}

function windowsOn(link: RedisLink, limits: RateLimits): Windows {
  const store = { storeClient: link.client, useRedisPackage: true };
  return new Windows(
    new RateLimiterRedis({
      ...store,
      keyPrefix: "hikyaku:rate-limit:minute",
      points: limits.requestsPerMinute,
      duration: MINUTE_SECONDS,
    }),
    new RateLimiterRedis({
      ...store,
      keyPrefix: "hikyaku:rate-limit:hour",
      points: limits.requestsPerHour,
      duration: HOUR_SECONDS,
    }),
  );
}
