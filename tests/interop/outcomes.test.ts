import { describe, expect, it, vi } from "vitest";
import { bytes, directions, Interop, needsGo } from "./support/interop.ts";
import type { Peer } from "./support/peer.ts";
import type { ToldTask } from "./support/peer-protocol.ts";

needsGo();

const hourMs = 3_600_000;
const soon = (moment: number) => expect.toSatisfy((at) => Math.abs(at - moment) < 15_000, `close to ${moment}`);

/** Lets a peer run what waits, until its handler has returned from this task and the store knows. */
async function attempt(worker: Peer, taskId: string, server = {}): Promise<void> {
  const before = worker.heard({ event: "returned", taskId }).length;
  await worker.startServer(server);
  await worker.hear({ event: "returned", taskId }, before + 1);
  await worker.shutDownServer();
}

async function gone(peer: Peer, taskId: string): Promise<void> {
  await expect(peer.task(taskId)).rejects.toMatchObject({ kind: "task_not_found" });
}

/** What both sides must agree on once a task is at rest. Ours knows the millisecond of a moment, Go its second. */
function kept({ nextProcessAt, headers, result, state, ...task }: ToldTask) {
  return {
    ...task,
    state,
    result: result ?? "",
    nextProcessAt: state === "retry" ? Math.ceil(nextProcessAt / 1_000) : 0,
  };
}

describe.each(directions)("an attempt that %s makes and %s looks at", (one, other) => {
  const boom = one === "Go" ? "boom from Go" : "boom from Hikyaku";

  it("and fails waits for its retry, counted once", async () => {
    const [worker, observer] = await (await Interop.open()).pair(one, other);
    const { id } = await observer.enqueue({ type: "fail", payload: bytes("x"), headers: { trace: "abc" } });
    await attempt(worker, id, { retryDelayMs: hourMs });
    const now = Date.now();
    const task = await observer.task(id);
    expect(task).toMatchObject({
      state: "retry",
      retried: 1,
      maxRetry: 25,
      lastError: boom,
      lastFailedAt: soon(now),
      nextProcessAt: soon(now + hourMs),
      payload: bytes("x"),
      headers: { trace: "abc" },
    });
    expect(kept(task)).toEqual(kept(await worker.task(id)));
    expect(await observer.queue()).toMatchObject({
      processedToday: 1,
      failedToday: 1,
      processedTotal: 1,
      failedTotal: 1,
    });
  });

  it("goes on with the other's count of retries, to and fro", async () => {
    const store = await Interop.open();
    const [worker, observer] = await store.pair(one, other);
    const { id } = await worker.enqueue({ type: "flaky:3", payload: bytes("x") });
    for (const [spent, side] of [worker, observer, worker, observer].entries()) {
      if (spent > 0) {
        expect(await side.task(id)).toMatchObject({ state: "retry", retried: spent });
        await store.run(id);
      }
      await attempt(side, id);
      expect(side.heard({ event: "started", taskId: id }).at(-1)).toMatchObject({ retried: spent, maxRetry: 25 });
    }
    await gone(observer, id);
    expect(await observer.queue()).toMatchObject({ processedTotal: 4, failedTotal: 3 });
  });

  it("and is no failure spends no retry and is not counted", async () => {
    const [worker, observer] = await (await Interop.open()).pair(one, other);
    const { id } = await observer.enqueue({ type: "not-now" });
    await attempt(worker, id);
    expect(await observer.task(id)).toMatchObject({ state: "retry", retried: 0, lastError: "not now" });
    expect(await observer.queue()).toMatchObject({ processedTotal: 0, failedTotal: 0 });
  });

  it("and throws or panics keeps the reason", async () => {
    const [worker, observer] = await (await Interop.open()).pair(one, other);
    const { id } = await observer.enqueue({ type: "panic" });
    await worker.startServer();
    await worker.first({ event: "failed", taskId: id });
    await worker.shutDownServer();
    const task = await observer.task(id);
    expect(task).toMatchObject({
      state: "retry",
      retried: 1,
      lastError: expect.stringContaining("dropped the letter"),
    });
  });

  it.each([
    ["skips its retries", "skip", 25],
    ["has no retry left", "fail", 0],
  ])("and %s is archived, counted as failed", async (_, type, maxRetry) => {
    const [worker, observer] = await (await Interop.open()).pair(one, other);
    const { id } = await observer.enqueue({ type, payload: bytes("x"), options: { maxRetry } });
    await attempt(worker, id);
    const task = await observer.task(id);
    expect(task).toMatchObject({ state: "archived", retried: 0, maxRetry, lastFailedAt: soon(Date.now()) });
    expect(task.lastError).not.toBe("");
    expect(kept(task)).toEqual(kept(await worker.task(id)));
    expect((await observer.list("archived")).map((archived) => archived.id)).toEqual([id]);
    expect(await observer.queue()).toMatchObject({ counts: { archived: 1 }, processedTotal: 1, failedTotal: 1 });
  });

  it("and revokes its task drops it with its lock, counted as processed only", async () => {
    const store = await Interop.open();
    const [worker, observer] = await store.pair(one, other);
    const { id } = await observer.enqueue({ type: "revoke", options: { uniqueForMs: hourMs, retentionMs: hourMs } });
    await attempt(worker, id);
    await gone(observer, id);
    expect(await store.redisKeys("asynq:{default}:unique:*")).toEqual([]);
    expect(await observer.queue()).toMatchObject({ processedTotal: 1, failedTotal: 0 });
  });

  it("and goes well leaves nothing but counters", async () => {
    const store = await Interop.open();
    const [worker, observer] = await store.pair(one, other);
    const { id } = await observer.enqueue({ type: "ok", options: { uniqueForMs: hourMs } });
    await attempt(worker, id);
    const day = new Date().toISOString().slice(0, 10);
    expect(await store.redisKeys("asynq:{default}*")).toEqual([
      "asynq:{default}:processed",
      `asynq:{default}:processed:${day}`,
    ]);
    expect(await store.redisKeys("hikyaku:{default}*")).toEqual([]);
  });

  it("and goes well with a retention is kept with its result, until the other's janitor removes it", async () => {
    const store = await Interop.open();
    const [worker, observer] = await store.pair(one, other);
    const result = Buffer.from([0, 1, 254, 255]).toString("base64");
    const { id } = await observer.enqueue({
      type: "result",
      payload: result,
      options: { retentionMs: 2_000, uniqueForMs: hourMs },
    });
    await attempt(worker, id);
    const task = await observer.task(id);
    expect(task).toMatchObject({ state: "completed", result, retentionMs: 2_000, completedAt: soon(Date.now()) });
    expect(kept(task)).toEqual(kept(await worker.task(id)));
    expect(await store.redisKeys("asynq:{default}:unique:*")).toEqual([]);
    const janitor = other === "Go" ? observer : await store.peer(other, { clockAheadMs: 5_000 });
    await janitor.startServer();
    await vi.waitFor(() => gone(observer, id), { timeout: 10_000 });
    expect(await observer.queue()).toMatchObject({ counts: { completed: 0 } });
  });

  it("moves counters that end after 90 days, and totals that do not", async () => {
    const store = await Interop.open();
    const [worker, observer] = await store.pair(one, other);
    const { id } = await observer.enqueue({ type: "fail" });
    await attempt(worker, id);
    const day = new Date().toISOString().slice(0, 10);
    for (const counter of ["processed", "failed"]) {
      const left = await store.command("TTL", `asynq:{default}:${counter}:${day}`);
      expect(Math.abs(Number(left) - 90 * 86_400)).toBeLessThan(60);
      expect(await store.command("TTL", `asynq:{default}:${counter}`)).toBe(-1);
    }
  });

  it("that is archived makes room: what is older than 90 days goes with its body", async () => {
    const store = await Interop.open();
    const [worker, observer] = await store.pair(one, other);
    const old = await observer.enqueue({ type: "skip" });
    await attempt(observer, old.id);
    await store.command("ZADD", "asynq:{default}:archived", Math.floor(Date.now() / 1_000) - 91 * 86_400, old.id);
    const { id } = await observer.enqueue({ type: "skip" });
    await attempt(worker, id);
    await vi.waitFor(() => gone(observer, old.id), { timeout: 10_000 });
    expect((await observer.list("archived")).map((archived) => archived.id)).toEqual([id]);
  });
});

