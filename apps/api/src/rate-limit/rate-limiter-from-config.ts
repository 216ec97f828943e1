import { readFileSync } from "node:fs";
import { type CacheRedisConfig, type Config, parseAddress } from "@hikyaku/config";
import { MemoryRateLimiter } from "./memory-rate-limiter.ts";
import type { RateLimiter, RateLimits } from "./rate-limiter.ts";
import type { RedisLinkOptions } from "./redis-link.ts";
import { type OutageLogger, RedisRateLimiter } from "./redis-rate-limiter.ts";

/**
 * The rate limiter that `api.rate_limit` asks for. Undefined when it is off. A limiter that counts in Redis is
 * connected, or after a second still trying: it does not keep the API server from starting.
 */
export async function rateLimiterFromConfig(config: Config, logger: OutageLogger): Promise<RateLimiter | undefined> {
  const { enabled, storageType, requestsPerMinute, requestsPerHour } = config.api.rateLimit;
  if (!enabled) return undefined;
  const limits: RateLimits = { requestsPerMinute, requestsPerHour };
  const cache = config.redis.default.cluster;
  const inRedis = storageType === "redis" || (storageType === "auto" && cache.addrs.length > 0);
  if (!inRedis) return new MemoryRateLimiter(limits);
  const limiter = new RedisRateLimiter({
    limits,
    logger,
    timeoutMs: cache.commandTimeoutMs,
    link: linkOptions(cache),
  });
  await limiter.start();
  return limiter;
}

function linkOptions(cache: CacheRedisConfig): RedisLinkOptions {
  const { addrs, username, password, tls, connectTimeoutMs, reconnect } = cache;
  return {
    nodes: addrs.map((addr) => parseAddress(addr) ?? { host: addr, port: 6379 }),
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls === false ? {} : { tls: tlsOptions(tls) }),
    connectTimeoutMs,
    reconnect,
  };
}

function tlsOptions(tls: Exclude<CacheRedisConfig["tls"], false>) {
  return {
    ...(tls.caFile === undefined ? {} : { ca: readFileSync(tls.caFile, "utf8") }),
    ...(tls.serverName === undefined ? {} : { servername: tls.serverName }),
    rejectUnauthorized: !tls.insecure,
  };
}
