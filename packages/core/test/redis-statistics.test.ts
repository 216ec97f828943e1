import { type RedisServer, redisServerPath, startRedisServer } from "@hikyaku/test-support";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import type { Broker } from "../src/broker/broker.ts";
import { redisBroker } from "../src/broker/redis/index.ts";
import { countPlaces, noCounts } from "../src/broker/statistics-counts.ts";
import { connectRaw, type Raw } from "./support/task-places.ts";

describe.skipIf(redisServerPath() === undefined)("statistics in Redis (needs redis-server)", () => {
  let server: RedisServer;
  let raw: Raw;
  let broker: Broker;
  beforeAll(async () => {
    server = await startRedisServer();
    raw = await connectRaw(server.url);
  });
  afterAll(async () => {
    raw.destroy();
    await server.stop();
  });
  beforeEach(async () => {
    await raw.flushAll();
    broker = redisBroker({ url: server.url });
    onTestFinished(() => broker.close());
    await broker.ready();
  });

  const minute = (): number => Date.now() - (Date.now() % 60_000);
  const cell = (queue: string, at: number) => {
    const counts = noCounts();
    counts[countPlaces.started] = 1;
    return { queue, type: "mail", minute: at, counts };
  };
  const started = async (queue: string, at: number): Promise<number | undefined> => {
    const range = { queues: [queue], resolution: "minute", from: at, to: at + 1, types: "all" } as const;
    return (await broker.readStatistics(range))[0]?.counts[countPlaces.started];
  };

  it("end by themselves, all of them", async () => {
    const at = minute();
    await broker.addStatistics({ writer: "a", sequence: 1, cells: [cell("default", at)] });
    const keys = (await raw.keys("*")).sort();
    expect(keys.map((key) => key.replace(/\d+$/, "n"))).toEqual([
      "hikyaku:{default}:statistics:by:a",
      "hikyaku:{default}:statistics:day:n",
      "hikyaku:{default}:statistics:minute:n",
      "hikyaku:{default}:statistics:ten_minutes:n",
    ]);
    const lives = await Promise.all(keys.map((key) => raw.ttl(key)));
    const hours = lives.map((seconds) => Math.round(seconds / 3_600));
    expect(hours[0]).toBe(2);
    expect(hours[1]).toBeGreaterThanOrEqual(90 * 24);
    expect(hours[1]).toBeLessThanOrEqual(91 * 24);
    expect(hours.slice(2)).toEqual([8, 72]);
  });

  it("are begun anew where something else lies in the place of a number", async () => {
    const at = minute();
    await raw.hSet(`hikyaku:{default}:statistics:minute:${at / 1_000}`, { "": "garbage", mail: "\u0091\u00a1x" });
    expect(await started("default", at)).toBe(0);
    await broker.addStatistics({ writer: "a", sequence: 1, cells: [cell("default", at)] });
    expect(await started("default", at)).toBe(1);
  });

  it("of one queue are refused where its key is of another type, with what to do; the others' are added once", async () => {
    const at = minute();
    await raw.set(`hikyaku:{default}:statistics:minute:${at / 1_000}`, "x");
    const report = { writer: "a", sequence: 1, cells: [cell("default", at), cell("low", at)] };
    for (let turn = 0; turn < 2; turn++) {
      await expect(broker.addStatistics(report)).rejects.toMatchObject({
        message: expect.stringContaining("remove it"),
      });
    }
    expect(await started("low", at)).toBe(1);
    expect(await started("default", at)).toBeUndefined();
    await raw.flushAll();
    await broker.addStatistics(report);
    expect(await started("default", at)).toBe(1);
  });
});
