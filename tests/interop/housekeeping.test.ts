import { describe, expect, it, vi } from "vitest";
import { Interop, needsGo } from "./support/interop.ts";

needsGo();

const dayMs = 86_400_000;
const skips = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ type: "skip", options: { taskId: `t${index}` } }));
const nextSweep = { timeout: 20_000, interval: 100 };

describe("an archive that ours keeps, seen by Go", () => {
  it.each([
    ["holds no more than its limit, and nothing is left of the others", { archiveMaxCount: 5 }, 5],
    ["holds nothing older than its age, and nothing is left of those", { archiveMaxAgeMs: 2_000 }, 0],
  ])("%s", async (_, limits, kept) => {
    const store = await Interop.open();
    const [go, ours] = await store.pair("Go", "Hikyaku");
    const ids = await go.enqueueMany(skips(40));
    await ours.startServer({ concurrency: 1, ...limits });
    await ours.hear({ event: "returned" }, ids.length);
    await vi.waitFor(
      async () => expect(await go.queue()).toMatchObject({ counts: { archived: kept, active: 0 } }),
      nextSweep,
    );
    const left = (await go.list("archived")).map(({ id }) => id);
    expect(left).toHaveLength(kept);
    expect(await store.redisKeys("asynq:{default}:t:*")).toEqual(
      left.map((id) => `asynq:{default}:t:${id}`).toSorted(),
    );
    expect(await go.queue()).toMatchObject({ failedTotal: 40 });
    await ours.shutDownServer();
    const free = ids.filter((id) => !left.includes(id));
    await go.enqueueMany(free.map((taskId) => ({ type: "ok", options: { taskId } })));
    expect(await go.queue()).toMatchObject({ counts: { pending: free.length } });
  });
});

describe("counters that ours moves", () => {
  it("begin anew at midnight UTC, and Go's history shows each day its own", async () => {
    const store = await Interop.open();
    const midnight = Math.floor(Date.now() / dayMs) * dayMs;
    const [go, ours] = await Promise.all([
      store.peer("Go"),
      store.peer("Hikyaku", { clockAheadMs: midnight - 8_000 - Date.now() }),
    ]);
    const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);
    const [yesterday, today] = [dayOf(midnight - 1), dayOf(midnight)];
    const run = async (types: readonly string[]): Promise<void> => {
      const before = ours.heard({ event: "returned" }).length;
      await ours.enqueueMany(types.map((type) => ({ type })));
      await ours.hear({ event: "returned" }, before + types.length);
    };
    await ours.startServer();
    await run(["ok", "ok", "skip"]);
    await vi.waitFor(async () => expect(await go.queue()).toMatchObject({ processedTotal: 3 }), nextSweep);
    expect(await ours.queue()).toMatchObject({ processedToday: 3, failedToday: 1 });
    await vi.waitFor(async () => expect(await ours.queue()).toMatchObject({ processedToday: 0 }), nextSweep);
    await run(["ok", "skip", "skip", "ok", "ok"]);
    await vi.waitFor(
      async () => expect(await go.queue()).toMatchObject({ processedTotal: 8, failedTotal: 3 }),
      nextSweep,
    );
    const days = (await go.inspect("history", { queue: "default", days: 3 })) as { date: string }[];
    expect(days.filter(({ date }) => date >= yesterday && date <= today)).toEqual([
      { date: today, processed: 5, failed: 2 },
      { date: yesterday, processed: 3, failed: 1 },
    ]);
    for (const counter of ["processed", "failed"]) {
      for (const day of [yesterday, today]) {
        const ttl = Number(await store.command("TTL", `asynq:{default}:${counter}:${day}`));
        expect(ttl).toBeGreaterThan(88 * 86_400);
        expect(ttl).toBeLessThanOrEqual(91 * 86_400);
      }
    }
  });
});
