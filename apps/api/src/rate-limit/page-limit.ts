import { clientKey, HEALTH_PATH } from "@hikyaku/app-kit";
import { RequestProblem } from "@hikyaku/operations/problems";
import type { FastifyInstance } from "fastify";
import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import { isUnderApi } from "../api-path.ts";
import { CountedClients } from "./counted-clients.ts";
import { MINUTE_SECONDS } from "./windows.ts";

/**
 * Answers 429 to whoever asks for more than `perMinute` of what lies outside `/api`: pages, their files, `/docs` and
 * `/readyz`. Counted by client address in the memory of this process. `/health` costs nothing and is not counted.
 */
export function limitPages(app: FastifyInstance, perMinute: number): void {
  const limiter = new RateLimiterMemory({ keyPrefix: "page", points: perMinute, duration: MINUTE_SECONDS });
  const clients = new CountedClients(MINUTE_SECONDS * 1_000);
  app.addHook("onRequest", async (request) => {
    if (isUnderApi(request) || request.routeOptions.url === HEALTH_PATH) return;
    try {
      await limiter.consume(clients.nameOf(clientKey(request.ip)));
    } catch (refusal) {
      // The library rejects with the count when the allowance is used up.
      if (!(refusal instanceof RateLimiterRes)) throw refusal;
      const seconds = Math.max(1, Math.ceil(refusal.msBeforeNext / 1000));
      const detail = `Too many requests from this address (allowed are ${perMinute} a minute); try again in ${seconds} s.`;
      throw new RequestProblem("rate_limited", detail, { headers: { "Retry-After": String(seconds) } });
    }
  });
}
