import { readFileSync } from "node:fs";
import type { Config, JobqueueRedisConfig } from "@hikyaku/config";
import type { Broker } from "hikyaku";
import { redisBroker } from "hikyaku/redis";
import { sqliteBroker } from "hikyaku/sqlite";

/** The job queue's store as `jobqueue.store` names it. Nothing is asked of the store yet: it may still be down. */
export function brokerFromConfig({ jobqueue, redis }: Config): Broker {
  if (jobqueue.store === "embedded") return sqliteBroker({ path: jobqueue.embedded.path });
  return redisBroker(redisOptions(redis.jobqueue));
}

function redisOptions(redis: JobqueueRedisConfig) {
  const { addr, username, password, db, tls } = redis;
  return {
    addr,
    db,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls === false ? {} : { tls: tlsOptions(tls) }),
    connectTimeoutMs: redis.connectTimeoutMs,
    commandTimeoutMs: redis.commandTimeoutMs,
    minReconnectDelayMs: redis.reconnect.minDelayMs,
    maxReconnectDelayMs: redis.reconnect.maxDelayMs,
  };
}

function tlsOptions(tls: Exclude<JobqueueRedisConfig["tls"], false>) {
  return {
    ...(tls.caFile === undefined ? {} : { ca: readFileSync(tls.caFile, "utf8") }),
    ...(tls.serverName === undefined ? {} : { serverName: tls.serverName }),
    verify: !tls.insecure,
  };
}
