import { hostname } from "node:os";
import { describe, expect, it, vi } from "vitest";
import { bytes, directions, Interop, needsGo } from "./support/interop.ts";

needsGo();

/** Asynq tells of itself every five seconds. */
const nextHeartbeat = { timeout: 15_000, interval: 100 };
const soon = expect.toSatisfy((at) => Math.abs(at - Date.now()) < 60_000, "about now");

describe.each(directions)("a server of %s, seen by %s", (one, other) => {
  it("is listed with its settings and what it runs, says when it takes no more, and is gone when it stops", async () => {
    const [worker, observer] = await (await Interop.open()).pair(one, other);
    const { id } = await observer.enqueue({ type: "hold", payload: bytes("letter"), options: { timeoutMs: 600_000 } });
    await worker.startServer({ concurrency: 7, queues: { default: 3, low: 1 }, strict: true });
    const started = await worker.first({ event: "started", taskId: id });
    await vi.waitFor(async () => {
      const [server, ...more] = await observer.servers();
      expect(more).toEqual([]);
      expect(server).toMatchObject({
        host: hostname(),
        concurrency: 7,
        queues: { default: 3, low: 1 },
        strictPriority: true,
        status: "active",
        pid: expect.any(Number),
        serverId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        startedAt: soon,
      });
      expect(server?.workers).toMatchObject([
        { taskId: id, type: "hold", payload: bytes("letter"), queue: "default", startedAt: soon },
      ]);
      const [busy] = server?.workers ?? [];
      expect(Math.abs((busy?.deadlineAt ?? 0) - (started.deadlineAt ?? 0))).toBeLessThan(2_000);
    }, nextHeartbeat);

    await worker.stopServer();
    await vi.waitFor(
      async () => expect(await observer.servers()).toMatchObject([{ status: "stopped" }]),
      nextHeartbeat,
    );
    await worker.release(id);
    await worker.shutDownServer();
    expect(await observer.servers()).toEqual([]);
  });
});

describe("servers of both sides on one queue", () => {
  it("are listed side by side, each with the tasks that it runs", async () => {
    const store = await Interop.open();
    const [go, ours] = await store.pair("Go", "Hikyaku");
    await go.enqueueMany([{ type: "hold" }, { type: "hold" }]);
    await Promise.all([go.startServer({ concurrency: 1 }), ours.startServer({ concurrency: 1 })]);
    await Promise.all([go.first({ event: "started" }), ours.first({ event: "started" })]);
    for (const observer of [go, ours]) {
      await vi.waitFor(async () => {
        const servers = await observer.servers();
        expect(servers.map(({ workers }) => workers.length)).toEqual([1, 1]);
      }, nextHeartbeat);
    }
  });
});

describe("servers that were killed", () => {
  it("are forgotten by both sides after ten seconds", async () => {
    const store = await Interop.open();
    const observers = await store.pair("Go", "Hikyaku");
    const victims = await Promise.all([store.peer("Go"), store.peer("Hikyaku", { ownProcess: true })]);
    await Promise.all(victims.map((victim) => victim.startServer()));
    for (const observer of observers) {
      await vi.waitFor(async () => expect(await observer.servers()).toHaveLength(2), nextHeartbeat);
    }
    await Promise.all(victims.map((victim) => victim.end()));
    for (const observer of observers) {
      await vi.waitFor(async () => expect(await observer.servers()).toEqual([]), nextHeartbeat);
    }
  });
});
