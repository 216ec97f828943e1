import { type RateLimiterAbstract, RateLimiterRes } from "rate-limiter-flexible";
import type { RateLimits, Verdict, WindowState } from "./rate-limiter.ts";

export const MINUTE_SECONDS = 60;
export const HOUR_SECONDS = 3600;

/** The two windows that a request must fit into, in any store. */
export class Windows {
  readonly #minute: RateLimiterAbstract;
  readonly #hour: RateLimiterAbstract;

  constructor(minute: RateLimiterAbstract, hour: RateLimiterAbstract) {
    this.#minute = minute;
    this.#hour = hour;
  }

  /** Rejects with the store's error. */
  async consume(key: string): Promise<Verdict> {
    const minute = await consumeOne(this.#minute, key);
    const hour = minute.allowed ? await consumeOne(this.#hour, key) : await peekOne(this.#hour, key);
    return verdictOf(minute, hour);
  }

  /** Rejects with the store's error. */
  async peek(key: string): Promise<Verdict> {
    const [minute, hour] = await Promise.all([peekOne(this.#minute, key), peekOne(this.#hour, key)]);
    return verdictOf(minute, hour);
  }

  /**
   * Writes for this client without counting anything. Rejects with the store's error. A store may be readable but not
   * writable.
   */
  async probe(key: string): Promise<void> {
    for (const count of await Promise.all([this.#minute.penalty(key, 0), this.#hour.penalty(key, 0)]))
      mustBeCount(count);
  }
}

/** The verdict when nothing is counted: allowed, with the whole allowance left. */
export function uncounted(limits: RateLimits): Verdict {
  const minute = { limit: limits.requestsPerMinute, remaining: limits.requestsPerMinute, resetSeconds: MINUTE_SECONDS };
  const hour = { limit: limits.requestsPerHour, remaining: limits.requestsPerHour, resetSeconds: HOUR_SECONDS };
  return { allowed: true, minute, hour, retryAfterSeconds: 0 };
}

interface OneWindow {
  readonly allowed: boolean;
  readonly state: WindowState;
}

async function consumeOne(limiter: RateLimiterAbstract, key: string): Promise<OneWindow> {
  try {
    return { allowed: true, state: stateOf(limiter, await limiter.consume(key)) };
  } catch (refusal) {
    // The library rejects with the count when the allowance is used up, and with an Error when the store failed.
    if (refusal instanceof RateLimiterRes) return { allowed: false, state: stateOf(limiter, refusal) };
    throw refusal;
  }
}

async function peekOne(limiter: RateLimiterAbstract, key: string): Promise<OneWindow> {
  const found = await limiter.get(key);
  if (found === null) {
    const state = { limit: limiter.points, remaining: limiter.points, resetSeconds: limiter.duration };
    return { allowed: true, state };
  }
  return { allowed: found.consumedPoints < limiter.points, state: stateOf(limiter, found) };
}

/** @throws Error for an answer that is no count, from a server that is no real store. */
function mustBeCount({ consumedPoints, msBeforeNext }: RateLimiterRes): void {
  if (Number.isFinite(consumedPoints) && Number.isFinite(msBeforeNext)) return;
  throw new Error("expected a count as the answer, got something else; look whether it is a Redis that answers there");
}

function stateOf(limiter: RateLimiterAbstract, result: RateLimiterRes): WindowState {
  mustBeCount(result);
  const resetSeconds = Math.max(1, Math.ceil(result.msBeforeNext / 1000));
  return { limit: limiter.points, remaining: Math.max(0, result.remainingPoints), resetSeconds };
}

function verdictOf(minute: OneWindow, hour: OneWindow): Verdict {
  const waits = [minute, hour].filter((window) => !window.allowed).map((window) => window.state.resetSeconds);
  return {
    allowed: waits.length === 0,
    minute: minute.state,
    hour: hour.state,
    retryAfterSeconds: Math.max(0, ...waits),
  };
}
