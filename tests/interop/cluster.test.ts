import { describe, expect, it, vi } from "vitest";
import { bytes, directions, Interop, needsGo } from "./support/interop.ts";

needsGo();

const queues = ["default", "critical", "low", "a", "b", "c"];

describe.each(directions)("a cluster that %s and %s share", { timeout: 120_000 }, (one, other) => {
  it("passes the tasks of all queues from one to the other, now and later", async () => {
    const [producer, worker] = await (await Interop.openCluster()).pair(one, other);
    await worker.startServer({ queues: Object.fromEntries(queues.map((queue) => [queue, 1])) });
    const ids: string[] = [];
    for (const queue of queues) {
      ids.push((await producer.enqueue({ type: "ok", payload: bytes(queue), options: { queue } })).id);
      ids.push((await producer.enqueue({ type: "ok", options: { queue, inMs: 200 } })).id);
    }
    const started = await worker.hear({ event: "started" }, ids.length);
    expect(started.map(({ taskId }) => taskId).sort()).toEqual(ids.toSorted());
    expect(new Set(started.map(({ queue }) => queue))).toEqual(new Set(queues));
    await worker.hear({ event: "returned" }, ids.length);
    for (const queue of queues) {
      expect(await producer.queue(queue)).toMatchObject({
        counts: { pending: 0, scheduled: 0, retry: 0, archived: 0 },
      });
    }
  });

  it("shows the one what the other does, from whichever node it lies on", async () => {
    const [worker, operator] = await (await Interop.openCluster()).pair(one, other);
    const held = await operator.enqueue({ type: "hold", options: { queue: "critical" } });
    await worker.startServer({ queues: { critical: 1 } });
    await worker.first({ event: "started", taskId: held.id });
    expect(await operator.queue("critical")).toMatchObject({ counts: { active: 1 } });
    expect(await operator.servers()).toHaveLength(1);
    // Signals reach whoever listens on any node; whether somebody does yet can't be seen from here.
    await vi.waitFor(
      async () => {
        await operator.inspect("cancel", { taskId: held.id, queue: "critical" }).catch(() => undefined);
        expect(worker.heard({ event: "returned", taskId: held.id })).toHaveLength(1);
      },
      { timeout: 30_000, interval: 200 },
    );
  });
});
