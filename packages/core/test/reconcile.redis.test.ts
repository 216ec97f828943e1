// How Redis looks when its keys contradict each other: written here by raw commands, as crashes, evictions, Go programs of
// any version and people leave it. What the checker owes on every store is in the broker contract.
import "./support/expectations.ts";
import { type RedisServer, redisServerPath, startRedisServer } from "@hikyaku/test-support";
import { createClient } from "redis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Broker } from "../src/broker/broker.ts";
import type { Finding, FindingKind } from "../src/broker/finding.ts";
import { redisBroker } from "../src/broker/redis/index.ts";
import { encodeTaskMessage } from "../src/codec/task-codec.ts";
import { checkStore } from "../src/doctor/check-store.ts";
import {
  aTask,
  bytes,
  claimed,
  claimedOne,
  enqueuedAndClaimed,
  placedAt,
  placedNow,
  settled,
  stateOf,
  unique,
} from "./support/builders.ts";
import { FakeClock } from "./support/fake-clock.ts";

const q = "asynq:{default}:";
const limits = { maxSize: undefined, maxDelayMs: undefined, gracePeriodMs: 0 };

describe.skipIf(redisServerPath() === undefined)("reconciling Redis", () => {
  let server: RedisServer;
  let broker: Broker;
  let clock: FakeClock;
  let database = 0;
  let redis: ReturnType<typeof createClient>;

  beforeAll(async () => {
    server = await startRedisServer({ args: ["--databases", "200"] });
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    database += 1;
    clock = new FakeClock();
    redis = createClient({ url: server.url, database });
    await redis.connect();
    broker = redisBroker({ url: server.url, db: database, clock });
    await broker.ready();
  });
  afterEach(async () => {
    await broker.close();
    redis.destroy();
  });

  const raw = (...command: (string | Buffer)[]): Promise<unknown> => redis.sendCommand(command);
  const look = (repair = false) => checkStore(broker, { scope: "tasks", graceMs: 0, repair });
  const kinds = (findings: readonly Finding[]) => findings.map(({ kind }) => kind).sort();

  /** The broken store is found by a dry run that changes nothing, mended by a repair, and clean after it. */
  async function isFoundAndMended(...expected: FindingKind[]): Promise<void> {
    const before = await everything();
    const found = await look();
    expect(kinds(found)).toEqual([...expected].sort());
    expect(found.map(({ repair }) => repair)).not.toContain("repaired");
    expect(await everything()).toEqual(before);
    const repaired = await look(true);
    expect(kinds(repaired)).toEqual([...expected].sort());
    expect(repaired.map(({ repair }) => repair)).toEqual(expected.map(() => "repaired"));
    expect(await look()).toEqual([]);
  }

  /** All that Redis holds; sets and hashes have no order of their own. */
  async function everything(): Promise<Record<string, unknown>> {
    const contents: Record<string, unknown> = {};
    for (const key of (await redis.keys("*")).sort()) {
      const type = await redis.type(key);
      if (type === "hash") contents[key] = Object.entries(await redis.hGetAll(key)).sort();
      else if (type === "set") contents[key] = (await redis.sMembers(key)).sort();
      else if (type === "list") contents[key] = await redis.lRange(key, 0, -1);
      else if (type === "zset") contents[key] = await redis.zRangeWithScores(key, 0, -1);
      else contents[key] = await redis.get(key);
    }
    return contents;
  }

  /** The part of a pass that looks at leases. */
  const leases = {
    queue: "default",
    cursor: "lease@0",
    limit: 100,
    archive: { maxCount: 100, maxAgeMs: 1_000 },
    graceMs: 0,
    readMessages: false,
  };

  /** A task that says it is pending and has a lease, and that no list names. */
  async function leaseWithoutList(id: string): Promise<string> {
    await raw("HSET", `${q}t:${id}`, "msg", encodeTaskMessage(aTask({ id })), "state", "pending");
    await raw("ZADD", `${q}lease`, "9999999999", id);
    return id;
  }

  async function pendingTask(): Promise<string> {
    const item = placedNow();
    await broker.enqueue([item]);
    return item.message.id;
  }

  it("says that a queue's totals can't be right, and leaves them as they are", async () => {
    await settled(broker, await enqueuedAndClaimed(broker), { kind: "done" });
    expect(await look()).toEqual([]);
    await raw("SET", `${q}failed`, "2");
    expect(await look(true)).toMatchObject([{ kind: "wrong_totals", level: "warning", repair: "by_hand" }]);
  });

  it("gives a lease to a running task that lost it, so that recovery runs it again", async () => {
    const task = await enqueuedAndClaimed(broker);
    await raw("DEL", `${q}lease`);
    await isFoundAndMended("active_without_lease");
    expect(await settled(broker, task, { kind: "done" })).toBe("lost");
    clock.advance(31_000);
    const request = { queue: "default", limit: 10, serverId: "server-b", leaseMs: 30_000 };
    const { tasks } = await broker.takeOver(request);
    expect(tasks.map(({ task: taken }) => taken.message.id)).toEqual([task.message.id]);
  });

  it("lists a leased task as running again where it says that it runs", async () => {
    const task = await enqueuedAndClaimed(broker);
    await raw("DEL", `${q}active`);
    await isFoundAndMended("lease_without_active");
    expect(await settled(broker, task, { kind: "done" })).toBe("settled");
    expect(await look()).toEqual([]);
  });

  it("drops a lease of a task that is somewhere else", async () => {
    const id = await pendingTask();
    await raw("ZADD", `${q}lease`, "9999999999", id);
    await isFoundAndMended("lease_without_active");
    expect((await claimedOne(broker)).message.id).toBe(id);
  });

  it("drops a lease of a task that does not exist", async () => {
    await pendingTask();
    await raw("ZADD", `${q}lease`, "9999999999", "ghost");
    await isFoundAndMended("no_body");
  });

  it("drops names without a task from every list", async () => {
    await pendingTask();
    await raw("LPUSH", `${q}pending`, "ghost-1");
    await raw("LPUSH", `${q}active`, "ghost-2");
    await raw("HSET", `${q}t:ghost-2`, "state", "active");
    await raw("ZADD", `${q}lease`, "9999999999", "ghost-2");
    for (const set of ["scheduled", "retry", "archived", "completed"]) {
      await raw("ZADD", `${q}${set}`, "9999999999", `ghost-${set}`);
    }
    await raw("SADD", `${q}groups`, "g");
    await raw("ZADD", `${q}g:g`, "1", "ghost-3");
    await isFoundAndMended(...Array.from({ length: 7 }, () => "no_body" as const));
  });

  it("removes a hash without a message that blocks its id", async () => {
    await pendingTask();
    await raw("HSET", `${q}t:blocked`, "result", "late");
    await isFoundAndMended("no_message");
    expect(await broker.enqueue([placedNow({ id: "blocked" })])).toMatchObject([{ kind: "accepted" }]);
  });

  it("lists tasks again that no list names, each in the state that it says", async () => {
    const pending = await pendingTask();
    await raw("DEL", `${q}pending`);
    const retried = await enqueuedAndClaimed(broker);
    await settled(broker, retried, { kind: "retry", at: clock.now() + 60_000, counted: true, error: "x" });
    const active = await enqueuedAndClaimed(broker);
    const grouped = placedNow({ group: "g" });
    await broker.enqueue([{ ...grouped, placement: { kind: "group" } }]);
    const later = placedAt(clock.now() + 60_001);
    await broker.enqueue([later]);
    for (const key of ["retry", "active", "lease", "g:g", "scheduled"]) await raw("DEL", `${q}${key}`);
    await isFoundAndMended(...Array.from({ length: 5 }, () => "unlisted" as const));
    expect(await stateOf(broker, { id: pending, queue: "default" })).toBe("pending");
    expect(await stateOf(broker, retried.message)).toBe("retry");
    expect(await stateOf(broker, active.message)).toBe("active");
    expect(await broker.groups("default")).toMatchObject([{ group: "g", size: 1 }]);
    const [stored] = await broker.get("default", [later.message.id]);
    expect(stored).toMatchObject({ state: "scheduled", dueAt: clock.now() + 60_001 });
  });

  it("archives a scheduled task whose moment is lost, rather than run it at a wrong one", async () => {
    const later = placedAt(Math.ceil(clock.now() / 1_000) * 1_000 + 60_000);
    await broker.enqueue([later]);
    await raw("DEL", `${q}scheduled`);
    await isFoundAndMended("unlisted");
    expect(await stateOf(broker, later.message)).toBe("archived");
    expect(await raw("HGET", `${q}t:${later.message.id}`, "hk:reason")).toMatch(/moment was lost/);
  });

  it("keeps a completed task that no list names for its retention", async () => {
    const task = await enqueuedAndClaimed(broker, { retentionMs: 3_600_000 });
    await settled(broker, task, { kind: "completed", result: bytes("ok") });
    await raw("DEL", `${q}completed`);
    await isFoundAndMended("unlisted");
    const [stored] = await broker.get("default", [task.message.id]);
    expect(stored).toMatchObject({ state: "completed", keptUntil: Math.floor(clock.now() / 1_000 + 3_600) * 1_000 });
  });

  it("finds a task that no list names also behind a list that is too long to search for each", async () => {
    const lost = await pendingTask();
    await raw("DEL", `${q}pending`);
    clock.advance(1_000);
    await broker.enqueue(Array.from({ length: 2_500 }, () => placedNow()));
    await isFoundAndMended("unlisted");
    expect(await raw("LPOS", `${q}pending`, lost)).toBe(0);
    expect(await raw("LLEN", `${q}pending`)).toBe(2_501);
  });

  it("says nothing of tasks that end while it looks, beside a list that is too long to search for each", async () => {
    await broker.enqueue(Array.from({ length: 21_000 }, () => placedNow()));
    const tasks = await claimed(broker, { limit: 20 });
    const looking = broker.reconcile({ ...leases, repair: true });
    // Sent behind the first step of the look, and before its second.
    const settling = broker.settle(tasks.map((task) => ({ task, outcome: { kind: "done" } })));
    expect(await looking).toEqual({ findings: [], nextCursor: "pending@0" });
    expect((await settling).results).toEqual(tasks.map(() => "settled"));
  });

  it("leaves tasks as they are of which a long list keeps it from knowing, for a later pass", async () => {
    await broker.enqueue(Array.from({ length: 21_000 }, () => placedNow()));
    const leased = await Promise.all(Array.from({ length: 8 }, (_, index) => leaseWithoutList(`lost-${index}`)));
    const found = async (repair: boolean) => kinds((await broker.reconcile({ ...leases, repair })).findings);
    const five = [...Array(5).fill("lease_without_active"), ...Array(5).fill("unlisted")];
    expect(await found(false)).toEqual(five);
    expect(await found(true)).toEqual(five);
    expect(await raw("LLEN", `${q}pending`)).toBe(21_005);
    expect(await raw("ZCARD", `${q}lease`)).toBe(3);
    expect(await found(true)).toEqual([...Array(3).fill("lease_without_active"), ...Array(3).fill("unlisted")]);
    const listed = await Promise.all(leased.map((id) => raw("LPOS", `${q}pending`, id)));
    expect(listed).not.toContain(null);
    expect(await found(true)).toEqual([]);
  });

  it("makes a task say what its list says", async () => {
    const id = await pendingTask();
    await raw("HSET", `${q}t:${id}`, "state", "archived");
    await isFoundAndMended("wrong_state");
    expect(await stateOf(broker, { id, queue: "default" })).toBe("pending");
  });

  it("keeps one entry of a task that several lists name, the leased one first", async () => {
    const held = await enqueuedAndClaimed(broker);
    await raw("LPUSH", `${q}pending`, held.message.id);
    const item = placedNow();
    await broker.enqueue([item]);
    await raw("ZADD", `${q}archived`, String(Math.floor(clock.now() / 1_000)), item.message.id);
    await isFoundAndMended("listed_twice", "listed_twice");
    expect(await raw("LRANGE", `${q}pending`, "0", "-1")).toEqual([item.message.id]);
    expect(await settled(broker, held, { kind: "done" })).toBe("settled");
  });

  it("keeps one entry of a task that stands twice in the queue", async () => {
    const id = await pendingTask();
    await raw("LPUSH", `${q}pending`, id);
    await isFoundAndMended("listed_twice");
    expect(await claimed(broker)).toHaveLength(1);
    expect(await claimed(broker)).toHaveLength(0);
  });

  it("archives what is no message, untouched and with the reason, and nothing else", async () => {
    const id = await pendingTask();
    const broken = Buffer.from([0xff, 0xff, 0x00]);
    await raw("HSET", `${q}t:broken`, "msg", broken, "state", "pending");
    await raw("LPUSH", `${q}pending`, "broken");
    const foreign = encodeTaskMessage(aTask({ id: "somebody-else" }));
    await raw("HSET", `${q}t:foreign`, "msg", foreign, "state", "scheduled");
    await raw("ZADD", `${q}scheduled`, "9999999999", "foreign");
    await isFoundAndMended("unreadable", "unreadable");
    expect(await raw("ZRANGE", `${q}archived`, "0", "-1")).toEqual(expect.arrayContaining(["broken", "foreign"]));
    expect(await raw("HGET", `${q}t:broken`, "hk:reason")).toMatch(/protobuf/);
    expect((await claimedOne(broker)).message.id).toBe(id);
  });

  it("names a group again that holds tasks and is not known", async () => {
    const item = placedNow({ group: "g" });
    await broker.enqueue([{ ...item, placement: { kind: "group" } }]);
    await raw("DEL", `${q}groups`);
    await isFoundAndMended("group_unknown");
    expect(await broker.groups("default")).toMatchObject([{ group: "g", size: 1 }]);
  });

  it("puts the tasks of a set back that no list of sets names", async () => {
    const item = placedNow({ group: "g" });
    await broker.enqueue([{ ...item, placement: { kind: "group" } }]);
    clock.advance(2_000);
    await broker.collect({ queue: "default", group: "g", limits, holdMs: 60_000 });
    await raw("DEL", `${q}aggregation_sets`);
    const found = await look();
    expect(new Set(kinds(found))).toContain("lost_set");
    await look(true);
    expect(await broker.groups("default")).toMatchObject([{ group: "g", size: 1 }]);
    expect(await look()).toEqual([]);
  });

  it("removes the members of a finished set that its maker left behind, and lists none of them again", async () => {
    const items = Array.from({ length: 3 }, () => placedNow({ group: "g" }));
    await broker.enqueue(items.map((item) => ({ ...item, placement: { kind: "group" as const } })));
    await raw("RENAME", `${q}g:g`, "hikyaku:{default}:leftovers:some-set");
    await raw("SADD", "hikyaku:{default}:leftovers", "some-set");
    await raw("SREM", `${q}groups`, "g");
    await isFoundAndMended("stale_set");
    expect(await redis.keys(`${q}t:*`)).toEqual([]);
  });

  it("frees locks whose owner is gone, has completed, or took another lock, and leaves the others", async () => {
    const [owner, grouped] = [
      unique(placedNow({ type: "kept" })),
      unique(placedNow({ type: "in-message", group: "g" })),
    ];
    await broker.enqueue([owner, { ...grouped, placement: { kind: "group" } }]);
    // Go keeps the lock of a grouped task in its message only.
    await raw("HDEL", `${q}t:${grouped.message.id}`, "unique_key");
    const done = await enqueuedAndClaimed(
      broker,
      { type: "z", retentionMs: 60_000 },
      { queues: [{ queue: "default", limit: 1 }] },
    );
    const other = done.message.id === owner.message.id ? await claimedOne(broker) : done;
    await settled(broker, other, { kind: "completed", result: undefined });
    await raw("SET", `${q}unique:gone:`, "nobody", "EX", "60");
    await raw("SET", `${q}unique:completed:`, other.message.id, "EX", "60");
    await raw("SET", `${q}unique:other:`, owner.message.id, "EX", "60");
    await isFoundAndMended("lock_without_task", "lock_without_task", "lock_without_task");
    expect(await redis.keys(`${q}unique:*`)).toHaveLength(2);
  });

  it("names a queue again that holds tasks and is not known", async () => {
    await pendingTask();
    await raw("DEL", "asynq:queues");
    await isFoundAndMended("queue_unknown");
    expect(await broker.queues()).toEqual(["default"]);
  });

  it("drops exact moments of tasks that do not wait for them any more", async () => {
    const later = placedAt(clock.now() + 60_001);
    await broker.enqueue([later]);
    await raw("ZADD", `${q}scheduled`, "9999999999", later.message.id);
    await isFoundAndMended("stray_due");
  });

  it("tells a key that holds something else than a task, and leaves it alone", async () => {
    await pendingTask();
    await raw("SET", `${q}t:odd`, "text");
    expect(await look(true)).toMatchObject([{ kind: "unreadable", taskId: "odd", repair: "by_hand" }]);
    expect(await raw("GET", `${q}t:odd`)).toBe("text");
  });

  it("looks a second time before it repairs what may be half written", async () => {
    await raw("SADD", "asynq:queues", "default");
    const message = aTask();
    await raw("HSET", `${q}t:${message.id}`, "msg", encodeTaskMessage(message), "state", "pending");
    const check = checkStore(broker, { scope: "tasks", graceMs: 1_000, repair: true });
    while (clock.timers === 0) await new Promise((resolve) => setImmediate(resolve));
    await raw("LPUSH", `${q}pending`, message.id);
    clock.advance(1_000);
    expect(await check).toEqual([]);
    expect(await raw("LLEN", `${q}pending`)).toBe(1);
  });

  it("repairs once, however many repair at the same time", async () => {
    const ids = await Promise.all(Array.from({ length: 20 }, () => pendingTask()));
    await raw("DEL", `${q}pending`);
    await Promise.all(Array.from({ length: 5 }, () => look(true)));
    expect((await raw("LRANGE", `${q}pending`, "0", "-1")) as string[]).toHaveLength(ids.length);
    expect(await look()).toEqual([]);
  });

  it("tells settings with which Redis loses tasks, and says so where it may not know them", async () => {
    const settings = (findings: readonly Finding[]) =>
      findings.filter(({ kind }) => kind.endsWith("_setting")).map(({ kind, detail }) => `${kind} ${detail}`);
    await raw("CONFIG", "SET", "appendonly", "no");
    await raw("CONFIG", "SET", "maxmemory-policy", "allkeys-lru");
    const found = settings(await broker.checkSettings());
    expect(found).toHaveLength(2);
    expect(found.join()).toMatch(/appendonly no.*maxmemory-policy allkeys-lru/);
    await raw("CONFIG", "SET", "maxmemory-policy", "noeviction");
    await raw("CONFIG", "SET", "appendonly", "yes");
    expect(settings(await broker.checkSettings())).toEqual([]);
    await raw("ACL", "SETUSER", "limited", "on", ">secret", "~*", "&*", "+@all", "-config");
    const limited = redisBroker({ url: server.url, db: database, username: "limited", password: "secret", clock });
    try {
      expect(settings(await limited.checkSettings())).toMatchObject([
        expect.stringMatching(/^unknown_setting .*appendonly/),
        expect.stringMatching(/^unknown_setting .*maxmemory-policy/),
      ]);
    } finally {
      await limited.close();
    }
  });
});
