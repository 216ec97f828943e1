import { redisServerPath, startRedisServer, startTcpProxy } from "@hikyaku/test-support";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { redisBroker } from "../../src/broker/redis/index.ts";
import { sqliteBroker } from "../../src/broker/sqlite/index.ts";
import { bytes, placedNow, stateOf, stored } from "../support/builders.ts";
import { startChildServer } from "./child-process.ts";
import { startLeaseChild } from "./lease-child-process.ts";
import { aServer, closedAtEnd, Happenings, stores } from "./stores.ts";

const patience = { timeout: 12_000, interval: 20 };

describe.each(stores)("a handler that blocks the event loop on $name", ({ open }) => {
  it("for longer than the lease keeps its task and those claimed with it, and settles them", async () => {
    const store = await open();
    const broker = store.connect();
    const items = [9_000, 1, 1].map((ms) => placedNow({ type: "block", payload: bytes(String(ms)) }));
    await broker.enqueue(items);
    // A busy machine may need a second or two until the thread has opened the store.
    const child = startLeaseChild(store.address, "4s");
    await child.running.reach(1);
    const thief = new Happenings<string>();
    aServer(broker)
      .handleRaw("block", ({ taskId }) => void thief.add(taskId))
      .start();
    await child.ended.reach(3);
    await vi.waitFor(async () => {
      for (const { message } of items) expect(await stateOf(broker, message)).toBeUndefined();
    }, patience);
    expect(thief.all).toEqual([]);
    // The store has settled them by now; its answer may still be on its way to the child.
    const status = await vi.waitFor(async () => {
      const said = await child.status();
      expect(said).toMatchObject({ leasesExtendedBy: "thread", counts: { settled: 3, lost: 0 } });
      return said;
    }, patience);
    expect(status.loopDelayMs).toBeGreaterThan(7_000);
    const blocked = child.logs.all.filter(({ message }) => message.startsWith("the event loop was blocked"));
    expect(blocked).toMatchObject([{ types: ["block"] }]);
  }, 60_000);

  it("stays visible, and is seen to be blocked", async () => {
    const store = await open();
    const broker = store.connect();
    await broker.enqueue([placedNow({ type: "block", payload: bytes("15000") })]);
    const child = startLeaseChild(store.address);
    await child.running.reach(1);
    const blockedSince = performance.now();
    const isSeen = async (): Promise<number> => {
      const { servers } = await broker.servers();
      expect(servers).toMatchObject([{ pid: child.pid, status: "active" }]);
      return servers[0]?.details?.loopDelayMs ?? 0;
    };
    // Longer than a word of presence is good for.
    await vi.waitFor(
      async () => {
        expect(await isSeen()).toBeGreaterThan(3_000);
        if (performance.now() - blockedSince < 13_000) throw new Error("not blocked for long enough");
      },
      { timeout: 20_000, interval: 100 },
    );
    expect(child.ended.all).toEqual([]);
  }, 40_000);

  it("for ever holds its task no longer than its attempt may take and a lease", async () => {
    const store = await open();
    const broker = store.connect();
    const item = placedNow({ type: "block", payload: bytes("600000"), timeoutMs: 3_000 });
    await broker.enqueue([item]);
    const child = startLeaseChild(store.address);
    await child.running.reach(1);
    const startedAt = performance.now();
    const ran = new Happenings<string>();
    aServer(broker)
      .handleRaw("block", ({ taskId }) => void ran.add(taskId))
      .start();
    await ran.reach(1);
    const tookMs = performance.now() - startedAt;
    expect(tookMs).toBeGreaterThan(3_500);
    expect(tookMs).toBeLessThan(12_000);
  }, 30_000);
});

describe.each(stores)("a process on $name", ({ open }) => {
  it("that is stopped for longer than the lease loses its task, and its late settlement is refused", async () => {
    const store = await open();
    const broker = store.connect();
    const item = placedNow({ type: "gate" });
    await broker.enqueue([item]);
    const child = startLeaseChild(store.address);
    await child.running.reach(1);
    child.kill("SIGSTOP");
    const ran = new Happenings<string>();
    const gate = Promise.withResolvers<void>();
    const winner = aServer(broker, { shutdownTimeout: "5s" }).handleRaw("gate", async ({ taskId }) => {
      ran.add(taskId);
      await gate.promise;
    });
    winner.start();
    expect(await ran.reach(1)).toEqual([item.message.id]);
    child.open();
    child.kill("SIGCONT");
    await child.ended.reach(1);
    await vi.waitFor(
      async () => expect((await child.status()).counts).toMatchObject({ settled: 0, lost: 1 }),
      patience,
    );
    expect(await stateOf(broker, item.message)).toBe("active");
    gate.resolve();
    await vi.waitFor(() => expect(winner.status().counts).toMatchObject({ settled: 1, lost: 0 }), patience);
    expect(child.running.all).toHaveLength(1);
  }, 30_000);

  it("that was killed has its tasks taken back at once when it is started again, with no retry spent", async () => {
    const store = await open();
    const broker = store.connect();
    const items = Array.from({ length: 3 }, () => placedNow({ type: "t", maxRetry: 0 }));
    await broker.enqueue(items);
    const child = startChildServer(store.address, "t", "0s", "30s");
    await child.lines.reach(3);
    child.kill("SIGKILL");
    await child.exited;
    const ran = new Happenings<{ attempt: number; retried: number }>();
    const startedAt = performance.now();
    aServer(broker)
      .handleRaw("t", ({ attempt, retried }) => void ran.add({ attempt, retried }))
      .start();
    expect(await ran.reach(3)).toEqual(items.map(() => ({ attempt: 1, retried: 0 })));
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  }, 20_000);

  it("that only stands still keeps its tasks when another one is started beside it", async () => {
    const store = await open();
    const broker = store.connect();
    const item = placedNow({ type: "t" });
    await broker.enqueue([item]);
    const child = startChildServer(store.address, "t", "0s", "30s");
    await child.lines.reach(1);
    child.kill("SIGSTOP");
    const { leaseToken } = await stored(broker, item.message);
    const ran = new Happenings<string>();
    const server = aServer(broker).handleRaw({ prefix: "" }, ({ type }) => void ran.add(type));
    server.start();
    await vi.waitFor(() => expect(server.peers()).toHaveLength(1), patience);
    await broker.enqueue([placedNow({ type: "other" })]);
    await ran.reach(1);
    expect(await stored(broker, item.message)).toMatchObject({ state: "active", leaseToken });
  }, 20_000);
});

