import { afterEach, describe, expect, it } from "vitest";
import type { EvictRequest, ServerOrder } from "../../src/broker/control-facet.ts";
import type { ServerRecord } from "../../src/broker/presence-facet.ts";
import type { Signal } from "../../src/broker/signal-facet.ts";
import {
  aClaim,
  anAttempt,
  bytes,
  claimed,
  claimedOne,
  enqueuedAndClaimed,
  idsOf,
  leaseMs,
  placedNow,
  settled,
  stateOf,
  stored,
} from "../support/builders.ts";
import { type ContractSetup, useStore } from "../support/contract-store.ts";

const ttlMs = 10_000;
const dayMs = 86_400_000;

export function describeControlContract(setup: ContractSetup): void {
  const store = useStore(setup);

  const aServer = (overrides: Partial<ServerRecord> = {}): ServerRecord => ({
    serverId: "server-a",
    host: "host-1",
    pid: 100,
    concurrency: 10,
    queues: { default: 3 },
    strictPriority: false,
    status: "active",
    startedAt: store.clock.now() - 5_000,
    activeWorkers: 0,
    details: {
      version: "1.2.3",
      build: "abc",
      parentPid: 7,
      directory: "/srv/app",
      commandLine: "node worker.ts",
      handles: { kind: "all" },
      lastClaimAt: undefined,
    },
    ...overrides,
  });

  const anOrder = (overrides: Partial<ServerOrder> = {}): ServerOrder => ({
    orderId: "order-1",
    serverId: "server-a",
    kind: "quiet",
    at: store.clock.now(),
    by: { host: "desk", pid: 5, who: "Ana" },
    ...overrides,
  });

  const anEviction = (overrides: Partial<EvictRequest> = {}): EvictRequest => ({
    queue: "default",
    serverId: "server-a",
    refuseForMs: dayMs,
    limit: 100,
    attempt: anAttempt({ outcome: "lost", error: "evicted by desk pid 5" }),
    ...overrides,
  });

  describe("an order", () => {
    const stops: (() => void)[] = [];
    afterEach(() => {
      for (const stop of stops.splice(0)) stop();
    });

    it("waits for its server until that announces itself, as often as it does, and for no other", async () => {
      const quiet = anOrder();
      const stop = anOrder({ orderId: "order-2", kind: "stop", timeoutMs: 1_500, reason: "old build" });
      expect(await store.broker.announce(aServer(), [], ttlMs)).toEqual([]);
      await store.other.order(quiet, dayMs);
      await store.other.order(stop, dayMs);
      const byKind = (orders: readonly ServerOrder[]) => [...orders].sort((a, b) => (a.kind < b.kind ? -1 : 1));
      for (let time = 0; time < 2; time++) {
        expect(byKind(await store.broker.announce(aServer(), [], ttlMs))).toEqual([quiet, stop]);
      }
      expect(await store.broker.announce(aServer({ serverId: "server-b" }), [], ttlMs)).toEqual([]);
    });

    it("takes the place of an earlier one of its kind", async () => {
      await store.other.order(anOrder(), dayMs);
      await store.other.order(anOrder({ orderId: "order-2", reason: "again" }), dayMs);
      const orders = await store.broker.announce(aServer(), [], ttlMs);
      expect(orders).toEqual([anOrder({ orderId: "order-2", reason: "again" })]);
    });

    it("is counted by server for as long as it is kept", async () => {
      expect(await store.other.orderedServers()).toBe(0);
      await store.broker.order(anOrder({ kind: "evict" }), 2 * dayMs);
      await store.broker.order(anOrder({ orderId: "order-2" }), dayMs);
      await store.broker.order(anOrder({ orderId: "order-3", serverId: "server-b" }), dayMs);
      expect(await store.other.orderedServers()).toBe(2);
      store.clock.advance(dayMs + 1_000);
      expect(await store.other.orderedServers()).toBe(1);
      store.clock.advance(dayMs + 1_000);
      expect(await store.other.orderedServers()).toBe(0);
    });

    it("is said to who listens", async () => {
      const heard: Signal[] = [];
      stops.push(store.broker.listen((signal) => void (signal.kind !== "listening" && heard.push(signal))));
      const order = anOrder({ by: { host: "desk ü", pid: 1 } });
      // Listening begins some time after it was asked for.
      await expect
        .poll(
          async () => {
            await store.other.order(order, dayMs);
            return heard;
          },
          { interval: 50, timeout: 5_000 },
        )
        .toContainEqual({ kind: "server_order", order });
    });
  });

  describe("an eviction", () => {
    it("frees what the server holds, in front of the queue, with nothing spent and its reason in the history", async () => {
      const task = await enqueuedAndClaimed(store.broker, { retried: 1 });
      await store.broker.enqueue([placedNow({ id: "later" })]);
      const answer = await store.other.evict(anEviction());
      expect(answer).toEqual({ taskIds: [task.message.id], nextCursor: undefined });
      const freed = await stored(store.other, task.message);
      expect(freed).toMatchObject({ state: "pending", leaseEndsAt: undefined, message: { retried: 1 } });
      expect(freed.pendingSince).toBe(store.clock.now());
      expect(freed.attempts).toMatchObject([{ outcome: "lost", error: "evicted by desk pid 5" }]);
      expect((await store.other.queue("default"))?.counts).toMatchObject({ pending: 2, active: 0 });
      const again = await claimedOne(store.other, { serverId: "server-b" });
      expect(again).toMatchObject({ message: { id: task.message.id }, lostAttempts: 0 });
    });

    it("refuses whatever the server says of those tasks afterwards, also once another one has them", async () => {
      const task = await enqueuedAndClaimed(store.broker);
      await store.other.evict(anEviction());
      const refusals = async (): Promise<unknown[]> => [
        await settled(store.broker, task, { kind: "done" }),
        await settled(store.broker, task, { kind: "retry", at: 1, counted: true, error: "x" }, { repeated: true }),
        await store.broker.extend([task.lease], store.clock.now() + leaseMs),
        await store.broker.writeResult(task.lease, bytes("late")),
      ];
      const refused = ["lost", "lost", ["lost"], "lost"];
      expect(await refusals()).toEqual(refused);
      expect(await stateOf(store.other, task.message)).toBe("pending");
      const again = await claimedOne(store.other, { serverId: "server-b" });
      expect(await refusals()).toEqual(refused);
      expect(await settled(store.other, again, { kind: "done" })).toBe("settled");
    });

    it("gives the server nothing from that queue any more, neither waiting nor abandoned, and says why", async () => {
      await store.other.evict(anEviction());
      const lost = await enqueuedAndClaimed(store.other, {}, { serverId: "server-b" });
      await store.broker.enqueue([placedNow(), placedNow({ queue: "other" })]);
      const both = [
        { queue: "default", limit: 9 },
        { queue: "other", limit: 9 },
      ];
      const refused = await store.broker.claim(aClaim({ queues: both }));
      expect(refused.evicted).toBe(true);
      expect(refused.tasks.map(({ message }) => message.queue)).toEqual(["other"]);
      store.clock.advance(leaseMs + 1_500);
      const request = { queue: "default", limit: 9, serverId: "server-a", leaseMs };
      expect(await store.broker.takeOver(request)).toEqual({ tasks: [], setAside: [] });
      const from = { kind: "server", serverId: "server-b" } as const;
      expect(await store.broker.takeBack({ ...request, from })).toEqual({ tasks: [], setAside: [] });
      const allowed = await store.other.claim(aClaim({ serverId: "server-c" }));
      expect(allowed).toMatchObject({ tasks: [{}] });
      expect(allowed.evicted).toBeUndefined();
      const recovered = await store.other.takeOver({ ...request, serverId: "server-c" });
      expect(recovered.tasks.map(({ task }) => task.message.id)).toEqual([lost.message.id]);
    });

    it("says why also where the queue is paused or the claim comes with outcomes", async () => {
      const task = await enqueuedAndClaimed(store.broker, {}, { serverId: "server-a" });
      await store.other.evict(anEviction({ queue: "other" }));
      const queues = [{ queue: "other", limit: 1 }];
      const answer = await store.broker.settle([{ task, outcome: { kind: "done" } }], aClaim({ queues }));
      expect(answer).toMatchObject({ results: ["settled"], claimed: { tasks: [], evicted: true } });
    });

    it("leaves alone what others hold, also one whose id begins alike", async () => {
      const own = await enqueuedAndClaimed(store.broker);
      const other = await enqueuedAndClaimed(store.broker, {}, { serverId: "server-ab" });
      expect((await store.other.evict(anEviction())).taskIds).toEqual([own.message.id]);
      expect(await settled(store.broker, other, { kind: "done" })).toBe("settled");
    });

    it("goes in steps and misses none", async () => {
      const items = Array.from({ length: 700 }, () => placedNow());
      await store.broker.enqueue(items);
      const held = await claimed(store.broker, { limit: 300 });
      const others = await claimed(store.broker, { limit: 300, serverId: "server-b" });
      const freed: string[] = [];
      let cursor: string | undefined;
      do {
        const step = await store.other.evict(anEviction({ limit: 40, ...(cursor !== undefined && { cursor }) }));
        expect(step.taskIds.length).toBeLessThanOrEqual(40);
        freed.push(...step.taskIds);
        cursor = step.nextCursor;
      } while (cursor !== undefined);
      expect(freed.sort()).toEqual([...idsOf(held)].sort());
      expect((await store.other.queue("default"))?.counts).toMatchObject({
        pending: items.length - others.length,
        active: others.length,
      });
    });
  });

  describe("a server that fell silent", () => {
    it("is remembered for ten minutes with all that it said, and not once it took its leave or spoke again", async () => {
      const [frozen, gone, back] = [
        aServer(),
        aServer({ serverId: "gone", pid: 101 }),
        aServer({ serverId: "back", pid: 102 }),
      ];
      for (const server of [frozen, gone, back]) await store.broker.announce(server, [], ttlMs);
      expect(await store.other.silentServers()).toEqual([]);
      const silentSince = store.clock.now();
      await store.broker.withdraw(gone);
      store.clock.advance(ttlMs + 1_000);
      await store.broker.announce(back, [], ttlMs);
      expect(await store.other.silentServers()).toEqual([{ server: frozen, silentSince }]);
      expect((await store.other.servers()).servers.map(({ serverId }) => serverId)).toEqual(["back"]);
      store.clock.advance(595_000);
      await store.broker.announce(back, [], ttlMs);
      expect(await store.other.silentServers()).toHaveLength(1);
      store.clock.advance(6_000);
      expect((await store.other.silentServers()).map(({ server }) => server.serverId)).toEqual([]);
    });
  });
}
