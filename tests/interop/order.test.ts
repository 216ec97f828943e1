import { describe, expect, it, vi } from "vitest";
import { bytes, directions, Interop, needsGo } from "./support/interop.ts";
import type { Peer } from "./support/peer.ts";

needsGo();

async function startedIds(worker: Peer, count: number): Promise<unknown[]> {
  return (await worker.hear({ event: "started" }, count)).map(({ taskId }) => taskId);
}

describe.each(directions)("a queue that %s and %s share", (one, other) => {
  it("runs tasks in the order of their enqueues, whoever made them", async () => {
    const [first, second] = await (await Interop.open()).pair(one, other);
    const ids: string[] = [];
    for (let n = 0; n < 10; n++) {
      ids.push((await first.enqueue({ type: "ok", payload: bytes(`${n}`) })).id);
      ids.push(...(await second.enqueueMany([{ type: "ok" }, { type: "ok" }])));
    }
    await second.startServer({ concurrency: 1 });
    expect(await startedIds(second, ids.length)).toEqual(ids);
  });

  it("runs first what was handed back at a stop", async () => {
    const [first, second] = await (await Interop.open()).pair(one, other);
    const held = await first.enqueue({ type: "stubborn" });
    await first.startServer({ concurrency: 1, shutdownTimeoutMs: 100 });
    await first.first({ event: "started", taskId: held.id });
    const waiting = await second.enqueueMany([{ type: "ok" }, { type: "ok" }]);
    await first.shutDownServer();
    expect(await second.task(held.id)).toMatchObject({ state: "pending", retried: 0, lastError: "" });
    expect(await second.queue()).toMatchObject({ counts: { pending: 3, active: 0 }, processedTotal: 0 });
    await second.release(held.id);
    await second.startServer({ concurrency: 1 });
    expect(await startedIds(second, 3)).toEqual([held.id, ...waiting]);
  });

  it("is left alone while the other side has paused it, and served again when it resumes it", async () => {
    const [worker, operator] = await (await Interop.open()).pair(one, other);
    await operator.enqueue({ type: "ok", options: { queue: "other" } });
    const paused = await operator.enqueue({ type: "ok" });
    await operator.inspect("pause", { queue: "default" });
    expect(await worker.queue()).toMatchObject({ paused: true });
    await worker.startServer({ queues: { default: 9, other: 1 }, strict: true });
    await worker.first({ event: "started", queue: "other" });
    expect(await operator.task(paused.id)).toMatchObject({ state: "pending" });
    await operator.inspect("resume", { queue: "default" });
    await worker.first({ event: "started", taskId: paused.id });
    expect(await worker.queue()).toMatchObject({ paused: false });
  });

  it("of higher priority comes first in strict order", async () => {
    const [producer, worker] = await (await Interop.open()).pair(one, other);
    const low = await producer.enqueueMany(
      Array.from({ length: 5 }, () => ({ type: "ok", options: { queue: "low" } })),
    );
    const high = await producer.enqueueMany(
      Array.from({ length: 5 }, () => ({ type: "ok", options: { queue: "high" } })),
    );
    await worker.startServer({ concurrency: 1, queues: { low: 1, high: 5 }, strict: true });
    expect(await startedIds(worker, 10)).toEqual([...high, ...low]);
  });

  it("comes by chance, as its weight says, where the order is not strict", async () => {
    const [producer, worker] = await (await Interop.open()).pair(one, other);
    const weights = { high: 6, middle: 3, low: 1 };
    for (const queue of Object.keys(weights)) {
      await producer.enqueueMany(Array.from({ length: 400 }, () => ({ type: "ok", options: { queue } })));
    }
    await worker.startServer({ concurrency: 1, queues: weights, quiet: true });
    // While none of the queues is empty: the shares are 60, 30 and 10 %, and the bounds more than six deviations away.
    const started = (await worker.hear({ event: "started" }, 400)).slice(0, 400);
    const share = (queue: string) => started.filter((event) => event.queue === queue).length;
    expect(share("high")).toSatisfy((count: number) => count > 175 && count < 305);
    expect(share("middle")).toSatisfy((count: number) => count > 60 && count < 180);
    expect(share("low")).toSatisfy((count: number) => count > 3 && count < 85);
    await worker.hear({ event: "started" }, 1_200);
  });

  it.each([
    ["by id alone", undefined],
    ["by queue and id", "default"],
  ])("has each of its tasks cancelled from the other side, %s", async (_, queue) => {
    const store = await Interop.open();
    const [worker, operator] = await store.pair(one, other);
    const { id } = await operator.enqueue({ type: "hold" });
    await worker.startServer();
    await worker.first({ event: "started", taskId: id });
    // The signal is heard by whoever listens by then, and nobody else.
    await vi.waitFor(async () =>
      expect(await store.command("PUBSUB", "NUMSUB", "asynq:cancel")).toEqual(["asynq:cancel", 1]),
    );
    await operator.inspect("cancel", { taskId: id, ...(queue !== undefined && { queue }) });
    await worker.first({ event: "returned", taskId: id });
    await worker.shutDownServer();
    expect(await operator.task(id)).toMatchObject({ state: "retry", retried: 1, lastError: "context canceled" });
  });

  it("stores the end of a timeout in the same words", async () => {
    const [worker, operator] = await (await Interop.open()).pair(one, other);
    const { id } = await operator.enqueue({ type: "hold", options: { timeoutMs: 1_000 } });
    await worker.startServer();
    await worker.first({ event: "returned", taskId: id });
    await worker.shutDownServer();
    expect(await operator.task(id)).toMatchObject({
      state: "retry",
      retried: 1,
      lastError: "context deadline exceeded",
    });
  });
});
