import { redisServerPath, startRedisServer } from "@hikyaku/test-support";
import { createClient } from "redis";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { Broker } from "../../src/broker/broker.ts";
import { redisBroker } from "../../src/broker/redis/index.ts";
import { placedNow, stateOf } from "../support/builders.ts";
import { aServer, closedAtEnd, Happenings } from "./stores.ts";

async function setup() {
  const redis = await startRedisServer({ args: ["--appendonly", "yes", "--appendfsync", "always"] });
  onTestFinished(() => redis.stop());
  const broker = closedAtEnd(redisBroker({ url: redis.url }));
  const ran = new Happenings<string>();
  return { redis, broker, ran };
}

async function accepted(broker: Broker): Promise<void> {
  const [outcome] = await broker.enqueue([placedNow({ type: "t" })]);
  if (outcome?.kind !== "accepted") throw new Error(`expected the store to accept a task, got ${outcome?.kind}`);
}

describe.runIf(redisServerPath() !== undefined)("a server whose Redis goes away", () => {
  it("works again within two seconds of its return, as often as it happens", async () => {
    const { redis, broker, ran } = await setup();
    const server = aServer(broker).handleRaw("t", ({ taskId }) => void ran.add(taskId));
    server.start();
    for (let round = 1; round <= 2; round++) {
      await redis.kill();
      await vi.waitFor(() => expect(server.status().reachability.reachable).toBe(false));
      await redis.restart();
      const backAt = performance.now();
      await vi.waitFor(() => accepted(broker), { timeout: 5_000, interval: 10 });
      await ran.reach(round);
      expect(performance.now() - backAt).toBeLessThan(2_000);
    }
  }, 30_000);

  it("works again within two seconds after Redis had no memory left", async () => {
    const { redis, broker, ran } = await setup();
    aServer(broker)
      .handleRaw("t", ({ taskId }) => void ran.add(taskId))
      .start();
    await accepted(broker);
    await ran.reach(1);
    const admin = await createClient({ url: redis.url }).connect();
    onTestFinished(() => admin.destroy());
    await admin.configSet("maxmemory", "1");
    // So many refusals that every pause between two tries has grown to its limit.
    const refusals = async (): Promise<number> => {
      const stats = await admin.info("commandstats");
      return Number(/cmdstat_blmove:.*rejected_calls=(\d+)/.exec(stats)?.[1] ?? 0);
    };
    await vi.waitFor(async () => expect(await refusals()).toBeGreaterThan(8), { timeout: 20_000, interval: 100 });
    await admin.configSet("maxmemory", "0");
    const backAt = performance.now();
    await accepted(broker);
    await ran.reach(2);
    expect(performance.now() - backAt).toBeLessThan(2_000);
  }, 40_000);

  it("starts without it and works as soon as it is there", async () => {
    const { redis, broker, ran } = await setup();
    const item = placedNow({ type: "t" });
    await broker.enqueue([item]);
    await redis.kill();
    const cold = closedAtEnd(redisBroker({ url: redis.url }));
    const server = aServer(cold).handleRaw("t", ({ taskId }) => void ran.add(taskId));
    server.start();
    await vi.waitFor(() => expect(server.status().reachability.reason).not.toBe("not connected yet"));
    expect(server.status()).toMatchObject({ state: "active", reachability: { reachable: false } });
    await redis.restart();
    expect(await ran.reach(1)).toEqual([item.message.id]);
  }, 30_000);

  it("writes what was done meanwhile when it is back, without running it again", async () => {
    const { redis, broker, ran } = await setup();
    const gate = Promise.withResolvers<void>();
    const server = aServer(broker).handleRaw("t", async ({ taskId }) => {
      ran.add(taskId);
      await gate.promise;
    });
    server.start();
    const item = placedNow({ type: "t" });
    await broker.enqueue([item]);
    await ran.reach(1);
    await redis.kill();
    gate.resolve();
    await vi.waitFor(() => expect(server.status()).toMatchObject({ running: 0, unanswered: 1 }));
    await redis.restart();
    await vi.waitFor(() => expect(server.status()).toMatchObject({ unanswered: 0, counts: { settled: 1, lost: 0 } }), {
      timeout: 5_000,
    });
    expect(await stateOf(broker, item.message)).toBeUndefined();
    expect(ran.all).toHaveLength(1);
  }, 30_000);

  it("takes new tasks when it is back, also with every slot's outcome waiting to be written", async () => {
    const { redis, broker, ran } = await setup();
    const gate = Promise.withResolvers<void>();
    const server = aServer(broker, { concurrency: 4 }).handleRaw("t", async ({ taskId }) => {
      ran.add(taskId);
      await gate.promise;
    });
    server.start();
    for (let count = 0; count < 4; count++) await accepted(broker);
    await ran.reach(4);
    await redis.kill();
    gate.resolve();
    await vi.waitFor(() => expect(server.status()).toMatchObject({ running: 0, unanswered: 4 }));
    await redis.restart();
    await vi.waitFor(() => accepted(broker), { timeout: 5_000, interval: 10 });
    await ran.reach(5);
    expect(server.status().counts.lost).toBe(0);
  }, 30_000);

  it.each(["killed", "frozen"])(
    "stops within its limits while Redis is %s",
    async (how) => {
      const { redis, broker, ran } = await setup();
      const server = aServer(broker).handleRaw("t", ({ taskId }) => {
        ran.add(taskId);
        return new Promise<never>(() => undefined);
      });
      server.start();
      await broker.enqueue([placedNow({ type: "t" })]);
      await ran.reach(1);
      if (how === "killed") await redis.kill();
      else redis.pause();
      const startedAt = performance.now();
      await server.stop();
      expect(performance.now() - startedAt).toBeLessThan(12_000);
      expect(server.status().state).toBe("closed");
      if (how === "frozen") redis.resume();
    },
    30_000,
  );
});