describe("what a handler of Hikyaku said of its task", () => {
  const said = (store: Interop, id: string) =>
    store.command("HMGET", `asynq:{default}:t:${id}`, "hk:progress", "hk:log");

  it("stays with the task while Go runs it, and goes with it", async () => {
    const store = await Interop.open();
    const [ours, go] = await store.pair("Hikyaku", "Go");
    // Go's handler knows no such type, and succeeds.
    const { id } = await go.enqueue({ type: "talk", payload: bytes("x"), options: { retentionMs: hourMs } });
    await attempt(ours, id, { retryDelayMs: hourMs });
    const before = await said(store, id);
    expect(before).toEqual([
      expect.stringContaining('"done":1,"total":2'),
      expect.stringContaining('"text":"said by Hikyaku","fields":{"retried":0}'),
    ]);
    await store.run(id);
    await attempt(go, id);
    expect(await go.task(id)).toMatchObject({ state: "completed", retried: 1 });
    expect(await ours.task(id)).toMatchObject({ state: "completed", retried: 1 });
    expect(await said(store, id)).toEqual(before);

    const { id: short } = await go.enqueue({ type: "talk", payload: bytes("y") });
    await attempt(ours, short, { retryDelayMs: hourMs });
    await store.run(short);
    await attempt(go, short);
    await gone(go, short);
    expect(await said(store, short)).toEqual([null, null]);
  });
});
