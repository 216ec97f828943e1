import { describe, expect, it, vi } from "vitest";
import { bytes, Interop, needsGo, type Side } from "./support/interop.ts";
import type { Peer } from "./support/peer.ts";
import type { TaskSpecOptions } from "./support/peer-protocol.ts";

needsGo();

const hourMs = 3_600_000;
const sides: readonly Side[] = ["Go", "Hikyaku"];
const inQueue = (taskId: string) => ({ queue: "default", taskId });

/** Brings a task of ours into a state, with all that ours attaches to it. */
async function oursIn(state: string, ours: Peer, options: TaskSpecOptions = {}): Promise<string> {
  const types: Record<string, string> = { retry: "flaky:1", archived: "skip", completed: "ok" };
  const { id } = await ours.enqueue({
    type: types[state] ?? "ok",
    payload: bytes(state),
    options: {
      uniqueForMs: hourMs,
      timeoutMs: 1_500,
      ...options,
      ...(state === "scheduled" ? { at: Date.now() + 20 * 60_000 + 123 } : {}),
      ...(state === "aggregating" ? { group: "letters" } : {}),
      ...(state === "completed" ? { retentionMs: hourMs } : {}),
    },
  });
  if (types[state] !== undefined) {
    await ours.startServer({ name: state, retryDelayMs: 20 * 60_000 + 321 });
    await ours.first({ event: "returned", taskId: id });
    await ours.shutDownServer(state);
  }
  expect(await ours.task(id)).toMatchObject({ state });
  return id;
}

async function gone(peer: Peer, taskId: string): Promise<void> {
  await expect(peer.task(taskId)).rejects.toMatchObject({ kind: "task_not_found" });
}

/** Runs everything that is in line and gives the ids that were started, in order. */
async function drained(store: Interop, side: Side): Promise<unknown[]> {
  const worker = await store.peer(side);
  await worker.startServer({ concurrency: 1, queues: { default: 9, last: 1 }, strict: true, retryDelayMs: hourMs });
  const { id } = await worker.enqueue({ type: "ok", options: { queue: "last" } });
  await worker.first({ event: "returned", taskId: id });
  await worker.shutDownServer();
  return worker.heard({ event: "started", queue: "default" }).map(({ taskId }) => taskId);
}

/** Half an hour later, past each moment that ours had noted, it has forgotten them and has run nothing. */
async function nothingMoreRuns(store: Interop): Promise<void> {
  const later = await store.peer("Hikyaku", { clockAheadMs: 30 * 60_000 });
  await later.startServer();
  const probe = await later.enqueue({ type: "ok", options: { inMs: 100 } });
  await later.first({ event: "returned", taskId: probe.id });
  await vi.waitFor(async () => expect(await store.redisKeys("hikyaku:{default}:due")).toEqual([]), 10_000);
  await later.shutDownServer();
  expect(later.heard({ event: "started" })).toHaveLength(1);
  expect(await later.check()).toEqual([]);
}

const waiting = ["scheduled", "retry", "archived", "aggregating"];

describe.each(sides)("Go's inspector on tasks that ours wrote; %s works afterwards", (side) => {
  it.each([...waiting, "completed"])("runs one that is %s, once and at once", async (state) => {
    const store = await Interop.open();
    const [go, ours] = await store.pair("Go", "Hikyaku");
    const id = await oursIn(state, ours);
    await go.inspect("run", inQueue(id));
    expect(await ours.task(id)).toMatchObject({ state: "pending" });
    expect(await drained(store, side)).toEqual([id]);
    await nothingMoreRuns(store);
  });

  it("runs, archives and deletes all of a state at once", async () => {
    const store = await Interop.open();
    const [go, ours] = await store.pair("Go", "Hikyaku");
    const at = Date.now() + hourMs + 123;
    const many = (options: TaskSpecOptions) =>
      ours.enqueueMany(Array.from({ length: 20 }, () => ({ type: "ok", options })));
    const scheduled = await many({ at });
    expect(await go.inspect("runAll", { queue: "default", state: "scheduled" })).toBe(20);
    expect([...(await drained(store, side))].sort()).toEqual([...scheduled].sort());
    await many({ at });
    expect(await go.inspect("archiveAll", { queue: "default", state: "scheduled" })).toBe(20);
    await many({});
    expect(await go.inspect("archiveAll", { queue: "default", state: "pending" })).toBe(20);
    const grouped = await many({ group: "letters" });
    expect(await go.inspect("runAll", { queue: "default", state: "aggregating", group: "letters" })).toBe(20);
    expect([...(await drained(store, side))].sort()).toEqual([...grouped].sort());
    expect(await go.inspect("deleteAll", { queue: "default", state: "archived" })).toBe(40);
    await many({ at });
    expect(await go.inspect("deleteAll", { queue: "default", state: "scheduled" })).toBe(20);
    await many({});
    expect(await go.inspect("deleteAll", { queue: "default", state: "pending" })).toBe(20);
    expect(await drained(store, side)).toEqual([]);
    expect(await store.redisKeys("asynq:{default}:t:*")).toEqual([]);
    expect(await ours.queue()).toMatchObject({ counts: { pending: 0, scheduled: 0, archived: 0, aggregating: 0 } });
  });

  it("replaces the payload of a scheduled one, and that is what runs", async () => {
    const store = await Interop.open();
    const [go, ours] = await store.pair("Go", "Hikyaku");
    const { id } = await ours.enqueue({
      type: "ok",
      payload: bytes("old"),
      options: { inMs: 1_100, timeoutMs: 1_500 },
    });
    await go.inspect("updatePayload", { ...inQueue(id), payload: bytes("new") });
    const worker = await store.peer(side);
    await worker.startServer();
    expect(await worker.first({ event: "started", taskId: id })).toMatchObject({ payload: bytes("new") });
  });
});

