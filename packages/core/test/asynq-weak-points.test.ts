import { redisServerPath, startRedisServer } from "@hikyaku/test-support";
import { createClient } from "redis";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { redisBroker } from "../src/broker/redis/index.ts";
import { Client } from "../src/client/client.ts";
import { encodeTaskMessage } from "../src/codec/task-codec.ts";
import { Inspector } from "../src/inspector/inspector.ts";
import { defineTask } from "../src/task/task.ts";
import {
  aClaim,
  aTask,
  bytes,
  claimed,
  claimedOne,
  enqueuedAndClaimed,
  idsOf,
  placedAt,
  placedNow,
  settled,
  stateOf,
  stored,
} from "./support/builders.ts";
import { FakeClock } from "./support/fake-clock.ts";
import { aClient, aServer, Happenings, stores } from "./worker/stores.ts";

/*
 * Situations in which Asynq 0.26 loses, repeats or blocks work. The whole list, with the tests that show the rest of it, is in
 * docs/asynq-differences.md.
 */

const key = (name: string): string => `asynq:{default}:${name}`;
const dayMs = 86_400_000;
const patience = { timeout: 10_000, interval: 20 };

describe.each(stores)("work on $name", ({ open }) => {
  it("of two tasks with one id, in two queues, goes on side by side, and one's end leaves the other's lease", async () => {
    const broker = (await open()).connect();
    const running = new Happenings<string>();
    const gates = new Map(["one", "two"].map((queue) => [queue, Promise.withResolvers<void>()]));
    aServer(broker, { queues: { one: 1, two: 1 }, lease: "2s", shutdownTimeout: "5s" })
      .handleRaw("t", async ({ queue }) => {
        running.add(queue);
        await gates.get(queue)?.promise;
      })
      .start();
    const [one, two] = [
      { id: "same", queue: "one" },
      { id: "same", queue: "two" },
    ];
    await broker.enqueue([placedNow({ ...one, type: "t" }), placedNow({ ...two, type: "t" })]);
    await running.reach(2);
    const extended = async (task: typeof one): Promise<void> => {
      const endsAt = async (): Promise<number> => (await stored(broker, task)).leaseEndsAt ?? 0;
      const before = await endsAt();
      await vi.waitFor(async () => expect(await endsAt()).toBeGreaterThan(before + 2_000), patience);
    };
    await Promise.all([extended(one), extended(two)]);
    gates.get("one")?.resolve();
    await vi.waitFor(async () => expect(await stateOf(broker, one)).toBeUndefined(), patience);
    await extended(two);
    gates.get("two")?.resolve();
    await vi.waitFor(async () => expect(await stateOf(broker, two)).toBeUndefined(), patience);
    expect(running.all.toSorted()).toEqual(["one", "two"]);
  }, 30_000);

  it("fails with any text at all, and the task moves on: half characters, zero bytes, a megabyte", async () => {
    const broker = (await open()).connect();
    for (const error of ["half \ud83d of one", "zero \0 byte", "x".repeat(1_000_000)]) {
      const retried = await enqueuedAndClaimed(broker);
      const at = Date.now() + dayMs;
      expect(await settled(broker, retried, { kind: "retry", at, counted: true, error })).toBe("settled");
      expect((await stored(broker, retried.message)).message.lastError.slice(0, 5)).toBe(error.slice(0, 5));
      const archived = await enqueuedAndClaimed(broker);
      expect(await settled(broker, archived, { kind: "archived", error })).toBe("settled");
      expect(await stateOf(broker, archived.message)).toBe("archived");
    }
  });

  it("ends after half a second where that is its timeout, and is kept for half a second where that is its retention", async () => {
    const broker = (await open()).connect();
    const reasons = new Happenings<unknown>();
    aServer(broker, { concurrency: 2 })
      .handleRaw("hangs", async ({ signal }) => {
        const startedAt = performance.now();
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        reasons.add(performance.now() - startedAt);
        signal.throwIfAborted();
      })
      .handleRaw("quick", () => undefined)
      .start();
    const client = aClient(broker);
    const kept = await client.enqueue(defineTask({ type: "quick" }), undefined, { retention: "500ms" });
    const hung = await client.enqueue(defineTask({ type: "hangs" }), undefined, { timeout: "500ms" });
    await vi.waitFor(async () => expect(await stateOf(broker, kept)).toBe("completed"), patience);
    const completed = await stored(broker, kept);
    expect(completed.message.retentionMs).toBe(500);
    const [afterMs] = await reasons.reach(1);
    expect(afterMs).toBeGreaterThan(450);
    expect(afterMs).toBeLessThan(2_000);
    await vi.waitFor(async () => expect(await stateOf(broker, hung)).toBe("retry"), patience);
    expect((await stored(broker, hung)).message.lastError).toBe("context deadline exceeded");
  });

  it("that is enqueued in bulk keeps its headers, and each duplicate is told", async () => {
    const broker = (await open()).connect();
    const client = aClient(broker);
    const note = defineTask({ type: "note", uniqueFor: "1h" });
    const [first, second, third] = await client.enqueueMany([
      note.with(1, { headers: { trace: "a" } }),
      note.with(1, { headers: { trace: "b" } }),
      note.with(2, { headers: { trace: "c" } }),
    ]);
    expect([first?.ok, second?.ok, third?.ok]).toEqual([true, false, true]);
    expect(second).toMatchObject({ error: { code: "task_exists" } });
    const tasks = await claimed(broker);
    expect(tasks.map(({ message }) => message.headers)).toEqual([{ trace: "a" }, { trace: "c" }]);
  });

  it("of one request that is enqueued many times at once is as many tasks, and the request stays as it was", async () => {
    const broker = (await open()).connect();
    const client = aClient(broker);
    const request = defineTask({ type: "note" }).with(1, { queue: "low", headers: { trace: "a" } });
    const before = structuredClone(request.options);
    const results = await Promise.all(Array.from({ length: 50 }, () => client.enqueueMany([request, request])));
    const ids = results.flat().map((result) => (result.ok ? result.task.id : "refused"));
    expect(new Set(ids).size).toBe(100);
    expect(request.options).toEqual(before);
    const tasks = await claimed(broker, { queues: [{ queue: "low", limit: 100 }] });
    expect(new Set(idsOf(tasks))).toEqual(new Set(ids));
  });
});

