import { freePort, type RedisServer, startRedisServer } from "@hikyaku/test-support";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type AppProcess, AppProcesses, eventually, register } from "./support/app-process.ts";
import { missingRedis, storeKinds, type TestStore, titled } from "./support/stores.ts";

describe.skipIf(missingRedis !== undefined)(titled("rate limits that API servers share in Redis", missingRedis), () => {
  const apps = new AppProcesses();
  let redis: RedisServer;
  let store: TestStore;
  beforeEach(async () => {
    const [embedded] = storeKinds;
    if (embedded === undefined) throw new Error("expected the embedded store");
    [redis, store] = await Promise.all([startRedisServer(), embedded.create()]);
  });
  afterEach(async () => {
    await apps.killAll();
    await Promise.all([redis.stop(), store.remove()]);
  });

  async function startApi(): Promise<{ app: AppProcess; port: number }> {
    const port = await freePort();
    const settings = {
      ...store.settings,
      SERVER__PORT: port,
      REDIS__DEFAULT__CLUSTER__ADDRS: `127.0.0.1:${redis.port}`,
      API__RATE_LIMIT__REQUESTS_PER_MINUTE: 3,
    };
    return { app: await apps.start("api", { settings }).ready(), port };
  }

  function warningsOf({ stderr }: AppProcess): number {
    return stderr.all.filter(({ text }) => text.includes("rate limits' Redis cannot be used")).length;
  }

  it("hold for two servers together", async () => {
    const [one, two] = await Promise.all([startApi(), startApi()]);
    const statuses: number[] = [];
    for (const { port } of [one, two, one, two]) statuses.push((await register(port, {})).status);
    expect(statuses).toEqual([201, 201, 201, 429]);
    const refused = await register(one.port, {});
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
    expect(refused.headers.get("x-ratelimit-remaining")).toBe("0");
  });

  it("let every request pass while Redis is away, warn once, and hold again when it is back", async () => {
    await redis.kill();
    const { app, port } = await startApi();
    for (const outage of [1, 2]) {
      for (let count = 0; count < 8; count++) {
        const answer = await register(port, {});
        expect(answer.status).toBe(201);
        expect(answer.ms).toBeLessThan(900);
        expect(answer.headers.get("x-ratelimit-limit")).toBe("3");
        expect(answer.headers.get("x-ratelimit-hour-remaining")).not.toBeNull();
      }
      expect(warningsOf(app)).toBe(outage);
      const ready = await fetch(`http://127.0.0.1:${port}/readyz`);
      expect([ready.status, await ready.text()]).toEqual([200, expect.stringContaining("rate_limit_store_away")]);
      await redis.restart();
      await eventually(2000, async () => expect((await register(port, {})).status).toBe(429));
      await redis.kill();
      await eventually(2000, async () => expect((await register(port, {})).status).toBe(201));
    }
  });
});
