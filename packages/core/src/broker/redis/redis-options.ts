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
  /** PEM certificate to show to a server that asks for one. Needs `key`. */
  readonly cert?: string;
  /** PEM private key of `cert`. */
  readonly key?: string;
}

export interface RedisSentinelOptions {
  /** `host:port` of the sentinels, best of all of them. */
  readonly addrs: readonly string[];
  /** The name that the sentinels know the master by. */
  readonly masterName: string;
  /** User name for the sentinels themselves. The outer options of the same names are for the master. */
  readonly username?: string;
  readonly password?: string;
  /** For the connections to the sentinels. Default false. */
  readonly tls?: boolean | RedisTlsOptions;
}

export interface RedisClusterOptions {
  /** `host:port` of some of the nodes. They tell where the others are. */
  readonly addrs: readonly string[];
}

/**
 * With this, an enqueue is accepted only when replicas or disks have acknowledged it. A task that is stored but not
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
   * `username`, `password` and `db` take precedence over this.
   */
  readonly url?: string;
  /** `host:port`, instead of `url`. */
  readonly addr?: string;
  readonly sentinel?: RedisSentinelOptions;
  readonly cluster?: RedisClusterOptions;
  readonly username?: string;
  readonly password?: string;
  /** Default 0. A Redis cluster has only that one; one of Valkey 9 may have more (`cluster-databases`). */
  readonly db?: number;
  readonly tls?: boolean | RedisTlsOptions;
  /** How long an attempt to connect may take. The greeting after it has the time of a call. Default 2000. */
  readonly connectTimeoutMs?: number;
  /**
   * How long a call without its own `timeoutMs` may take. A server that says nothing for so long while it owes an
   * answer is taken for gone, and its connection is opened anew. Default 5000.
   */
  readonly commandTimeoutMs?: number;
  /** First pause between two attempts to connect. Then it doubles, with jitter. Default 50. */
  readonly minReconnectDelayMs?: number;
  /** Longest pause between two attempts to connect. They go on as long as the broker is open. Default 500. */
  readonly maxReconnectDelayMs?: number;
  /** Default: an enqueue is accepted when the master has it. */
  readonly durability?: RedisDurabilityOptions;
  /** Default: the machine's clock. */
  readonly clock?: Clock;
}

type Check = (option: string, value: unknown) => void;
/** A check for each option. The type lets none be forgotten, and none in that does not exist. */
type Checks<Options> = { readonly [Name in keyof Options]-?: Check };

const longestMs = 600_000;
const largestDb = 1_000_000;

const tlsChecks: Checks<RedisTlsOptions> = { ca: text, serverName: text, verify: flag, cert: text, key: text };
const tls = (option: string, value: unknown): void => {
  if (typeof value !== "boolean") checkOptions(option, value, tlsChecks);
};
const sentinelChecks: Checks<RedisSentinelOptions> = {
  // Checked where they are read, with better words.
  addrs: anything,
  masterName: anything,
  username: text,
  password: text,
  tls,
};
const clusterChecks: Checks<RedisClusterOptions> = { addrs: anything };
const durabilityChecks: Checks<RedisDurabilityOptions> = { replicas: anything, onDisk: flag, timeoutMs: anything };
const redisChecks: Checks<RedisOptions> = {
  url: anything,
  addr: anything,
  sentinel: (option, value) => checkOptions(option, value, sentinelChecks),
  cluster: (option, value) => checkOptions(option, value, clusterChecks),
  username: text,
  password: text,
  tls,
  db: integer(0, largestDb),
  connectTimeoutMs: integer(1, longestMs),
  commandTimeoutMs: integer(1, longestMs),
  minReconnectDelayMs: integer(1, longestMs),
  maxReconnectDelayMs: integer(1, longestMs),
  durability: (option, value) => checkOptions(option, value, durabilityChecks),
  clock: anything,
};

/**
 * Refuses options that would be ignored or could not be used. Values that may be secrets are not repeated.
 * @throws HikyakuError `invalid_option`.
 */
export function checkRedisOptions(options: RedisOptions): void {
  checkOptions("redisBroker", options, redisChecks);
}

function checkOptions<Options extends object>(of: string, given: unknown, checks: Checks<Options>): void {
  if (typeof given !== "object") {
    // A text here is an address or a key, and may hold a secret.
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
