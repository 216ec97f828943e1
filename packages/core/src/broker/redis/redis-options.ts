import { HikyakuError } from "../../errors.ts";
import { refuseUnknownOptions, shown } from "../../option-names.ts";
import type { Clock } from "../../runtime/clock.ts";

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
  /**
   * `redis://[user:password@]host[:port][/db]`, or `rediss://` for TLS. A query or a fragment is refused. The options
   * `username`, `password` and `db` win over what stands here.
   */
  readonly url?: string;
  /** `host:port`, instead of `url`. */
  readonly addr?: string;
  readonly sentinel?: RedisSentinelOptions;
  readonly cluster?: RedisClusterOptions;
  readonly username?: string;
  readonly password?: string;
  /** Default 0, the only one that a cluster of Redis has; one of Valkey 9 may have more (`cluster-databases`). */
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

type Check = (option: string, value: unknown) => void;
/** A check for each option, so that none can be forgotten and none that does not exist is let in. */
type Checks<Options> = { readonly [Name in keyof Options]-?: Check };

const longestMs = 600_000;
const largestDb = 1_000_000;

const tlsChecks: Checks<RedisTlsOptions> = { ca: text, serverName: text, verify: flag, cert: text, key: text };
const tls = (option: string, value: unknown): void => {
  if (typeof value !== "boolean") checkOptions(option, value, tlsChecks);
};
const sentinelChecks: Checks<RedisSentinelOptions> = {
  // Looked at where they are read, with better words.
  ...{ addrs: anything, masterName: anything },
  ...{ username: text, password: text, tls },
};
const clusterChecks: Checks<RedisClusterOptions> = { addrs: anything };
const durabilityChecks: Checks<RedisDurabilityOptions> = { replicas: anything, onDisk: flag, timeoutMs: anything };
const redisChecks: Checks<RedisOptions> = {
  ...{ url: anything, addr: anything },
  sentinel: (option, value) => checkOptions(option, value, sentinelChecks),
  cluster: (option, value) => checkOptions(option, value, clusterChecks),
  ...{ username: text, password: text, tls },
  db: integer(0, largestDb),
  connectTimeoutMs: integer(1, longestMs),
  commandTimeoutMs: integer(1, longestMs),
  minReconnectDelayMs: integer(1, longestMs),
  maxReconnectDelayMs: integer(1, longestMs),
  durability: (option, value) => checkOptions(option, value, durabilityChecks),
  clock: anything,
};

/**
 * Refuses what would be passed over or could not be used. Values are not repeated where they may be secrets.
 * @throws HikyakuError `invalid_option`.
 */
export function checkRedisOptions(options: RedisOptions): void {
  checkOptions("redisBroker", options, redisChecks);
}

function checkOptions<Options extends object>(of: string, given: unknown, checks: Checks<Options>): void {
  if (typeof given !== "object") {
    // A text is an address or a key, and may hold a secret.
    const help = of === "redisBroker" ? ', such as { url: "redis://127.0.0.1:6379" }' : "";
    throw new HikyakuError(
      "invalid_option",
      `${of}: expected an object with options${help}, got a value of type ${typeof given}`,
    );
  }
  refuseUnknownOptions(of, given, new Set(Object.keys(checks)));
  const prefix = of === "redisBroker" ? "" : `${of}.`;
  for (const [name, value] of Object.entries(given as object)) {
    if (value !== undefined) checks[name as keyof Options](`${prefix}${name}`, value);
  }
}

function anything(): void {}

function text(option: string, value: unknown): void {
  if (typeof value !== "string") throw invalid(option, "a text", `a value of type ${typeof value}`);
}

function flag(option: string, value: unknown): void {
  if (typeof value !== "boolean") throw invalid(option, "true or false", shown(value));
}

function integer(least: number, most: number): Check {
  return (option, value) => {
    if (Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most) return;
    throw invalid(option, `an integer from ${least} to ${most}`, shown(value));
  };
}

function invalid(option: string, expected: string, got: string): HikyakuError {
  return new HikyakuError("invalid_option", `option "${option}": expected ${expected}, got ${got}`);
}