describe("leases", () => {
  it("that ran out while an earlier task of the same claim blocked are noticed before the next one begins", async () => {
    const broker = closedAtEnd(sqliteBroker({ path: ":memory:" }));
    const items = [placedNow({ type: "block" }), placedNow({ type: "next" })];
    await broker.enqueue(items);
    const told: string[] = [];
    const settle = broker.settle;
    broker.settle = (settlements, ...rest) => {
      for (const { task, outcome } of settlements) told.push(`${task.message.type} is ${outcome.kind}`);
      return settle(settlements, ...rest);
    };
    aServer(broker, { concurrency: 2, lease: "2s" })
      .handleRaw("block", () => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2_100))
      .handleRaw("next", () => void told.push("next runs"))
      .start();
    await vi.waitFor(() => expect(told).toContain("next is done"), patience);
    expect(told.indexOf("next is handed_back")).toBeGreaterThanOrEqual(0);
    expect(told.indexOf("next is handed_back")).toBeLessThan(told.indexOf("next runs"));
  }, 20_000);

  it("are extended on the event loop where a thread can't open the store", async () => {
    const broker = closedAtEnd(sqliteBroker({ path: ":memory:" }));
    expect(broker.recipe).toEqual({ kind: "none", why: "it lives in the memory of one broker" });
    const gate = Promise.withResolvers<void>();
    const started = new Happenings<string>();
    const server = aServer(broker, { lease: "2s", shutdownTimeout: "5s" }).handleRaw("t", async ({ taskId }) => {
      started.add(taskId);
      await gate.promise;
    });
    server.start();
    const item = placedNow({ type: "t" });
    await broker.enqueue([item]);
    await started.reach(1);
    const end = async (): Promise<number> => (await stored(broker, item.message)).leaseEndsAt ?? 0;
    const first = await end();
    await vi.waitFor(async () => expect(await end()).toBeGreaterThan(first + 1_000), patience);
    expect(server.status().leasesExtendedBy).toBe("event_loop");
    gate.resolve();
    await vi.waitFor(() => expect(server.status().counts).toMatchObject({ settled: 1, lost: 0 }));
  }, 20_000);
});

describe.runIf(redisServerPath() !== undefined)("a claim whose answer is lost on the way", () => {
  async function setup() {
    const redis = await startRedisServer();
    onTestFinished(() => redis.stop());
    const proxy = await startTcpProxy(redis.port);
    onTestFinished(() => proxy.close());
    const direct = closedAtEnd(redisBroker({ url: redis.url }));
    const through = closedAtEnd(redisBroker({ url: `redis://127.0.0.1:${proxy.port}`, commandTimeoutMs: 500 }));
    await Promise.all([direct.ready(), through.ready()]);
    return { proxy, direct, through };
  }

  it("has its tasks back in the queue long before the lease ends, as if nothing had happened", async () => {
    const { proxy, direct, through } = await setup();
    const items = Array.from({ length: 3 }, () => placedNow({ type: "t" }));
    await direct.enqueue(items);
    const ran = new Happenings<number>();
    const server = aServer(through).handleRaw("t", ({ attempt }) => void ran.add(attempt));
    const cut = proxy.cutAnswerTo(`${server.serverId}/c`);
    server.start();
    await cut;
    const cutAt = performance.now();
    expect(await ran.reach(3)).toEqual([1, 1, 1]);
    expect(performance.now() - cutAt).toBeLessThan(3_000);
    await vi.waitFor(() => expect(server.status().counts).toMatchObject({ settled: 3, lost: 0 }), patience);
  }, 20_000);

  it("is noticed on a connection that stays open and says nothing", async () => {
    const { proxy, direct, through } = await setup();
    const ran = new Happenings<string>();
    const server = aServer(through).handleRaw("t", ({ taskId }) => void ran.add(taskId));
    server.start();
    await direct.enqueue([placedNow({ type: "t" })]);
    await ran.reach(1);
    proxy.holdAnswers();
    const item = placedNow({ type: "t" });
    await direct.enqueue([item]);
    await vi.waitFor(async () => expect(server.status().reachability.reachable).toBe(false), patience);
    proxy.cut();
    proxy.release();
    const releasedAt = performance.now();
    expect(await ran.reach(2)).toContain(item.message.id);
    expect(performance.now() - releasedAt).toBeLessThan(8_000);
  }, 30_000);
});
