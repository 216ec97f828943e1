import { describe, expect, it, vi } from "vitest";
import { directions, Interop, needsGo } from "./support/interop.ts";

needsGo();

const hourMs = 3_600_000;

describe("tasks that wait for their moment", () => {
  it("run once and none early where both sides forward: ours to the millisecond, Go's to its second", async () => {
    const store = await Interop.open();
    const [go, ours] = await store.pair("Go", "Hikyaku");
    const dueAt = new Map<string, number>();
    const now = Date.now();
    for (let n = 0; n < 30; n++) {
      const at = now + 300 + n * 97;
      dueAt.set((await ours.enqueue({ type: "ok", options: { at } })).id, at);
      // Go cuts the moment to its second and may run the task from there on.
      dueAt.set((await go.enqueue({ type: "ok", options: { at } })).id, Math.floor(at / 1_000) * 1_000);
    }
    await Promise.all([go.startServer(), ours.startServer()]);
    const started = () => [...go.heard({ event: "started" }), ...ours.heard({ event: "started" })];
    await vi.waitFor(() => expect(started()).toHaveLength(60), 15_000);
    for (const { taskId = "", at = 0 } of started()) {
      expect(at).toBeGreaterThanOrEqual(dueAt.get(taskId) ?? Number.POSITIVE_INFINITY);
    }
    await Promise.all([go.shutDownServer(), ours.shutDownServer()]);
    expect(new Set(started().map(({ taskId }) => taskId)).size).toBe(60);
    expect(await store.redisKeys("*:{default}:*")).toEqual([
      "asynq:{default}:processed",
      expect.stringContaining("asynq:{default}:processed:"),
    ]);
  });

  it("leave no exact moment of ours behind where Go alone forwards, once ours looks again", async () => {
    const store = await Interop.open();
    const [go, ours] = await store.pair("Go", "Hikyaku");
    const at = Math.ceil(Date.now() / 1_000) * 1_000 + 123;
    const { id } = await ours.enqueue({ type: "ok", options: { at } });
    expect(await store.redisKeys("hikyaku:{default}:*")).toEqual(["hikyaku:{default}:due"]);
    await go.startServer();
    await go.first({ event: "started", taskId: id });
    await ours.startServer();
    await vi.waitFor(async () => expect(await store.redisKeys("hikyaku:{default}:*")).toEqual([]), 10_000);
    expect(ours.heard({ event: "started" })).toEqual([]);
  });
});

describe.each(directions)("what %s put aside for later", (one, other) => {
  it(`is brought back by ${other}: a retry, with its count`, async () => {
    const [worker, forwarder] = await (await Interop.open()).pair(one, other);
    const { id } = await worker.enqueue({ type: "flaky:1" });
    // It must not bring the task back itself before it stops.
    await worker.startServer({ retryDelayMs: 2_000, forwardEveryMs: hourMs });
    await worker.first({ event: "returned", taskId: id });
    await worker.shutDownServer();
    await forwarder.startServer();
    expect(await forwarder.first({ event: "started", taskId: id })).toMatchObject({ retried: 1 });
  });

  it(`is brought back by ${other}: many scheduled tasks, each once`, async () => {
    const [producer, forwarder] = await (await Interop.open()).pair(one, other);
    const ids = await producer.enqueueMany(
      Array.from({ length: 500 }, () => ({ type: "ok", options: { inMs: 1_000 } })),
    );
    await forwarder.startServer({ quiet: true });
    const started = await forwarder.hear({ event: "started" }, ids.length);
    await forwarder.shutDownServer();
    expect(started.map(({ taskId }) => taskId).sort()).toEqual([...ids].sort());
    expect(await forwarder.queue()).toMatchObject({ processedTotal: 500, counts: { scheduled: 0, pending: 0 } });
  });
});

describe("a group", () => {
  it("is joined at its moment by a task that ours scheduled, also where Go forwards it", async () => {
    const store = await Interop.open();
    const [go, ours] = await store.pair("Go", "Hikyaku");
    const { id } = await ours.enqueue({ type: "ok", options: { inMs: 200, group: "letters" } });
    await go.startServer();
    await vi.waitFor(async () => expect(await go.task(id)).toMatchObject({ state: "aggregating" }), 10_000);
    expect(await go.inspect("groups", { queue: "default" })).toEqual({ letters: 1 });
    expect((await go.list("aggregating", "default", "letters")).map((task) => task.id)).toEqual([id]);
  });

  it("is seen again when ours sends a retry back to it", async () => {
    const store = await Interop.open();
    const [go, ours] = await store.pair("Go", "Hikyaku");
    const { id } = await go.enqueue({ type: "fail", options: { group: "letters" } });
    await go.inspect("run", { queue: "default", taskId: id });
    expect(await go.inspect("groups", { queue: "default" })).toEqual({});
    await go.startServer({ retryDelayMs: 0, forwardEveryMs: hourMs });
    await go.first({ event: "returned", taskId: id });
    await go.shutDownServer();
    await ours.startServer();
    await vi.waitFor(
      async () => expect(await go.inspect("groups", { queue: "default" })).toEqual({ letters: 1 }),
      10_000,
    );
  });
});
