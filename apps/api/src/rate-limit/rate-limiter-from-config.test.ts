import { loadConfig } from "@hikyaku/config";
import { freePort } from "@hikyaku/test-support";
import { describe, expect, it } from "vitest";
import { rateLimiterFromConfig } from "./rate-limiter-from-config.ts";

const quiet = { warn: () => undefined, info: () => undefined };

async function limiterFor(settings: Record<string, string>) {
  const env = Object.fromEntries(Object.entries(settings).map(([key, value]) => [`HIKYAKU__${key}`, value]));
  return rateLimiterFromConfig(loadConfig({ env: { APP_ENV: "local", ...env } }), quiet);
}

describe("the rate limiter of the settings", () => {
  it("is none when it is switched off", async () => {
    expect(await limiterFor({ API__RATE_LIMIT__ENABLED: "false" })).toBeUndefined();
  });

  it("is the memory for auto without addresses, and for memory with some", async () => {
    for (const settings of [
      {},
      { API__RATE_LIMIT__STORAGE_TYPE: "memory", REDIS__DEFAULT__CLUSTER__ADDRS: `127.0.0.1:${await freePort()}` },
    ]) {
      const limiter = await limiterFor(settings);
      expect(await limiter?.check()).toMatchObject({ code: "rate_limit_counts", store: null });
      await limiter?.close();
    }
  });

  it.each(["auto", "redis"])("is Redis for %s with addresses, and starts although nobody is there", async (type) => {
    const addr = `127.0.0.1:${await freePort()}`;
    const limiter = await limiterFor({ API__RATE_LIMIT__STORAGE_TYPE: type, REDIS__DEFAULT__CLUSTER__ADDRS: addr });
    try {
      expect(await limiter?.consume("somebody")).toMatchObject({ allowed: true, minute: { limit: 60, remaining: 60 } });
      expect(await limiter?.check()).toMatchObject({
        code: "rate_limit_store_away",
        store: expect.stringContaining(addr),
      });
    } finally {
      await limiter?.close();
    }
  });

  it("counts with the limits that were set", async () => {
    const limiter = await limiterFor({
      API__RATE_LIMIT__REQUESTS_PER_MINUTE: "2",
      API__RATE_LIMIT__REQUESTS_PER_HOUR: "7",
    });
    expect(await limiter?.consume("somebody")).toMatchObject({
      minute: { limit: 2 },
      hour: { limit: 7, remaining: 6 },
    });
  });
});
