import type { Clock } from "../../clock.ts";

export interface RedisTlsOptions {
  /** PEM certificates to trust instead of the system's. */
  readonly ca?: string;
  /** Name to check the server's certificate against; default: the host. */
  readonly serverName?: string;
  /** False accepts any certificate: only for tests. Default true. */
  readonly verify?: boolean;
  /** PEM certificate to show to the server, where it asks for one. Needs `key`. */
  readonly cert?: string;
  /** PEM private key of `cert`. */
  readonly key?: string;
}

export interface RedisSentinelOptions {
  /** `host:port` of the sentinels, all of them at best. */
  readonly addrs: readonly string[];
  /** The name that the sentinels know the master by. */
  readonly masterName: string;
  /** User name for the sentinels themselves. Those of the master are the options of the same name outside. */
  readonly username?: string;
  readonly password?: string;
  /** For the connections to the sentinels. Default false. */
  readonly tls?: boolean | RedisTlsOptions;
}

export interface RedisClusterOptions {
  /** `host:port` of some of the nodes; they tell where the others are. */
  readonly addrs: readonly string[];
}

/**
 * With this, an enqueue is accepted only when replicas or disks have acknowledged it. A task that was stored and not
 * acknowledged in time fails with `not_acknowledged`.
 */
export interface RedisDurabilityOptions {
  /** How many replicas must have received the task. Default 0. */
  readonly replicas?: number;
  /** Whether the task must also be in the append-only file of the master, and of `replicas` replicas. Needs Redis 7.2. Default false. */
  readonly onDisk?: boolean;
  /** How long to wait for them. Default 1000. */
  readonly timeoutMs?: number;
}

/**
 * How to reach Redis, 6.2 or newer: `url` or `addr` for one server, `sentinel` for a master with replicas, `cluster` for
 * many masters. One of the four; default is `url` with `redis://127.0.0.1:6379`.
 */
export interface RedisOptions {
  /** `redis://[user:password@]host[:port][/db]`, or `rediss://` for TLS. */
  readonly url?: string;
  /** `host:port`, instead of `url`. */
  readonly addr?: string;
  readonly sentinel?: RedisSentinelOptions;
  readonly cluster?: RedisClusterOptions;
  readonly username?: string;
  readonly password?: string;
  /** Default 0, the only one that a cluster has. */
  readonly db?: number;
  readonly tls?: boolean | RedisTlsOptions;
  /** How long an attempt to connect may take; the greeting after it has the time of a call. Default 2000. */
  readonly connectTimeoutMs?: number;
  /** How long a call may take unless it says otherwise. Default 5000. */
  readonly commandTimeoutMs?: number;
  /** First pause between two attempts to connect; then it doubles, with jitter. Default 50. */
  readonly minReconnectDelayMs?: number;
  /** Longest pause between two attempts to connect; there are attempts for as long as the broker is open. Default 500. */
  readonly maxReconnectDelayMs?: number;
  /** Default: an enqueue is accepted when the master has it. */
  readonly durability?: RedisDurabilityOptions;
  /** Default: the machine's clock. */
  readonly clock?: Clock;
}
