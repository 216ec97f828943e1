import { type RedisServer, startRedisServer } from "@hikyaku/test-support";
import { describe, expect, inject, it, onTestFinished } from "vitest";
import { redisBroker } from "../src/broker/redis/index.ts";
import { Client } from "../src/client/client.ts";
import { silentLogger } from "../src/runtime/logger.ts";
import { defineTask } from "../src/task/task.ts";
import { Server } from "../src/worker/server.ts";
import { connectRaw, type Raw } from "./support/task-places.ts";

const task = defineTask({ type: "email:send" });
const count = 2_000;

async function calls(raw: Raw): Promise<Map<string, number>> {
  const info = await raw.info("commandstats");
  return new Map(
    [...info.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)].map(([, name = "", times]) => [name, Number(times)]),
  );
}

/** Enqueues and runs tasks, and counts the commands that this takes. */
async function counted(redis: RedisServer, raw: Raw): Promise<(name: string) => number> {
  const broker = redisBroker({ url: redis.url });
  const client = new Client({ broker });
  const server = new Server({ broker, concurrency: 50, logger: silentLogger });
  onTestFinished(async () => {
    await server.stop();
    await client.close();
    await broker.close();
  });
  const all = Promise.withResolvers<void>();
  let settled = 0;
  server.handle(task, async () => undefined);
  server.on("settled", () => {
    settled++;
    if (settled === count) all.resolve();
  });
  await broker.ready();
  const before = await calls(raw);
  server.start();
  await client.enqueueMany(Array.from({ length: count }, () => task.with({})));
  await all.promise;
  await server.stop();
  await client.close();
  await broker.close();
  const after = await calls(raw);
  return (name) => (after.get(name) ?? 0) - (before.get(name) ?? 0);
}

describe("what events cost in Redis (needs redis-server)", () => {
  async function setup() {
    const redis = await startRedisServer();
    const raw = await connectRaw(redis.url);
    onTestFinished(async () => {
      raw.destroy();
      await redis.stop();
    });
    return { redis, raw };
  }

  it("nobody watching: a small question in five seconds, and nothing else", async ({ skip }) => {
    skip(inject("redisServerPath") === null, "redis-server is not installed");
    const { redis, raw } = await setup();
    const startedAt = performance.now();
    const of = await counted(redis, raw);
    const heartbeats = Math.ceil((performance.now() - startedAt) / 4_500) + 1;
    expect(["xadd", "xrange", "xrevrange"].map(of)).toEqual([0, 0, 0]);
    // What else asks for a moment is within the script of an announcement.
    expect(of("pttl")).toBeLessThanOrEqual(2 * heartbeats);
    expect(await raw.exists(["hikyaku:events", "hikyaku:watched"])).toBe(0);
  });

  it("somebody watching: ten messages a second at most, however many tasks run", async ({ skip }) => {
    skip(inject("redisServerPath") === null, "redis-server is not installed");
    const { redis, raw } = await setup();
    await raw.set("hikyaku:watched", "1", { PX: 60_000 });
    const startedAt = performance.now();
    const of = await counted(redis, raw);
    const most = Math.ceil((performance.now() - startedAt) / 100) + 3;
    expect(of("xadd")).toBeGreaterThanOrEqual(500);
    // Each message looks once for the newest event.
    expect(of("xrevrange")).toBeLessThanOrEqual(most);
    expect(of("xadd")).toBeLessThanOrEqual(most * 501);
    expect(await raw.ttl("hikyaku:events")).toBeGreaterThan(0);
    expect(await raw.memoryUsage("hikyaku:events")).toBeLessThan(8_000_000);
  });
});
