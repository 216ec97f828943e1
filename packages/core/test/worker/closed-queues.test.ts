import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { Broker } from "../../src/broker/broker.ts";
import type { LogFields } from "../../src/runtime/logger.ts";
import { silentLogger } from "../../src/runtime/logger.ts";
import { shardedQueue } from "../../src/sharding/sharded-queue.ts";
import { changeShardOrder } from "../../src/sharding/sharded-queue-summary.ts";
import { defineTask } from "../../src/task/task.ts";
import { connectRaw } from "../support/task-places.ts";
import { flakyBroker } from "./flaky-broker.ts";
import { aClient, aServer, Happenings, stores } from "./stores.ts";

const strict = shardedQueue("orders", { shards: 1, ordered: "strict" });
const loose = shardedQueue("orders", { shards: 1, ordered: "loose" });
const plain = shardedQueue("orders", { shards: 1 });
const [shard = ""] = strict.queues;
const ship = defineTask({ type: "ship", queue: strict, shardKey: () => "k" });

/** A broker that counts the claims that are made through it. */
function counted(real: Broker): { readonly broker: Broker; readonly claims: () => number } {
  let claims = 0;
  const broker = flakyBroker(real, {
    claim: (...args) => {
      claims++;
      return real.claim(...args);
    },
  });
  return { broker, claims: () => claims };
}

function aWorker(broker: Broker, options: Parameters<typeof aServer>[1] = {}) {
  const ran = new Happenings<string>();
  const lines = new Happenings<{ readonly message: string; readonly fields: LogFields | undefined }>();
  const note = (message: string, fields?: LogFields): void => lines.add({ message, fields });
  const server = aServer(broker, {
    queues: { orders: 1 },
    shardedQueues: [strict],
    logger: { ...silentLogger, warn: note, error: note },
    ...options,
  });
  server.handle(ship, ({ queue }) => ran.add(queue));
  server.start();
  return { ran, lines, server };
}

/** Writes a policy that no version knows. */
async function writePolicy(address: string, policy: string): Promise<void> {
  if (address.startsWith("redis:")) {
    const raw = await connectRaw(address);
    await raw.set(`hikyaku:{${shard}}:policy`, policy);
    raw.destroy();
    return;
  }
  const file = new DatabaseSync(address);
  file.prepare("INSERT OR REPLACE INTO queue_policies VALUES (?, ?)").run(shard, policy);
  file.close();
}

describe.each(stores)("a queue that nothing may be taken from, on $name", ({ open }) => {
  it("is asked about once a second at most while it is paused, and worked when it is resumed", async () => {
    const real = (await open()).connect();
    await real.pause("default");
    const task = defineTask({ type: "ship" });
    await aClient(real).enqueueMany([task.with({}), task.with({})]);
    const { broker, claims } = counted(real);
    const { ran } = aWorker(broker, { queues: { default: 1 }, shardedQueues: [] });
    await expect.poll(claims).toBeGreaterThan(0);
    await delay(3_000);
    expect(claims()).toBeLessThanOrEqual(6);
    expect(ran.all).toEqual([]);
    await real.resume("default");
    await ran.reach(2);
  }, 30_000);

  it("is asked about once a second at most while another server holds the next task", async () => {
    const store = await open();
    const real = store.connect();
    await real.declarePolicy({ queue: shard, policy: { kind: "ordered", discipline: "strict" } });
    await aClient(real).enqueueMany([ship.with({}), ship.with({})]);
    const handles = { kind: "all" } as const;
    const request = { queues: [{ queue: shard, limit: 1 }], limit: 1, handles, serverId: "other", leaseMs: 60_000 };
    const { tasks } = await real.claim(request);
    const { broker, claims } = counted(store.connect());
    const { ran } = aWorker(broker);
    await expect.poll(claims).toBeGreaterThan(0);
    await delay(3_000);
    expect(claims()).toBeLessThanOrEqual(6);
    expect(ran.all).toEqual([]);
    await real.settle(tasks.map((task) => ({ task, outcome: { kind: "done" } })));
    await ran.reach(1);
  }, 30_000);
});

