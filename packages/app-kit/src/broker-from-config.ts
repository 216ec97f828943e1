import { readFileSync } from "node:fs";
import type { Config, JobqueueRedisConfig } from "@hikyaku/config";
import type { Broker } from "hikyaku";
import { type RedisOptions, type RedisTlsOptions, redisBroker } from "hikyaku/redis";
import { sqliteBroker } from "hikyaku/sqlite";

/** The job queue's store as `jobqueue.store` names it. Nothing is asked of the store yet: it may still be down. */
export function brokerFromConfig({ jobqueue, redis }: Config): Broker {
  if (jobqueue.store === "embedded") return sqliteBroker({ path: jobqueue.embedded.path });
  return redisBroker(redisOptions(redis.jobqueue));
}

function redisOptions(redis: JobqueueRedisConfig): RedisOptions {
  const { db, durability } = redis;
  return {
    ...whereabouts(redis),
    ...access(redis),
    db,
    connectTimeoutMs: redis.connectTimeoutMs,
    commandTimeoutMs: redis.commandTimeoutMs,
    minReconnectDelayMs: redis.reconnect.minDelayMs,
    maxReconnectDelayMs: redis.reconnect.maxDelayMs,
    ...(durability.replicas > 0 || durability.onDisk ? { durability } : {}),
  };
}

function whereabouts({ addr, sentinel, cluster }: JobqueueRedisConfig): RedisOptions {
  if (cluster !== undefined) return { cluster };
  if (sentinel === undefined) return addr === undefined ? {} : { addr };
  const { masterName, addrs } = sentinel;
  return { sentinel: { masterName, addrs, ...access(sentinel) } };
}

interface Access {
  readonly username?: string;
  readonly password?: string;
  readonly tls: JobqueueRedisConfig["tls"];
}

function access({ username, password, tls }: Access): Pick<RedisOptions, "username" | "password" | "tls"> {
  return {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls === false ? {} : { tls: tlsOptions(tls) }),
  };
}

function tlsOptions(tls: Exclude<JobqueueRedisConfig["tls"], false>): RedisTlsOptions {
  const content = (path: string): string => readFileSync(path, "utf8");
  return {
    ...(tls.caFile === undefined ? {} : { ca: content(tls.caFile) }),
    ...(tls.certFile === undefined ? {} : { cert: content(tls.certFile) }),
    ...(tls.keyFile === undefined ? {} : { key: content(tls.keyFile) }),
    ...(tls.serverName === undefined ? {} : { serverName: tls.serverName }),
    verify: !tls.insecure,
  };
}
