import type { ReadinessFinding } from "@hikyaku/contract";
import { RateLimiterMemory } from "rate-limiter-flexible";
import { CountedClients } from "./counted-clients.ts";
import type { RateLimiter, RateLimits, Verdict } from "./rate-limiter.ts";
import { HOUR_SECONDS, MINUTE_SECONDS, Windows } from "./windows.ts";

/**
 * Counts in the memory of this process. Right for one API server; several servers together allow a multiple of the
 * limit.
 */
export class MemoryRateLimiter implements RateLimiter {
  readonly #windows: Windows;
  readonly #clients = new CountedClients(HOUR_SECONDS * 1_000);

  constructor(limits: RateLimits) {
    this.#windows = new Windows(
      new RateLimiterMemory({ keyPrefix: "minute", points: limits.requestsPerMinute, duration: MINUTE_SECONDS }),
      new RateLimiterMemory({ keyPrefix: "hour", points: limits.requestsPerHour, duration: HOUR_SECONDS }),
    );
  }

  consume(key: string): Promise<Verdict> {
    return this.#windows.consume(this.#clients.nameOf(key));
  }

  peek(key: string): Promise<Verdict> {
    return this.#windows.peek(this.#clients.nameOf(key));
  }

  check(): Promise<ReadinessFinding> {
    return Promise.resolve({ code: "rate_limit_counts", level: "ok", store: null });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
