import type { Verdict } from "./rate-limiter.ts";

/** Every header that tells of the limits, so that a page from another origin may read them too. */
export const RATE_LIMIT_HEADERS = [
  "X-RateLimit-Limit",
  "X-RateLimit-Remaining",
  "X-RateLimit-Reset",
  "X-RateLimit-Hour-Limit",
  "X-RateLimit-Hour-Remaining",
  "X-RateLimit-Hour-Reset",
  "Retry-After",
] as const;

/**
 * The headers of an answer under `/api`. Resets and `Retry-After` are seconds from now, as in the IETF's RateLimit
 * header drafts, so that they need no clock that agrees with ours.
 */
export function rateLimitHeaders(verdict: Verdict): Record<string, string> {
  const { minute, hour } = verdict;
  return {
    "X-RateLimit-Limit": String(minute.limit),
    "X-RateLimit-Remaining": String(minute.remaining),
    "X-RateLimit-Reset": String(minute.resetSeconds),
    "X-RateLimit-Hour-Limit": String(hour.limit),
    "X-RateLimit-Hour-Remaining": String(hour.remaining),
    "X-RateLimit-Hour-Reset": String(hour.resetSeconds),
    ...(verdict.allowed ? {} : { "Retry-After": String(Math.max(1, verdict.retryAfterSeconds)) }),
  };
}
