import { describe, expect, it } from "vitest";
import type { BusyWorker, ServerRecord } from "../../src/broker/presence-facet.ts";
import { bytes } from "../support/builders.ts";
import { type ContractSetup, useStore } from "../support/contract-store.ts";

const ttlMs = 10_000;

export function describePresenceContract(setup: ContractSetup): void {
  describe("presence", () => {
    const store = useStore(setup);

    const aServer = (overrides: Partial<ServerRecord> = {}): ServerRecord => ({
      serverId: "server-a",
      host: "host-1",
      pid: 100,
      concurrency: 10,
      queues: { default: 3, low: 1 },
      strictPriority: false,
      status: "active",
      startedAt: store.clock.now() - 5_000,
      activeWorkers: 1,
      details: {
        version: "1.2.3",
        directory: "/srv/app",
        commandLine: "node worker.ts",
        handles: { kind: "some", exact: ["email:send"], prefixes: ["report:"] },
        lastClaimAt: undefined,
      },
      ...overrides,
    });

    const aWorker = (server: ServerRecord, overrides: Partial<BusyWorker> = {}): BusyWorker => ({
      serverId: server.serverId,
      host: server.host,
      pid: server.pid,
      taskId: "task-1",
      taskType: "email:send",
      payload: bytes('{"user":42}'),
      queue: "default",
      startedAt: store.clock.now() - 1_500,
      deadlineAt: store.clock.now() + 60_250,
      ...overrides,
    });

    it("knows nobody at first", async () => {
      expect(await store.broker.servers()).toEqual({ servers: [], workers: [] });
    });

    it("tells everyone of a server and what it runs", async () => {
      const server = aServer();
      const workers = [aWorker(server), aWorker(server, { taskId: "task-2", payload: new Uint8Array() })];
      await store.broker.announce(server, workers, ttlMs);
      const seen = await store.other.servers();
      expect(seen.servers).toEqual([server]);
      expect([...seen.workers].sort((one, two) => (one.taskId < two.taskId ? -1 : 1))).toEqual(workers);
    });

    it("keeps every status and what it was told of the last claim", async () => {
      for (const status of ["new", "active", "stopped", "closed"] as const) {
        const details = {
          version: "1",
          directory: "/",
          commandLine: "x",
          handles: { kind: "all" },
          lastClaimAt: 1_500,
        } as const;
        const server = aServer({ status, details, strictPriority: true });
        await store.broker.announce(server, [], ttlMs);
        expect((await store.other.servers()).servers).toEqual([server]);
      }
    });

    it("keeps how a server is doing, and what names its process", async () => {
      const { details } = aServer();
      if (details === undefined) throw new Error("expected details");
      const told = { ...details, loopDelayMs: 1_200, clockOffsetMs: -7, processIdentity: "boot/world/1" };
      const server = aServer({ details: told });
      await store.broker.announce(server, [], ttlMs);
      expect((await store.other.servers()).servers).toEqual([server]);
    });

    it("tells the time of the store's own clock, if it has one", async () => {
      const before = Date.now();
      const told = await store.broker.storeTime();
      if (told === undefined) return;
      expect(told).toBeGreaterThanOrEqual(before - 1);
      expect(told).toBeLessThanOrEqual(Date.now() + 1);
    });

    it("replaces what a server said before", async () => {
      const server = aServer();
      await store.broker.announce(server, [aWorker(server)], ttlMs);
      await store.broker.announce({ ...server, activeWorkers: 0, status: "stopped" }, [], ttlMs);
      const seen = await store.other.servers();
      expect(seen.servers).toMatchObject([{ activeWorkers: 0, status: "stopped" }]);
      expect(seen.workers).toEqual([]);
    });

    it("sorts servers by host, pid and id", async () => {
      const servers = [
        aServer({ host: "host-1", pid: 9, serverId: "b" }),
        aServer({ host: "host-1", pid: 9, serverId: "c" }),
        aServer({ host: "host-1", pid: 100, serverId: "a" }),
        aServer({ host: "host-2", pid: 1, serverId: "a" }),
      ];
      for (const server of [...servers].reverse()) await store.broker.announce(server, [], ttlMs);
      const seen = await store.other.servers();
      expect(seen.servers.map(({ host, pid, serverId }) => `${host} ${pid} ${serverId}`)).toEqual([
        "host-1 9 b",
        "host-1 9 c",
        "host-1 100 a",
        "host-2 1 a",
      ]);
    });

    it("keeps at most the first 1024 bytes of a payload", async () => {
      const server = aServer();
      const payload = new Uint8Array(5_000).map((_, index) => index % 256);
      await store.broker.announce(server, [aWorker(server, { payload })], ttlMs);
      const [worker] = (await store.other.servers()).workers;
      expect(Buffer.compare(worker?.payload ?? new Uint8Array(), payload.subarray(0, 1_024))).toBe(0);
    });

    it("forgets a server whose word is not fresh any more", async () => {
      const [stale, fresh] = [aServer({ serverId: "stale" }), aServer({ serverId: "fresh", pid: 101 })];
      await store.broker.announce(stale, [aWorker(stale)], ttlMs);
      await store.broker.announce(fresh, [], ttlMs);
      store.clock.advance(ttlMs - 2_000);
      expect((await store.other.servers()).servers).toHaveLength(2);
      await store.broker.announce(fresh, [], ttlMs);
      store.clock.advance(4_000);
      const seen = await store.other.servers();
      expect(seen.servers.map(({ serverId }) => serverId)).toEqual(["fresh"]);
      expect(seen.workers).toEqual([]);
    });

    it("forgets a server at once that withdraws, and no other", async () => {
      const [gone, stays] = [aServer({ serverId: "gone" }), aServer({ serverId: "stays" })];
      await store.broker.announce(gone, [aWorker(gone)], ttlMs);
      await store.broker.announce(stays, [aWorker(stays)], ttlMs);
      await store.broker.withdraw(gone);
      const seen = await store.other.servers();
      expect(seen.servers.map(({ serverId }) => serverId)).toEqual(["stays"]);
      expect(seen.workers.map(({ serverId }) => serverId)).toEqual(["stays"]);
      await store.broker.withdraw(gone);
    });
  });
}
