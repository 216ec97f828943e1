import type { Clock } from "../../clock.ts";

export interface RedisTlsOptions {
  /** PEM certificates to trust instead of the system's. */
  readonly ca?: string;
  /** Name to check the server's certificate against; default: the host. */
  readonly serverName?: string;
  /** False accepts any certificate: only for tests. Default true. */
  readonly verify?: boolean;
}

/** How to reach one Redis server, 6.2 or newer. */
export interface RedisOptions {
  /** `redis://[user:password@]host[:port][/db]`, or `rediss://` for TLS. Default `redis://127.0.0.1:6379`. */
  readonly url?: string;
  /** `host:port`, instead of `url`. */
  readonly addr?: string;
  readonly username?: string;
  readonly password?: string;
  /** Default 0. */
  readonly db?: number;
  readonly tls?: boolean | RedisTlsOptions;
  /** How long one attempt to connect may take. Default 2000. */
  readonly connectTimeoutMs?: number;
  /** How long a call may take unless it says otherwise. Default 5000. */
  readonly commandTimeoutMs?: number;
  /** First pause between two attempts to connect; then it doubles, with jitter. Default 50. */
  readonly minReconnectDelayMs?: number;
  /** Longest pause between two attempts to connect; there are attempts for as long as the broker is open. Default 500. */
  readonly maxReconnectDelayMs?: number;
  /** Default: the machine's clock. */
  readonly clock?: Clock;
}
