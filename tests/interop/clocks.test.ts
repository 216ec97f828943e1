import { describe, expect, it } from "vitest";
import { Interop, needsGo } from "./support/interop.ts";

needsGo();

/** Ahead and behind. Both at once, each on a store of its own, since leases take their time. */
const offsets = [20_000, -20_000];

describe("where the clock of one of ours is 20 s ahead of that of Go and of another of ours, or behind", () => {
  it("nothing is stolen while its worker lives: each task runs once, by whoever took it", async () => {
    await Promise.all(
      offsets.map(async (clockAheadMs) => {
        const store = await Interop.open();
        const [go, right, wrong] = await Promise.all([
          store.peer("Go"),
          store.peer("Hikyaku"),
          store.peer("Hikyaku", { clockAheadMs }),
        ]);
        const holders = [go, right, wrong];
        await go.enqueueMany(Array.from({ length: 12 }, () => ({ type: "slow:25000" })));
        await Promise.all(holders.map((peer) => peer.startServer({ concurrency: 4 })));
        await Promise.all(holders.map((peer) => peer.hear({ event: "started" }, 4)));
        // Go looks for lost tasks when it starts, ours every two seconds.
        const late = await Promise.all([store.peer("Go"), store.peer("Hikyaku", { clockAheadMs })]);
        await Promise.all(late.map((peer) => peer.startServer()));
        await Promise.all(holders.map((peer) => peer.hear({ event: "returned", error: "" }, 4)));
        await Promise.all([...holders, ...late].map((peer) => peer.shutDownServer()));
        expect(late.flatMap((peer) => peer.heard({ event: "started" }))).toEqual([]);
        expect(holders.flatMap((peer) => peer.heard({ event: "started" }))).toHaveLength(12);
        const counts = { active: 0, retry: 0, archived: 0 };
        expect(await go.queue()).toMatchObject({ processedTotal: 12, failedTotal: 0, counts });
      }),
    );
  });

  it("nothing is lost: what each puts aside is brought back by the other", async () => {
    await Promise.all(
      offsets.map(async (clockAheadMs) => {
        const store = await Interop.open();
        const [go, ours] = await Promise.all([store.peer("Go"), store.peer("Hikyaku", { clockAheadMs })]);
        const { id: fromGo } = await go.enqueue({ type: "flaky:1", options: { queue: "go, then ours" } });
        const { id: fromOurs } = await ours.enqueue({ type: "flaky:1", options: { queue: "ours, then go" } });
        // Neither may bring its own task back before it stops.
        const first = { retryDelayMs: 3_000, forwardEveryMs: 3_600_000 };
        await go.startServer({ ...first, queues: { "go, then ours": 1 } });
        await ours.startServer({ ...first, queues: { "ours, then go": 1 } });
        await Promise.all([go.first({ event: "returned" }), ours.first({ event: "returned" })]);
        await Promise.all([go.shutDownServer(), ours.shutDownServer()]);
        await go.startServer({ name: "second", queues: { "ours, then go": 1 } });
        await ours.startServer({ name: "second", queues: { "go, then ours": 1 } });
        // The one whose clock is behind waits that much longer.
        await ours.hear({ event: "started", taskId: fromGo, retried: 1 }, 1, 40_000);
        await go.hear({ event: "started", taskId: fromOurs, retried: 1 }, 1, 40_000);
      }),
    );
  });
});
