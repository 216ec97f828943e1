import { clientKey, HEALTH_PATH } from "@hikyaku/app-kit";
import { RequestProblem } from "@hikyaku/operations/problems";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import { isUnderApi, isUnderOperations } from "../api-path.ts";
import { CountedClients } from "./counted-clients.ts";
import { MINUTE_SECONDS } from "./windows.ts";

/**
 * Answers 429 to clients that ask more than `perMinute` times outside `/api`: for pages, their files, `/docs` and
 * `/readyz`. `/health` costs nothing and is not counted.
 */
export function limitPages(app: FastifyInstance, perMinute: number): void {
  limitPerMinute(app, {
    name: "page",
    perMinute,
    told: false,
    counts: (request) => !isUnderApi(request) && request.routeOptions.url !== HEALTH_PATH,
  });
}

/**
 * The same for the operations, whose answers show it. The limits of the seed feature's endpoints do not apply to them.
 */
export function limitOperations(app: FastifyInstance, perMinute: number): void {
  limitPerMinute(app, {
    name: "operations",
    perMinute,
    told: true,
    // A browser's question whether it may ask costs nothing.
    counts: (request) => isUnderOperations(request) && request.method !== "OPTIONS",
  });
}

interface MinuteLimit {
  readonly name: string;
  readonly perMinute: number;
  /** Whether answers show the remaining allowance. */
  readonly told: boolean;
  counts(request: FastifyRequest): boolean;
}

/** Counted by client address, in the memory of this process. */
function limitPerMinute(app: FastifyInstance, { name, perMinute, told, counts }: MinuteLimit): void {
  const limiter = new RateLimiterMemory({ keyPrefix: name, points: perMinute, duration: MINUTE_SECONDS });
  const clients = new CountedClients(MINUTE_SECONDS * 1_000);
  const take = async (client: string): Promise<{ count: RateLimiterRes; allowed: boolean }> => {
    try {
      return { count: await limiter.consume(client), allowed: true };
    } catch (refusal) {
      // The library rejects with the count when the allowance is used up.
      if (refusal instanceof RateLimiterRes) return { count: refusal, allowed: false };
      throw refusal;
    }
  };
  app.addHook("onRequest", async (request, reply) => {
    if (!counts(request)) return;
    const { count, allowed } = await take(clients.nameOf(clientKey(request.ip)));
    const seconds = Math.max(1, Math.ceil(count.msBeforeNext / 1000));
    if (told) {
      reply.headers({
        "X-RateLimit-Limit": String(perMinute),
        "X-RateLimit-Remaining": String(Math.max(0, count.remainingPoints)),
        "X-RateLimit-Reset": String(seconds),
      });
    }
    if (allowed) return;
    const detail = `Too many requests from this address (allowed are ${perMinute} a minute); try again in ${seconds} s.`;
    throw new RequestProblem("rate_limited", detail, { headers: { "Retry-After": String(seconds) } });
  });
}
