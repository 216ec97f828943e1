import { type RedisServer, redisServerPath, startRedisServer } from "@hikyaku/test-support";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import type { Broker } from "../src/broker/broker.ts";
import type { ServerRecord } from "../src/broker/presence-facet.ts";
import { redisBroker } from "../src/broker/redis/index.ts";
import { checkStore } from "../src/doctor/check-store.ts";
import { anAttempt, claimed, placedAt, placedNow } from "./support/builders.ts";
import { FakeClock } from "./support/fake-clock.ts";
import { grouped, taken } from "./support/group-builders.ts";
import { connectRaw, type Raw } from "./support/task-places.ts";

/** Go's programs neither read nor tidy the keys of ours. Where they work alone, what ours left must not grow or stay. */
describe.skipIf(redisServerPath() === undefined)("keys of our own where only Go works (needs redis-server)", () => {
  const key = (name: string): string => `asynq:{default}:${name}`;
  const due = "hikyaku:{default}:due";
  const daySeconds = 86_400;
  let server: RedisServer;
  let raw: Raw;
  let clock: FakeClock;
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
    clock = new FakeClock();
    broker = redisBroker({ url: server.url, clock });
    await broker.ready();
    onTestFinished(() => broker.close());
  });

  /** Go's forwarder and workers: what is due runs and is gone. */
  async function goRunsWhatIsDue(): Promise<number> {
    const ids = await raw.zRangeByScore(key("scheduled"), 0, Math.floor(clock.now() / 1_000));
    for (const id of ids)
      await raw
        .multi()
        .zRem(key("scheduled"), id)
        .del(key(`t:${id}`))
        .exec();
    return ids.length;
  }

  const delayed = (count: number) => Array.from({ length: count }, () => placedAt(clock.now() + 1_234));

  it("exact moments stay as few as the tasks of the last minutes, however many were delayed", async () => {
    let ran = 0;
    for (let round = 0; round < 40; round++) {
      await broker.enqueue(delayed(50));
      clock.advance(90_000);
      ran += await goRunsWhatIsDue();
    }
    expect(ran).toBe(2_000);
    expect(await raw.zCard(due)).toBeLessThanOrEqual(150);
  });

  it("exact moments that piled up before go with the next delayed tasks, some with each", async () => {
    await broker.enqueue(delayed(200));
    clock.advance(600_000);
    await goRunsWhatIsDue();
    for (let round = 0; round < 20; round++) await broker.enqueue(delayed(1));
    expect(await raw.zCard(due)).toBeLessThanOrEqual(20);
  });

  it("exact moments that tasks wait for stay, also when nobody brings them to the line or no list names them", async () => {
    const [overdue, unlisted] = [placedAt(clock.now() + 1_234), placedAt(clock.now() + 2_345)];
    await broker.enqueue([overdue, unlisted]);
    await raw.zRem(key("scheduled"), unlisted.message.id);
    clock.advance(600_000);
    await broker.enqueue(delayed(1));
    expect(await raw.zScore(due, overdue.message.id)).toBe(overdue.placement.kind === "at" && overdue.placement.at);
    expect(await raw.zCard(due)).toBe(3);
  });

  it("exact moments end a day or two after the last one, moved on by each later one, of retries too", async () => {
    await broker.enqueue([placedAt(clock.now() + 3_600_123)]);
    const first = await raw.ttl(due);
    expect(first).toBeGreaterThan(daySeconds + 3_600);
    expect(first).toBeLessThanOrEqual(2 * daySeconds + 3_602);
    await broker.enqueue([placedNow()]);
    const [task] = await claimed(broker);
    if (task === undefined) throw new Error("expected a task");
    const at = clock.now() + 30 * daySeconds * 1_000 + 123;
    await broker.settle([{ task, outcome: { kind: "retry", at, counted: true, error: "x" } }]);
    const second = await raw.ttl(due);
    expect(second).toBeGreaterThan(31 * daySeconds);
    expect(second).toBeLessThanOrEqual(32 * daySeconds + 2);
    await broker.enqueue(delayed(1));
    expect(await raw.ttl(due)).toBeGreaterThan(31 * daySeconds);
  });

  it("the doctor finds what is left of a queue that Go removed, and removes it", async () => {
    await broker.enqueue(delayed(20));
    for (const name of await raw.keys(key("*"))) await raw.del(name);
    await raw.sRem("asynq:queues", "default");
    const look = (repair: boolean) => checkStore(broker, { scope: "tasks", graceMs: 0, repair });
    const found = await look(false);
    expect(found).toHaveLength(20);
    expect(found.every(({ kind, queue }) => kind === "stray_due" && queue === "default")).toBe(true);
    await look(true);
    expect(await look(false)).toEqual([]);
    expect(await raw.keys("hikyaku:*")).toEqual([]);
  });

  it("the doctor finds what a crash left of a set that was made one task, and removes it", async () => {
    await broker.enqueue([1, 2, 3].map(() => grouped()));
    clock.advance(120_000);
    const set = await taken(broker);
    // As after the first slice of a large set.
    await raw.rename(key(`g:letters:${set.setId}`), `hikyaku:{default}:leftovers:${set.setId}`);
    await raw.sAdd("hikyaku:{default}:leftovers", set.setId);
    await raw.del(key("aggregation_sets"));
    await raw.sRem("asynq:queues", "default");
    const look = (repair: boolean) => checkStore(broker, { scope: "tasks", graceMs: 0, repair });
    expect((await look(false)).map(({ kind, repair }) => [kind, repair])).toEqual([["stale_set", "repairable"]]);
    await look(true);
    expect(await raw.keys("*")).toEqual([]);
  });

  it("all others end by themselves, but for schedules and records, which somebody put there to stay", async () => {
    const server: ServerRecord = {
      serverId: "server-a",
      host: "host-1",
      pid: 100,
      concurrency: 10,
      queues: { default: 3 },
      strictPriority: false,
      status: "active",
      startedAt: clock.now(),
      activeWorkers: 0,
      details: {
        version: "1.2.3",
        directory: "/srv/app",
        commandLine: "node worker.ts",
        handles: { kind: "all" },
        lastClaimAt: undefined,
      },
    };
    await broker.enqueue(delayed(3));
    await broker.announce(server, [], 10_000);
    const by = { host: "desk", pid: 5 };
    const order = { orderId: "order-1", serverId: "server-a", kind: "quiet", at: clock.now(), by } as const;
    await broker.order(order, 60_000);
    const evicted = { queue: "default", serverId: "server-b", refuseForMs: 60_000, limit: 10, attempt: anAttempt() };
    await broker.evict(evicted);
    const entry = { entryId: "entry", queue: "default", schedule: "* * * * *", since: clock.now() - 60_000 };
    await broker.beginTurns(entry);
    await broker.fireTurn({ entryId: "entry", turnAt: clock.now() - 1, item: placedNow(), firedBy: "scheduler-a" });
    await broker.putRecords("sessions", [
      { id: "a", value: "{}", expected: "any" },
      { id: "a", value: "{}", expected: "any", endsAt: clock.now() + 60_000 },
      { id: "b", value: "{}", expected: "any", endsAt: clock.now() + 1_000 },
    ]);
    await broker.appendToTrail({ trail: "audit", values: ["{}"], maxEntries: 10, maxAgeMs: 60_000 });
    const ours = await raw.keys("hikyaku:*");
    expect(ours.length).toBeGreaterThanOrEqual(13);
    const lives = await Promise.all(ours.map(async (name) => [name, (await raw.ttl(name)) > 0]));
    expect(lives.filter(([, ends]) => ends === false)).toEqual([]);
    await broker.putRecords("sessions", [{ id: "stays", value: "{}", expected: "any" }]);
    expect(await raw.ttl("hikyaku:records:{sessions}:ids")).toBe(-1);
    expect(await raw.ttl("hikyaku:records:{sessions}:r:stays")).toBe(-1);
  });
});