describe("Go's inspector on tasks that ours wrote", () => {
  it.each(["pending", "scheduled", "retry", "aggregating"])(
    "archives one that is %s, until it is run",
    async (state) => {
      const store = await Interop.open();
      const [go, ours] = await store.pair("Go", "Hikyaku");
      const id = await oursIn(state, ours);
      await go.inspect("archive", inQueue(id));
      expect(await ours.task(id)).toMatchObject({ state: "archived" });
      await nothingMoreRuns(store);
      expect((await go.list("archived")).map((task) => task.id)).toEqual([id]);
      await go.inspect("run", inQueue(id));
      expect(await drained(store, "Hikyaku")).toEqual([id]);
    },
  );

  it.each(["pending", ...waiting, "completed"])("deletes one that is %s, with its lock and for good", async (state) => {
    const store = await Interop.open();
    const [go, ours] = await store.pair("Go", "Hikyaku");
    const id = await oursIn(state, ours);
    await go.inspect("delete", inQueue(id));
    await gone(ours, id);
    expect(await store.redisKeys("asynq:{default}:unique:*")).toEqual([]);
    await nothingMoreRuns(store);
    expect(await store.redisKeys("asynq:{default}:t:*")).toEqual([]);
  });
});

describe("Go's inspector on a queue of ours", () => {
  it("reads every state with equal numbers, and panics at nothing", async () => {
    const store = await Interop.open();
    const [go, ours] = await store.pair("Go", "Hikyaku");
    const states = ["retry", "archived", "completed", "scheduled", "aggregating", "pending"];
    for (const state of states) await oursIn(state, ours);
    const shown = await go.queue();
    const { queue, paused, counts, processedToday, failedToday, processedTotal, failedTotal } = await ours.queue();
    expect(shown).toMatchObject({
      queue,
      paused,
      counts,
      processedToday,
      failedToday,
      processedTotal,
      failedTotal,
      size: 6,
    });
    for (const state of states) expect(await go.list(state, "default", "letters")).toHaveLength(1);
    expect(await go.inspect("queues")).toEqual(["default"]);
    expect(await go.inspect("groups", { queue: "default" })).toEqual({ letters: 1 });
    expect(await go.inspect("history", { queue: "default", days: 2 })).toMatchObject([{ processed: 3, failed: 2 }, {}]);
  });

  it("shows the active ones as what they are", async () => {
    const store = await Interop.open();
    const [go, ours] = await store.pair("Go", "Hikyaku");
    const { id } = await ours.enqueue({ type: "hold" });
    await ours.startServer();
    await ours.first({ event: "started" });
    expect(await go.list("active")).toMatchObject([{ id, state: "active", isOrphaned: false }]);
    for (const method of ["run", "archive", "delete"]) {
      await expect(go.inspect(method, inQueue(id))).rejects.toMatchObject({ kind: "other" });
    }
    await expect(go.inspect("deleteQueue", { queue: "default", force: true })).rejects.toMatchObject({ kind: "other" });
  });

  it("removes it by force, and ours goes on with it", async () => {
    const store = await Interop.open();
    const [go, ours] = await store.pair("Go", "Hikyaku");
    await oursIn("retry", ours);
    await oursIn("scheduled", ours);
    await expect(go.inspect("deleteQueue", { queue: "default" })).rejects.toMatchObject({ kind: "queue_not_empty" });
    await go.inspect("deleteQueue", { queue: "default", force: true });
    expect(await store.redisKeys("asynq:{default}:t:*")).toEqual([]);
    const later = await store.peer("Hikyaku", { clockAheadMs: 30 * 60_000 });
    await later.startServer();
    const { id } = await later.enqueue({ type: "ok" });
    await later.first({ event: "returned", taskId: id });
    await vi.waitFor(async () => expect(await store.redisKeys("hikyaku:{default}:due")).toEqual([]), 10_000);
    expect(later.heard({ event: "started" })).toHaveLength(1);
    expect(await go.inspect("queues")).toEqual(["default"]);
  });

  it("deletes a task whose id comes back with a later moment: ours keeps to that one", async () => {
    const store = await Interop.open();
    const [go, ours] = await store.pair("Go", "Hikyaku");
    const at = Math.ceil(Date.now() / 1_000) * 1_000 + 1_100;
    await ours.enqueue({ type: "ok", options: { taskId: "letter", at } });
    await go.inspect("delete", inQueue("letter"));
    await go.enqueue({ type: "ok", options: { taskId: "letter", at: at + hourMs } });
    const probe = await ours.enqueue({ type: "ok", options: { at: at + 300 } });
    await ours.startServer();
    await ours.first({ event: "returned", taskId: probe.id });
    expect(await go.task("letter")).toMatchObject({ state: "scheduled" });
    expect(ours.heard({ event: "started" })).toHaveLength(1);
  });
});
