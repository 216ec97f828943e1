import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { type RedisServer, startRedisServer } from "@hikyaku/test-support";
import { describe, expect, inject, it, onTestFinished } from "vitest";
import { redisBroker } from "../src/broker/redis/index.ts";
import { Client } from "../src/client/client.ts";
import { Inspector } from "../src/inspector/inspector.ts";
import { defineTask } from "../src/task/task.ts";
import { Server } from "../src/worker/server.ts";

// What tasks cost in Redis, counted and not timed, so that the bounds hold on any machine.

const run = promisify(execFile);
const task = defineTask({ type: "cost" });
const payload = { x: "x".repeat(90) };
const count = 5_000;

interface Cost {
  /** What the client asked for: each is a round trip unless it shared one. */
  readonly scripts: number;
  /** All else, which but for a handful is what the scripts did inside Redis. */
  readonly inner: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

async function commandsOf(server: RedisServer, name: string): Promise<number> {
  const { stdout } = await run("redis-cli", ["-p", String(server.port), "info", "commandstats"]);
  return Number(new RegExp(`^cmdstat_${name}:calls=(\\d+)`, "m").exec(stdout)?.[1] ?? 0);
}

async function costSoFar(server: RedisServer): Promise<Cost> {
  const { stdout } = await run("redis-cli", ["-p", String(server.port), "info", "all"]);
  const field = (name: string): number => Number(new RegExp(`^${name}:(\\d+)`, "m").exec(stdout)?.[1] ?? 0);
  let scripts = 0;
  for (const [, calls] of stdout.matchAll(/^cmdstat_eval(?:sha)?:calls=(\d+)/gm)) scripts += Number(calls);
  return {
    scripts,
    inner: field("total_commands_processed") - scripts,
    bytesIn: field("total_net_input_bytes"),
    bytesOut: field("total_net_output_bytes"),
  };
}

async function costOf(server: RedisServer, work: () => Promise<unknown>): Promise<Cost> {
  const before = await costSoFar(server);
  await work();
  const after = await costSoFar(server);
  return {
    scripts: after.scripts - before.scripts,
    inner: after.inner - before.inner,
    bytesIn: after.bytesIn - before.bytesIn,
    // The look itself answers with some 10 kB.
    bytesOut: after.bytesOut - before.bytesOut - 10_000,
  };
}

async function setup() {
  const redis = await startRedisServer();
  const broker = redisBroker({ url: redis.url });
  const client = new Client({ broker });
  await broker.ready();
  onTestFinished(async () => {
    await client.close();
    await broker.close();
    await redis.stop();
  });
  return { redis, broker, client };
}

describe.skipIf(inject("redisServerPath") === null)("what a task costs in Redis (needs redis-server)", () => {
  it("enqueued with many: one transaction for 256 tasks, a command and 380 bytes a task", async () => {
    const { redis, client } = await setup();
    await client.enqueueMany(Array.from({ length: 1_000 }, () => task.with(payload)));
    const before = await commandsOf(redis, "exec");
    const cost = await costOf(redis, () => client.enqueueMany(Array.from({ length: count }, () => task.with(payload))));
    expect((await commandsOf(redis, "exec")) - before).toBeLessThanOrEqual(Math.ceil(count / 256) + 2);
    expect(cost.scripts).toBe(0);
    expect(cost.inner / count).toBeLessThan(1.1);
    expect(cost.bytesIn / count).toBeLessThan(380);
    expect(cost.bytesOut / count).toBeLessThan(15);
  });

  it("enqueued with many under ids of their own: one script for 256 tasks, two inner commands and 350 bytes a task", async () => {
    const { redis, client } = await setup();
    const named = Array.from({ length: count }, (_, index) => task.with(payload, { taskId: `own-${index}` }));
    const cost = await costOf(redis, () => client.enqueueMany(named));
    expect(cost.scripts).toBeLessThanOrEqual(Math.ceil(count / 256) + 2);
    expect(cost.inner / count).toBeLessThan(2.5);
    expect(cost.bytesIn / count).toBeLessThan(350);
    expect(cost.bytesOut / count).toBeLessThan(5);
  });

  it("run by a busy worker: a script for 16 tasks or more, seven inner commands and 600 bytes a task", async () => {
    const { redis, broker, client } = await setup();
    await client.enqueueMany(Array.from({ length: count }, () => task.with(payload)));
    const server = new Server({ broker, concurrency: 100 });
    onTestFinished(() => server.close());
    const all = Promise.withResolvers<void>();
    let ran = 0;
    server.handle(task, async () => {
      ran++;
      if (ran === count) all.resolve();
    });
    const cost = await costOf(redis, async () => {
      await server.start();
      await all.promise;
      await server.stop();
    });
    expect(cost.scripts).toBeLessThanOrEqual(count / 16);
    expect(cost.inner / count).toBeLessThan(7);
    expect((cost.bytesIn + cost.bytesOut) / count).toBeLessThan(600);
  });

  it("asked by an inspector whether there is its queue: one small command, no script", async () => {
    const { redis, broker, client } = await setup();
    await client.enqueue(task, payload);
    const inspector = new Inspector({ broker });
    const before = await commandsOf(redis, "sismember");
    const cost = await costOf(redis, () => inspector.history("default", 1));
    expect((await commandsOf(redis, "sismember")) - before).toBe(1);
    expect(cost.scripts).toBe(0);
  });

  it("keeps a waiting task in 700 bytes with Redis' defaults, and in 400 with longer flat hashes", async () => {
    const { redis, client } = await setup();
    const bytesPerTask = async (): Promise<number> => {
      await run("redis-cli", ["-p", String(redis.port), "flushall"]);
      const used = async (): Promise<number> => {
        const { stdout } = await run("redis-cli", ["-p", String(redis.port), "info", "memory"]);
        return Number(/^used_memory_dataset:(\d+)/m.exec(stdout)?.[1]);
      };
      const before = await used();
      await client.enqueueMany(Array.from({ length: 20_000 }, () => task.with(payload)));
      return ((await used()) - before) / 20_000;
    };
    expect(await bytesPerTask()).toBeLessThan(700);
    // The name before Redis 7, which later servers know too.
    await run("redis-cli", ["-p", String(redis.port), "config", "set", "hash-max-ziplist-value", "2048"]);
    expect(await bytesPerTask()).toBeLessThan(400);
  });
});
