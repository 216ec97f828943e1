import { clientKey } from "@hikyaku/app-kit";
import { RequestProblem } from "@hikyaku/operations/problems";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { isUnderApi, isUnderOperations } from "../api-path.ts";
import { rateLimitHeaders } from "./headers.ts";
import type { RateLimiter, Verdict } from "./rate-limiter.ts";

/**
 * Counts every request under `/api` and puts the limits into the headers of its answer, whatever the answer is.
 * Requests to the operations have a limit of their own. A browser's question whether it may ask from another origin
 * (OPTIONS) gets the headers but is not counted. `refuseOverLimit` refuses in a step of its own, so that refusals too
 * get what other hooks add.
 */
export function countRequests(app: FastifyInstance, limiter: RateLimiter): void {
  app.decorateRequest("rateLimitVerdict");
  app.addHook("onRequest", async (request, reply) => {
    if (!isCounted(request)) return;
    const key = clientKey(request.ip);
    const verdict = await (request.method === "OPTIONS" ? limiter.peek(key) : limiter.consume(key));
    request.rateLimitVerdict = verdict;
    reply.headers(rateLimitHeaders(verdict));
  });
}

/** Answers 429 to requests that `countRequests` counted as too many. */
export function refuseOverLimit(app: FastifyInstance): void {
  app.addHook("onRequest", async (request) => {
    const verdict = request.rateLimitVerdict;
    if (verdict === undefined || verdict.allowed || request.method === "OPTIONS") return;
    throw new RequestProblem("rate_limited", describe(verdict));
  });
}

/** Puts the headers on an answer that no hook runs for. */
export async function addRateLimitHeaders(limiter: RateLimiter, request: FastifyRequest, reply: FastifyReply) {
  if (isCounted(request)) reply.headers(rateLimitHeaders(await limiter.peek(clientKey(request.ip))));
}

function isCounted(request: FastifyRequest): boolean {
  return isUnderApi(request) && !isUnderOperations(request);
}

function describe({ minute, hour, retryAfterSeconds }: Verdict): string {
  const limits = `${minute.limit} a minute and ${hour.limit} an hour`;
  return `Too many requests from this address (allowed are ${limits}); try again in ${retryAfterSeconds} s.`;
}

declare module "fastify" {
  interface FastifyRequest {
    rateLimitVerdict: Verdict | undefined;
  }
}
