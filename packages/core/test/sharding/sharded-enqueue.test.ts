import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { Broker } from "../../src/broker/broker.ts";
import { Inspector } from "../../src/inspector/inspector.ts";
import { Scheduler } from "../../src/scheduler/scheduler.ts";
import { shardedQueue } from "../../src/sharding/sharded-queue.ts";
import { pauseShards, resumeShards, shardedQueueSummary } from "../../src/sharding/sharded-queue-summary.ts";
import { defineTask } from "../../src/task/task.ts";
import type { EnqueueOptions } from "../../src/task/task-options.ts";
import { idsOf } from "../support/builders.ts";
import { aClient, aServer, Happenings, stores } from "../worker/stores.ts";

const emails = shardedQueue("emails", { shards: 4 });
const orders = shardedQueue("orders", { shards: 4, ordered: "strict" });
const payload = z.object({ user: z.number(), text: z.string().optional() });
const send = defineTask({ type: "send", queue: emails });
const sendKeyed = defineTask({ type: "send", payload, queue: emails, shardKey: ({ user }) => `user-${user}` });
const ship = defineTask({ type: "ship", payload, queue: orders });

describe.each(stores)("enqueueing into a sharded queue on $name", ({ open }) => {
  async function setup() {
    const broker = (await open()).connect();
    return { broker, client: aClient(broker), inspector: new Inspector({ broker }) };
  }

  it("spreads tasks without a key evenly", async () => {
    const { client, inspector } = await setup();
    const results = await client.enqueueMany(Array.from({ length: 800 }, (_, user) => send.with({ user })));
    expect(results.every(({ ok }) => ok)).toBe(true);
    const { shards, size, counts } = await shardedQueueSummary(inspector, emails);
    expect(size).toBe(800);
    expect(counts.pending).toBe(800);
    expect(shards).toHaveLength(4);
    for (const shard of shards) expect(shard.size).toBeGreaterThan(130);
  });

  it("brings tasks with the same key to the same shard, in the order of their enqueue", async () => {
    const { broker, client } = await setup();
    const tasks = [];
    for (let turn = 0; turn < 5; turn++) tasks.push(await client.enqueue(send, { turn }, { shardKey: "user-42" }));
    const queue = emails.queueOf("user-42");
    expect(new Set(tasks.map((task) => task.queue))).toEqual(new Set([queue]));
    const { tasks: claimed } = await broker.claim({
      queues: [{ queue, limit: 9 }],
      limit: 9,
      handles: { kind: "all" },
      serverId: "server",
      leaseMs: 30_000,
    });
    expect(idsOf(claimed)).toEqual(tasks.map(({ id }) => id));
  });

  it("makes the key from the payload where the definition says how, and takes one of the enqueue first", async () => {
    const { client } = await setup();
    expect((await client.enqueue(sendKeyed, { user: 7 })).queue).toBe(emails.queueOf("user-7"));
    expect((await client.enqueue(sendKeyed, { user: 7 }, { shardKey: "x" })).queue).toBe(emails.queueOf("x"));
    expect((await client.enqueue(sendKeyed, { user: 7 }, { queue: "plain" })).queue).toBe("plain");
  });

  it("finds an equal unique task, whichever way it comes", async () => {
    const { client } = await setup();
    for (let user = 0; user < 20; user++) {
      await client.enqueue(send, { user }, { uniqueFor: "1h" });
      await expect(client.enqueue(send, { user }, { uniqueFor: "1h" })).rejects.toMatchObject({ code: "task_exists" });
    }
    await client.enqueue(sendKeyed, { user: 900 }, { uniqueFor: "1h" });
    await expect(client.enqueue(sendKeyed, { user: 900 }, { uniqueFor: "1h" })).rejects.toMatchObject({
      code: "task_exists",
    });
  });

  it("finds a taken id", async () => {
    const { client } = await setup();
    for (let number = 0; number < 20; number++) {
      const taskId = `mail-${number}`;
      expect((await client.enqueue(send, { number }, { taskId })).queue).toBe(emails.queueOf(taskId));
      await expect(client.enqueue(send, { other: number }, { taskId })).rejects.toMatchObject({
        code: "task_id_taken",
      });
    }
  });

  it("keeps a group in one shard", async () => {
    const { client } = await setup();
    const tasks = await Promise.all([1, 2, 3].map((user) => client.enqueue(send, { user }, { group: "letters" })));
    expect(new Set(tasks.map(({ queue }) => queue))).toEqual(new Set([emails.queueOf("letters")]));
  });

  it.each([
    [{ shardKey: "a", uniqueFor: "1h" }, /"shardKey" and "uniqueFor".*function/],
    [{ shardKey: "a", taskId: "t" }, /"shardKey" and "taskId"/],
    [{ shardKey: "a", group: "g" }, /"shardKey" and "group"/],
    [{ uniqueFor: "1h", taskId: "t" }, /"uniqueFor" and "taskId"/],
    [{ taskId: "t", group: "g" }, /"taskId" and "group"/],
    [{ shardKey: "a", queue: "plain" }, /not made by shardedQueue/],
    [{ shardKey: " " }, /blank/],
  ] as [EnqueueOptions, RegExp][])("refuses %j, which could not be kept", async (options, words) => {
    const { client, inspector } = await setup();
    const refused = client.enqueue(send, { user: 1 }, options);
    await expect(refused).rejects.toMatchObject({ code: "invalid_option", message: expect.stringMatching(words) });
    expect(await inspector.queues()).toEqual([]);
  });

  it("wants a key for an ordered queue", async () => {
    const { client } = await setup();
    await expect(client.enqueue(ship, { user: 1 })).rejects.toMatchObject({
      code: "invalid_option",
      message: expect.stringContaining('"shardKey"'),
    });
    await expect(client.enqueue(ship, { user: 1 }, { shardKey: "1" })).resolves.toMatchObject({
      queue: orders.queueOf("1"),
    });
  });

  it("reports a shardKey function that throws or answers no text", async () => {
    const { client } = await setup();
    const throwing = defineTask({
      type: "t",
      queue: emails,
      shardKey: () => {
        throw new Error("no user");
      },
    });
    await expect(client.enqueue(throwing, {})).rejects.toMatchObject({
      code: "invalid_payload",
      message: expect.stringContaining("no user"),
    });
    const numeric = defineTask({ type: "t", queue: emails, shardKey: () => 7 as never });
    await expect(client.enqueue(numeric, {})).rejects.toMatchObject({ code: "invalid_option" });
    expect(() => defineTask({ type: "t", shardKey: "fixed" as never })).toThrow(/function of the payload/);
  });

  it("puts a scheduler entry's turns into one shard", async () => {
    const { broker, inspector } = await setup();
    const scheduler = new Scheduler({ broker });
    await scheduler.register("@every 1s", send.with({ user: 1 }));
    await scheduler.start();
    try {
      await expect.poll(async () => (await shardedQueueSummary(inspector, emails)).size, { timeout: 6_000 }).toBe(2);
      expect((await shardedQueueSummary(inspector, emails)).shards).toHaveLength(1);
      expect((await shardedQueueSummary(inspector, emails)).stray).toEqual([]);
    } finally {
      await scheduler.close();
    }
  });
});

