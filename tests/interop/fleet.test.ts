import { describe, expect, it, vi } from "vitest";
import { Interop, needsGo } from "./support/interop.ts";
import type { Peer } from "./support/peer.ts";
import type { TaskSpec } from "./support/peer-protocol.ts";

needsGo();

const types = ["ok", "ok", "ok", "flaky:1", "skip", "revoke", "ok", "flaky:2"];
const tasksOf = (count: number): TaskSpec[] =>
  Array.from({ length: count }, (_, n) => ({ type: types[n % types.length] ?? "ok" }));

function startsById(peers: readonly Peer[]): Map<string, number> {
  const starts = new Map<string, number>();
  for (const { taskId = "" } of peers.flatMap((peer) => peer.heard({ event: "started" }))) {
    starts.set(taskId, (starts.get(taskId) ?? 0) + 1);
  }
  return starts;
}

/** How often a task of this type runs where nobody dies. */
function runsOf(type: string): number {
  return type.startsWith("flaky:") ? Number(type.slice("flaky:".length)) + 1 : 1;
}

async function untilDrained(observer: Peer, timeout = 90_000): Promise<void> {
  await vi.waitFor(
    async () => {
      const { counts } = await observer.queue();
      expect(counts).toMatchObject({ pending: 0, active: 0, scheduled: 0, retry: 0, aggregating: 0 });
    },
    { timeout, interval: 100 },
  );
}

const fast = { concurrency: 10, retryDelayMs: 0, forwardEveryMs: 20, quiet: true };

describe("a fleet of both sides on one queue", { timeout: 180_000 }, () => {
  it("runs 4000 tasks of both sides, each exactly as often as it should", async () => {
    const store = await Interop.open();
    const [go, ours] = await store.pair("Go", "Hikyaku");
    const workers = await Promise.all([
      store.peer("Go"),
      store.peer("Go"),
      store.peer("Hikyaku", { ownProcess: true }),
      store.peer("Hikyaku", { ownProcess: true }),
    ]);
    await Promise.all(workers.map((worker) => worker.startServer(fast)));
    const tasks = tasksOf(2_000);
    const [fromGo, fromOurs] = await Promise.all([go.enqueueMany(tasks), ours.enqueueMany(tasks)]);
    await untilDrained(go);
    await Promise.all(workers.map((worker) => worker.shutDownServer()));
    const starts = startsById(workers);
    const wrong = [fromGo, fromOurs].flatMap((ids) =>
      ids.filter((id, n) => starts.get(id) !== runsOf(tasks[n]?.type ?? "")),
    );
    expect(wrong).toEqual([]);
    expect(starts.size).toBe(4_000);
    const skipped = tasks.filter(({ type }) => type === "skip").length * 2;
    const retried = tasks.reduce((sum, { type }) => sum + runsOf(type) - 1, 0) * 2;
    const numbers = { counts: { archived: skipped }, processedTotal: 4_000 + retried, failedTotal: skipped + retried };
    expect(await go.queue()).toMatchObject(numbers);
    expect(await ours.queue()).toMatchObject(numbers);
    expect(await ours.check()).toEqual([]);
    // Both sides took a share.
    for (const worker of workers) expect(worker.heard({ event: "started" }).length).toBeGreaterThan(0);
  });

  it("loses no task where workers of both sides are killed in the middle", async () => {
    const store = await Interop.open();
    const [go, ours] = await store.pair("Go", "Hikyaku");
    const tasks = tasksOf(1_500);
    const victims = [await store.peer("Go"), await store.peer("Hikyaku", { ownProcess: true })];
    await Promise.all(victims.map((victim) => victim.startServer(fast)));
    const enqueued = Promise.all([go.enqueueMany(tasks), ours.enqueueMany(tasks)]);
    await Promise.all(victims.map((victim) => victim.hear({ event: "started" }, 200)));
    await Promise.all(victims.map((victim) => victim.end()));
    const heirs = [await store.peer("Go"), await store.peer("Hikyaku", { ownProcess: true })];
    await Promise.all(heirs.map((heir) => heir.startServer(fast)));
    const ids = (await enqueued).flat();
    // All that is left then is what the victims held.
    await vi.waitFor(async () => {
      const { counts } = await go.queue();
      expect(counts).toMatchObject({ pending: 0, retry: 0 });
      expect(counts["active"]).toBeLessThanOrEqual(20);
    }, 90_000);
    await Promise.all(heirs.map((heir) => heir.shutDownServer()));
    // Later than any lease of the dead, so that the test need not wait for it.
    const rescuer = await store.peer("Hikyaku", { clockAheadMs: 70_000 });
    await rescuer.startServer(fast);
    await untilDrained(ours);
    await rescuer.shutDownServer();

    // The store's own count: an attempt that died was not counted, and nobody took a death for a failure here.
    const attempts = tasks.reduce((sum, { type }) => sum + runsOf(type), 0) * 2;
    expect(await go.queue()).toMatchObject({ processedTotal: attempts });
    const starts = startsById([...victims, ...heirs, rescuer]);
    const missing = ids.filter((id, n) => (starts.get(id) ?? 0) < runsOf(tasks[n % tasks.length]?.type ?? ""));
    expect(missing).toEqual([]);
    // Only what a victim held may have run once more than it should: at most its slots.
    const repeated = ids.filter((id, n) => (starts.get(id) ?? 0) > runsOf(tasks[n % tasks.length]?.type ?? ""));
    expect(repeated.length).toBeLessThanOrEqual(20);
    const skipped = tasks.filter(({ type }) => type === "skip").length * 2;
    expect(await go.queue()).toMatchObject({ counts: { archived: skipped, active: 0, pending: 0, retry: 0 } });
    expect(await store.redisKeys("asynq:{default}:t:*")).toHaveLength(skipped);
    expect(await store.redisKeys("asynq:{default}:lease")).toEqual([]);
    expect(await ours.check()).toEqual([]);
    expect(await store.redisKeys("hikyaku:{default}:*")).toEqual([]);
  });
});