describe.skipIf(redisServerPath() === undefined)("Redis (needs redis-server)", () => {
  async function setup() {
    const server = await startRedisServer();
    onTestFinished(() => server.stop());
    const raw = createClient({ url: server.url });
    await raw.connect();
    const clock = new FakeClock();
    const connect = () => redisBroker({ url: server.url, clock });
    const [broker, other] = [connect(), connect()];
    onTestFinished(async () => {
      raw.destroy();
      await Promise.all([broker.close(), other.close()]);
    });
    await Promise.all([broker.ready(), other.ready()]);
    return { raw, clock, broker, other };
  }

  it("keeps nothing of a result that is written after its task is gone, so that the id is free", async () => {
    const { raw, broker } = await setup();
    const task = await enqueuedAndClaimed(broker, { id: "once" });
    await raw.del(key("t:once"));
    expect(await broker.writeResult(task.lease, bytes("late"))).toBe("lost");
    expect(await raw.exists(key("t:once"))).toBe(0);
    const again = await enqueuedAndClaimed(broker, { id: "twice" });
    await settled(broker, again, { kind: "done" });
    expect(await broker.writeResult(again.lease, bytes("late"))).toBe("lost");
    expect(await raw.exists(key("t:twice"))).toBe(0);
    expect(await broker.enqueue([placedNow({ id: "twice" })])).toMatchObject([{ kind: "accepted" }]);
  });

  it("drops ids without a task where they are met, and gives what waits behind them", async () => {
    const { raw, clock, broker } = await setup();
    await raw.lPush(key("pending"), ["ghost-1", "ghost-2"]);
    await broker.enqueue([placedNow({ id: "sound" })]);
    const { tasks, setAside } = await broker.claim(aClaim({ limit: 1 }));
    expect(idsOf(tasks)).toEqual(["sound"]);
    expect(setAside.map(({ taskId, reason }) => [taskId, reason])).toEqual([
      ["ghost-1", "no_body"],
      ["ghost-2", "no_body"],
    ]);
    expect(await raw.lRange(key("active"), 0, -1)).toEqual(["sound"]);
    expect(await raw.keys(key("t:*"))).toEqual([key("t:sound")]);

    await raw.zAdd(key("scheduled"), { value: "ghost-3", score: 1 });
    await raw.zAdd(key("retry"), { value: "ghost-4", score: 1 });
    await broker.enqueue([placedAt(clock.now() + 1_000, { id: "due" })]);
    clock.advance(2_000);
    while (((await broker.forwardDue({ queue: "default", limit: 1 })).nextDueAt ?? clock.now() + 1) <= clock.now());
    expect(await raw.zCard(key("scheduled"))).toBe(0);
    expect(await raw.zCard(key("retry"))).toBe(0);
    expect(idsOf((await broker.claim(aClaim())).tasks)).toEqual(["due"]);
    expect(await raw.keys(key("t:ghost*"))).toEqual([]);
  });

  it("recovers the others where the lease of a task that can't be read has ended, and puts that one aside", async () => {
    const { raw, clock, broker, other } = await setup();
    await broker.enqueue([placedNow({ id: "a" }), placedNow({ id: "poison" }), placedNow({ id: "z" })]);
    await claimed(broker);
    await raw.hSet(key("t:poison"), { msg: "\u00ff\u00ff" });
    clock.advance(31_000);
    const request = { queue: "default", limit: 10, serverId: "server-b", leaseMs: 30_000 };
    const { tasks, setAside } = await other.takeOver(request);
    expect(idsOf(tasks.map(({ task }) => task)).toSorted()).toEqual(["a", "z"]);
    expect(setAside).toMatchObject([{ taskId: "poison", reason: "unreadable" }]);
    expect(await raw.zRange(key("archived"), 0, -1)).toEqual(["poison"]);
    expect((await raw.lRange(key("active"), 0, -1)).toSorted()).toEqual(["a", "z"]);
  });

  it("takes one more into an archive of ten thousand that are too old, and the sweep leaves nothing of those", async () => {
    const { raw, broker } = await setup();
    const old = Array.from({ length: 10_000 }, (_, index) => `old-${index}`);
    const score = Math.floor(Date.now() / 1_000) - 100 * 86_400;
    await raw.zAdd(
      key("archived"),
      old.map((value) => ({ value, score })),
    );
    for (let from = 0; from < old.length; from += 1_000) {
      const ids = old.slice(from, from + 1_000);
      await Promise.all(
        ids.map((id) => raw.hSet(key(`t:${id}`), { msg: encodeTaskMessage(aTask({ id })), state: "archived" })),
      );
    }
    const task = await enqueuedAndClaimed(broker, { id: "new" });
    expect(await settled(broker, task, { kind: "archived", error: "x" })).toBe("settled");
    expect(await stateOf(broker, task.message)).toBe("archived");
    expect(await raw.lLen(key("active"))).toBe(0);
    expect(await broker.queue("default")).toMatchObject({ failedTotal: 1 });
    const limits = { maxCount: 10_000, maxAgeMs: 90 * dayMs };
    while ((await broker.sweep("default", 1_000, limits)).more);
    expect(await raw.zRange(key("archived"), 0, -1)).toEqual(["new"]);
    expect(await raw.keys(key("t:*"))).toEqual([key("t:new")]);
  }, 60_000);

  it("has as many hashes as an archive has entries, when an operator archives more than it may hold", async () => {
    const { raw, broker } = await setup();
    await broker.enqueue(Array.from({ length: 10_050 }, () => placedNow()));
    const inspector = new Inspector({ broker });
    await inspector.archiveTasks({ queue: "default", state: "pending" });
    expect(await raw.zCard(key("archived"))).toBe(10_050);
    expect(await raw.keys(key("t:*"))).toHaveLength(10_050);
    const limits = { maxCount: 9_999, maxAgeMs: 90 * dayMs };
    while ((await broker.sweep("default", 1_000, limits)).more);
    expect(await raw.zCard(key("archived"))).toBe(9_999);
    expect(await raw.keys(key("t:*"))).toHaveLength(9_999);
  }, 60_000);

  it("lets a queue be resumed that Asynq's tools paused before its first task", async () => {
    const { raw, broker } = await setup();
    await raw.set(key("paused"), "1700000000");
    const inspector = new Inspector({ broker });
    await broker.enqueue([placedNow()]);
    expect(await claimed(broker)).toEqual([]);
    await raw.sRem("asynq:queues", "default");
    expect(await inspector.resumeQueue("default")).toBe("changed");
    expect(await claimed(broker)).toHaveLength(1);
  });

  it("tells no place in line of a task that says that it waits there and that the line does not name", async () => {
    const { broker, raw } = await setup();
    await broker.enqueue([..."ab"].map((id) => placedNow({ id })));
    await raw.lRem(key("pending"), 0, "a");
    expect((await broker.standing("default", "a")).ahead).toBeUndefined();
    expect((await broker.standing("default", "b")).ahead).toBe(0);
  });

  it("lists a queue again within five minutes after its removal or a flush, for those who knew it before, unpaused", async () => {
    const { raw, clock, broker, other } = await setup();
    const one = new Client({ broker: other });
    onTestFinished(() => one.close());
    const note = defineTask({ type: "note" });
    for (const take of ["remove", "flush"]) {
      await one.enqueue(note, undefined);
      await expect.poll(() => broker.queues()).toEqual(["default"]);
      await broker.pause("default");
      if (take === "flush") await raw.flushDb();
      else await new Inspector({ broker }).removeQueue("default", { force: true });
      expect(await raw.keys("*")).toEqual([]);
      clock.advance(300_000);
      await one.enqueue(note, undefined);
      await expect.poll(() => broker.queues()).toEqual(["default"]);
      const task = await claimedOne(broker);
      await settled(broker, task, { kind: "done" });
    }
  });
});