describe.each(stores)("a sharded queue as a whole on $name", ({ open }) => {
  async function setup() {
    const broker: Broker = (await open()).connect();
    return { broker, client: aClient(broker), inspector: new Inspector({ broker }) };
  }

  it("is the sum of its shards, and tells of queues that are none of them", async () => {
    const { broker, client, inspector } = await setup();
    expect(await shardedQueueSummary(inspector, emails)).toMatchObject({
      size: 0,
      paused: "none",
      shards: [],
      stray: [],
    });
    await client.enqueueMany(Array.from({ length: 40 }, (_, user) => send.with({ user })));
    await client.enqueueMany(Array.from({ length: 10 }, (_, user) => send.with({ user }, { in: "1h" })));
    await client.enqueue(defineTask({ type: "send", queue: "emails" }), {});
    const grown = shardedQueue("emails", { shards: 64 });
    await client.enqueue(send, {}, { queue: grown, shardKey: "key-0" });
    const server = aServer(broker, { queues: { emails: 1 }, shardedQueues: [emails], concurrency: 10 });
    const ran = new Happenings<string>();
    server.handle(send, ({ taskId }) => ran.add(taskId));
    server.start();
    await ran.reach(40);
    await server.stop();
    const summary = await shardedQueueSummary(inspector, emails);
    expect(summary).toMatchObject({ size: 10, processedTotal: 40, processedToday: 40, failedTotal: 0, latencyMs: 0 });
    expect(summary.counts).toMatchObject({ scheduled: 10, pending: 0, active: 0 });
    expect(summary.stray.toSorted()).toEqual(["emails", grown.queueOf("key-0")].toSorted());
  });

  it("is paused and resumed whole, also where no task ever was", async () => {
    const { broker, client, inspector } = await setup();
    await client.enqueue(send, {}, { shardKey: "a" });
    expect(await pauseShards(broker, emails)).toBe(4);
    expect(await pauseShards(broker, emails)).toBe(0);
    await client.enqueueMany(Array.from({ length: 40 }, (_, user) => send.with({ user })));
    expect((await shardedQueueSummary(inspector, emails)).paused).toBe("all");
    const claims = emails.queues.map((queue) => ({ queue, limit: 99 }));
    const request = { queues: claims, limit: 99, handles: { kind: "all" }, serverId: "s", leaseMs: 30_000 } as const;
    expect((await broker.claim(request)).tasks).toEqual([]);
    await broker.resume(emails.queues[0] ?? "");
    expect((await shardedQueueSummary(inspector, emails)).paused).toBe("some");
    expect(await resumeShards(broker, emails)).toBe(3);
    expect((await broker.claim(request)).tasks).toHaveLength(41);
  });
});
