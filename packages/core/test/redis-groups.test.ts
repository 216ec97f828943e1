import { type RedisServer, redisServerPath, startRedisServer } from "@hikyaku/test-support";
import { createClient } from "redis";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Broker } from "../src/broker/broker.ts";
import type { EnqueueItem } from "../src/broker/enqueue-facet.ts";
import type { AggregationSet } from "../src/broker/group-facet.ts";
import { redisBroker } from "../src/broker/redis/index.ts";
import type { TaskMessage } from "../src/broker/task-message.ts";
import { encodeTaskMessage } from "../src/codec/task-codec.ts";
import { aTask, placedNow } from "./support/builders.ts";
import "./support/expectations.ts";
import { FakeClock } from "./support/fake-clock.ts";

/** What lies in Redis under which key while groups are collected; the promises behind it are in the broker contract. */
describe.skipIf(redisServerPath() === undefined)("groups in Redis (needs redis-server)", () => {
  let server: RedisServer;
  let broker: Broker;
  let clock: FakeClock;
  let raw: ReturnType<typeof createClient>;

  beforeAll(async () => {
    server = await startRedisServer();
    raw = createClient({ url: server.url });
    await raw.connect();
  });
  afterAll(async () => {
    raw.destroy();
    await server.stop();
  });
  beforeEach(async () => {
    await raw.flushAll();
    clock = new FakeClock();
    broker = redisBroker({ url: server.url, clock });
    await broker.ready();
    return () => broker.close();
  });

  const seconds = (): number => Math.floor(clock.now() / 1_000);
  const goSetId = "0b0e7ba5-6a7b-4f6c-9d1e-3a1b2c3d4e5f";

  function grouped(overrides: Partial<TaskMessage> = {}): EnqueueItem {
    return { message: aTask({ group: "letters", ...overrides }), placement: { kind: "group" } };
  }

  async function taken(group = "letters"): Promise<AggregationSet> {
    clock.advance(61_000);
    const limits = { maxSize: undefined, maxDelayMs: undefined, gracePeriodMs: 60_000 };
    const set = await broker.collect({ queue: "default", group, limits, holdMs: 120_000 });
    if (set === undefined) throw new Error("expected a ripe group");
    return set;
  }

  it("keeps a set as Asynq does: its members with their scores, and its whole key among all sets", async () => {
    const [first, second] = [grouped({ group: "a:b" }), grouped({ group: "a:b" })];
    const joined = seconds();
    await broker.enqueue([first]);
    clock.advance(1_000);
    await broker.enqueue([second]);
    const set = await taken("a:b");
    const key = `asynq:{default}:g:a:b:${set.setId}`;
    expect(set.setId).toMatch(/^[0-9a-f-]{36}$/);
    expect(await raw.zRangeWithScores(key, 0, -1)).toEqual([
      { value: first.message.id, score: joined },
      { value: second.message.id, score: joined + 1 },
    ]);
    expect(await raw.zRangeWithScores("asynq:{default}:aggregation_sets", 0, -1)).toEqual([
      { value: key, score: set.deadlineAt / 1_000 },
    ]);
    expect(await raw.exists(["asynq:{default}:groups", "asynq:{default}:g:a:b"])).toBe(0);
    expect(await raw.hGet(`asynq:{default}:t:${first.message.id}`, "state")).toBe("aggregating");
    await broker.finish(set, placedNow({ id: set.setId }));
    expect((await raw.keys("*")).sort()).toEqual([
      "asynq:queues",
      "asynq:{default}:pending",
      `asynq:{default}:t:${set.setId}`,
    ]);
  });

  it("tolerates names of groups without tasks, and leaves them for a scheduled task to join", async () => {
    await broker.enqueue([
      { message: aTask({ group: "later" }), placement: { kind: "at", at: clock.now() + 1_000 } },
      grouped(),
    ]);
    expect((await broker.groups("default")).map(({ group }) => group)).toEqual(["letters"]);
    expect((await raw.sMembers("asynq:{default}:groups")).sort()).toEqual(["later", "letters"]);
  });

  it("takes a set of a Go program back only after a margin, since its clock may differ", async () => {
    const { message } = grouped({ group: "a:b" });
    await broker.enqueue([{ message, placement: { kind: "group" } }]);
    const key = `asynq:{default}:g:a:b:${goSetId}`;
    await raw.rename("asynq:{default}:g:a:b", key);
    await raw.del("asynq:{default}:groups");
    await raw.zAdd("asynq:{default}:aggregation_sets", { value: key, score: seconds() + 120 });
    clock.advance(121_000);
    expect(await broker.reclaim("default", 10)).toEqual({ sets: 0, tasks: 0 });
    clock.advance(30_000);
    expect(await broker.reclaim("default", 10)).toEqual({ sets: 1, tasks: 1 });
    expect(await raw.zRange("asynq:{default}:g:a:b", 0, -1)).toEqual([message.id]);
    expect(await raw.sMembers("asynq:{default}:groups")).toEqual(["a:b"]);
    expect(await raw.exists([key, "asynq:{default}:aggregation_sets"])).toBe(0);
  });

  it("forgets a set whose members are gone", async () => {
    const gone = { value: `asynq:{default}:g:letters:${goSetId}`, score: 1 };
    await raw.zAdd("asynq:{default}:aggregation_sets", gone);
    expect(await broker.reclaim("default", 10)).toEqual({ sets: 1, tasks: 0 });
    expect(await raw.keys("*")).toEqual([]);
  });

  it("archives a task that can't be read as it is, drops an id without a task, and aggregates the rest", async () => {
    const good = grouped();
    await broker.enqueue([good, grouped({ id: "poison" })]);
    await raw.hSet("asynq:{default}:t:poison", "msg", "no message");
    await raw.zAdd("asynq:{default}:g:letters", { value: "ghost", score: seconds() });
    const set = await taken();
    expect(set.messages).toEqual([good.message]);
    expect(set.setAside.map(({ taskId, reason }) => [taskId, reason]).sort()).toEqual([
      ["ghost", "no_body"],
      ["poison", "unreadable"],
    ]);
    expect(await raw.zRange("asynq:{default}:archived", 0, -1)).toEqual(["poison"]);
    expect(await raw.hGetAll("asynq:{default}:t:poison")).toMatchObject({ msg: "no message", state: "archived" });
    expect(await broker.finish(set, undefined)).toMatchObject({ kind: "finished" });
    expect(await raw.exists([`asynq:{default}:g:letters:${set.setId}`, "asynq:{default}:aggregation_sets"])).toBe(0);
  });

  it("releases the lock of a task of a Go program, which names it only inside its message", async () => {
    const lock = "asynq:{default}:unique:note:";
    const message = aTask({ id: "go", group: "letters", uniqueKey: lock });
    await raw.hSet("asynq:{default}:t:go", { msg: encodeTaskMessage(message), state: "aggregating", group: "letters" });
    await raw.zAdd("asynq:{default}:g:letters", { value: "go", score: seconds() });
    await raw.sAdd("asynq:{default}:groups", "letters");
    await raw.set(lock, "go");
    await broker.finish(await taken(), undefined);
    expect(await raw.keys("*")).toEqual([]);
  });

  it("removes what is left of a large set whose server died while it removed the bodies", async () => {
    const lock = "asynq:{default}:unique:note:";
    const message = aTask({ id: "left", group: "letters", uniqueKey: lock });
    await raw.hSet("asynq:{default}:t:left", { msg: encodeTaskMessage(message), state: "aggregating" });
    await raw.set(lock, "left");
    await raw.sAdd("hikyaku:{default}:leftovers", goSetId);
    await raw.zAdd(`hikyaku:{default}:leftovers:${goSetId}`, { value: "left", score: 1 });
    expect(await broker.reclaim("default", 10)).toEqual({ sets: 0, tasks: 0 });
    expect(await raw.keys("*")).toEqual([]);
  });

  it("goes on with a set that was put back in part, and its taker can't finish it any more", async () => {
    await broker.enqueue([grouped(), grouped()]);
    const set = await taken();
    const key = `asynq:{default}:g:letters:${set.setId}`;
    await raw.zAdd("asynq:{default}:aggregation_sets", { value: key, score: 0 });
    expect(await broker.finish(set, placedNow())).toEqual({ kind: "lost" });
    expect(await broker.putBack(set)).toBe("lost");
    expect(await broker.reclaim("default", 10)).toEqual({ sets: 1, tasks: 2 });
    expect(await broker.groups("default")).toMatchObject([{ group: "letters", size: 2 }]);
  });
});
