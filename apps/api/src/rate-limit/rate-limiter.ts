import type { ReadinessFinding } from "@hikyaku/contract";

/** The rest of one window's allowance. */
export interface WindowState {
  readonly limit: number;
  /** Requests left until the window ends; 0 or more. */
  readonly remaining: number;
  /** Seconds until the window ends and the whole allowance is back, rounded up. */
  readonly resetSeconds: number;
}

/** What the limits say about one request. */
export interface Verdict {
  readonly allowed: boolean;
  readonly minute: WindowState;
  readonly hour: WindowState;
  /** Seconds until a request can be allowed again, 1 or more; 0 when this one is allowed. */
  readonly retryAfterSeconds: number;
}

/** How many requests each client may make. */
export interface RateLimits {
  readonly requestsPerMinute: number;
  readonly requestsPerHour: number;
}

/** Counts requests by client, per minute and per hour. Both windows start at a client's first request. */
export interface RateLimiter {
  /**
   * Counts one request of a client. A request that the minute refuses is not counted against the hour. So a client that
   * reaches one limit does not use up the other. Never rejects.
   */
  consume(key: string): Promise<Verdict>;
  /** What `consume` would say, without counting. Never rejects. */
  peek(key: string): Promise<Verdict>;
  /** The state of the counters. Ends within its deadline. */
  check(): Promise<ReadinessFinding>;
  /** Closes everything. Ends within a second. */
  close(): Promise<void>;
}
