import { type RedisServer, redisServerPath, startRedisServer } from "@hikyaku/test-support";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { readable } from "../../test/support/builders.ts";
import { redisBroker } from "../broker/redis/index.ts";
import type { HikyakuError } from "../errors.ts";
import { defineTask } from "../task/task.ts";
import { Client } from "./client.ts";

const note = defineTask({ type: "note" });
const refusalOf = (promise: Promise<unknown>): Promise<HikyakuError> =>
  promise.then(
    () => Promise.reject(new Error("expected a refusal")),
    (error: HikyakuError) => error,
  );

describe.skipIf(redisServerPath() === undefined)("Client on Redis (needs redis-server)", () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedisServer();
  });
  afterAll(() => server.stop());

  async function setup() {
    const broker = redisBroker({ url: server.url });
    const client = new Client({ broker });
    onTestFinished(async () => {
      await client.close();
      await broker.close();
    });
    await broker.ready();
    return { broker, client };
  }

  it("stores, schedules and collects tasks", async () => {
    const { broker, client } = await setup();
    const at = new Date(Date.now() + 60_000);
    const results = await client.enqueueMany([
      note.with({ n: 1 }, { queue: "stores", timeout: "1500ms", headers: { trace: "1" } }),
      note.with({ n: 2 }, { queue: "stores", at }),
      note.with({ n: 3 }, { queue: "stores", group: "g" }),
    ]);
    expect(results.map((result) => result.ok && result.task.state)).toEqual(["pending", "scheduled", "aggregating"]);
    const ids = results.map((result) => (result.ok ? result.task.id : ""));
    const [now, later, grouped] = (await broker.get("stores", ids)).map((task) => task && readable(task));
    expect(now?.message).toMatchObject({ timeoutMs: 1_500, headers: { trace: "1" } });
    expect(new TextDecoder().decode(now?.message.payload)).toBe('{"n":1}');
    expect(later?.dueAt).toBe(at.getTime());
    expect(grouped?.message.group).toBe("g");
  });

  it("refuses what is there already", async () => {
    const { client } = await setup();
    const options = { queue: "refuses", uniqueFor: "1h" } as const;
    await client.enqueue(note, 1, { ...options, taskId: "mine" });
    expect(await refusalOf(client.enqueue(note, 1, options))).toMatchObject({
      code: "task_exists",
      message: expect.stringContaining('task "mine"'),
    });
    expect(await refusalOf(client.enqueue(note, 2, { queue: "refuses", taskId: "mine" }))).toMatchObject({
      code: "task_id_taken",
    });
  });

  it("enqueues thousands, each once", async () => {
    const { broker, client } = await setup();
    const many = Array.from({ length: 3_000 }, (_, index) => note.with(index, { queue: "thousands" }));
    const singles = Array.from({ length: 500 }, (_, index) => client.enqueue(note, index, { queue: "thousands" }));
    const [results] = await Promise.all([client.enqueueMany(many), ...singles]);
    expect(results.every(({ ok }) => ok)).toBe(true);
    expect((await broker.queue("thousands"))?.counts.pending).toBe(3_500);
  });

  it("gives up in time while the store hangs, and goes on when it answers again", async () => {
    const { client } = await setup();
    await client.enqueue(note, 0, { queue: "hangs" });
    server.pause();
    try {
      const started = performance.now();
      expect(await refusalOf(client.enqueue(note, 1, { queue: "hangs", within: "200ms" }))).toMatchObject({
        code: expect.stringMatching(/^(deadline_exceeded|broker_unavailable)$/),
      });
      expect(performance.now() - started).toBeLessThan(1_000);
    } finally {
      server.resume();
    }
    await expect
      .poll(() => client.enqueue(note, 2, { queue: "hangs" }), { timeout: 10_000 })
      .toMatchObject({ type: "note" });
  });

  it("refuses at once while the store is away, and goes on when it is back", async () => {
    const { broker, client } = await setup();
    await client.enqueue(note, 0, { queue: "away" });
    const gone = new Promise<void>((resolve) => {
      const stop = broker.onReachability(({ reachable }) => {
        if (reachable) return;
        stop();
        resolve();
      });
    });
    await server.kill();
    await gone;
    const started = performance.now();
    expect(await refusalOf(client.enqueue(note, 1, { queue: "away" }))).toMatchObject({ code: "broker_unavailable" });
    const results = await client.enqueueMany([note.with(2, { queue: "away" }), note.with(3, { queue: "away" })]);
    expect(results.map((result) => !result.ok && result.error.code)).toEqual(Array(2).fill("broker_unavailable"));
    expect(performance.now() - started).toBeLessThan(500);
    await server.restart();
    await expect
      .poll(() => client.enqueue(note, 4, { queue: "away" }), { timeout: 10_000 })
      .toMatchObject({ type: "note" });
  });
});
