import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startRedisServer } from "@hikyaku/test-support";
import { type Broker, Client, defineTask, Server } from "hikyaku";
import { redisBroker } from "hikyaku/redis";
import { sqliteBroker } from "hikyaku/sqlite";
import { afterEach, describe, expect, inject, it } from "vitest";
import { z } from "zod";

const cleanUp: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step();
});

const stores: Record<string, () => Promise<Broker>> = {
  async "on SQLite"() {
    const folder = await mkdtemp(join(tmpdir(), "hikyaku-delays-"));
    cleanUp.push(() => rm(folder, { recursive: true, force: true }));
    return sqliteBroker({ path: join(folder, "tasks.db") });
  },
  async "on Redis"() {
    const redis = await startRedisServer({ args: ["--appendonly", "yes", "--appendfsync", "everysec"] });
    cleanUp.push(() => redis.stop());
    return redisBroker({ url: redis.url });
  },
};

const delayed = defineTask({ type: "test:delayed", payload: z.object({ number: z.number(), dueAt: z.number() }) });
const total = 10_000;

describe.each(Object.entries(stores))("ten thousand tasks with delays from 0 to 5 s, %s", (name, open) => {
  it("each run once, none of them early", async ({ skip }) => {
    if (name === "on Redis" && inject("redisServerPath") === null) skip("redis-server is not installed");
    const broker = await open();
    cleanUp.push(() => broker.close());
    const client = new Client({ broker });
    cleanUp.push(() => client.close());
    const runs = new Uint8Array(total);
    const lateness: number[] = [];
    const all = Promise.withResolvers<void>();
    const server = new Server({ broker, concurrency: 100 });
    cleanUp.push(() => server.close());
    server.handle(delayed, async ({ payload }) => {
      lateness.push(Date.now() - payload.dueAt);
      runs[payload.number] = (runs[payload.number] ?? 0) + 1;
      if (lateness.length === total) all.resolve();
    });
    await server.start();

    const from = Date.now() + 1_000;
    const requests = Array.from({ length: total }, (_, number) => {
      const dueAt = from + Math.floor((number * 5_000) / total);
      return delayed.with({ number, dueAt }, { at: new Date(dueAt) });
    });
    const results = await client.enqueueMany(requests);
    expect(results.every((result) => result.ok)).toBe(true);
    await all.promise;
    await server.stop();

    expect(runs.every((count) => count === 1)).toBe(true);
    expect(Math.min(...lateness)).toBeGreaterThanOrEqual(0);
    // How late they were depends on the machine: `npm run bench` measures it.
    const sorted = lateness.sort((a, b) => a - b);
    process.stderr.write(`${name}: late by p50 ${sorted[total / 2]} ms, p99 ${sorted[(total * 99) / 100]} ms\n`);
  });
});