describe.each(stores)("how a queue is worked, on $name", ({ open }) => {
  it("is declared by the server that is told, before it takes the first task, and again when the store forgot it", async () => {
    const broker = (await open()).connect();
    const { ran } = aWorker(broker);
    await aClient(broker).enqueue(ship, {});
    await ran.reach(1);
    const policy = { kind: "ordered", discipline: "strict" } as const;
    expect(await broker.declarePolicy({ queue: shard, policy })).toEqual({ kind: "agrees" });
    await broker.declarePolicy({ queue: shard, policy: { kind: "open" }, replace: true });
    await aClient(broker).enqueue(ship, {});
    await ran.reach(2);
    expect(await broker.declarePolicy({ queue: shard, policy })).toEqual({ kind: "agrees" });
  }, 20_000);

  it("is told by servers that disagree, which take nothing until the order is changed", async () => {
    const broker = (await open()).connect();
    await changeShardOrder(broker, strict);
    await aClient(broker).enqueue(ship, {});
    const { ran, lines } = aWorker(broker, { shardedQueues: [loose] });
    const [line] = await lines.reach(1);
    expect(line?.message).toContain("changeShardOrder");
    expect(line?.fields).toEqual({ queue: shard, expected: "ordered:loose", stored: "ordered:strict" });
    await delay(300);
    expect(ran.all).toEqual([]);
    expect(await changeShardOrder(broker, loose)).toBe(1);
    await ran.reach(1);
    expect(lines.all).toHaveLength(1);
  }, 20_000);

  it("is obeyed by a server that was told of no order, which says so", async () => {
    const broker = (await open()).connect();
    await changeShardOrder(broker, strict);
    let [running, most] = [0, 0];
    const ran = new Happenings<string>();
    const lines = new Happenings<string>();
    const logger = { ...silentLogger, warn: (message: string) => lines.add(message) };
    const server = aServer(broker, { queues: { orders: 1 }, shardedQueues: [plain], logger });
    server.handle(ship, async ({ queue }) => {
      most = Math.max(most, ++running);
      await delay(5);
      running--;
      ran.add(queue);
    });
    await aClient(broker).enqueueMany([ship.with({}), ship.with({}), ship.with({})]);
    server.start();
    await ran.reach(3);
    expect(most).toBe(1);
    expect(await lines.reach(1)).toEqual([expect.stringContaining("it obeys the store")]);
  }, 20_000);

  it.each([
    ["a server that was told of no order", [plain]],
    ["servers that were told the order, another one, and none", [strict, loose, plain]],
  ])(
    "is handed on without a pause after each task to %s",
    async (_, told) => {
      const store = await open();
      const broker = store.connect();
      await changeShardOrder(broker, strict);
      const ran = new Happenings<string>();
      for (const queue of told) {
        const server = aServer(store.connect(), { queues: { orders: 1 }, shardedQueues: [queue] });
        server.handle(ship, async (context) => {
          await delay(2);
          ran.add(context.taskId);
        });
        server.start();
      }
      await aClient(broker).enqueueMany(Array.from({ length: 100 }, () => ship.with({})));
      await ran.reach(100);
    },
    30_000,
  );

  it("keeps a server that does not know the policy away from the queue, and the server says so once", async () => {
    const store = await open();
    const broker = store.connect();
    await aClient(broker).enqueue(ship, {});
    await writePolicy(store.address, "levels:3");
    const { ran, lines } = aWorker(broker, { queues: { [shard]: 1 }, shardedQueues: [] });
    const [line] = await lines.reach(1);
    expect(line?.fields).toEqual({ queue: shard, policy: "levels:3" });
    await delay(1_500);
    expect(ran.all).toEqual([]);
    expect(lines.all).toHaveLength(1);
  }, 20_000);
});
