import { describe, expect, it, vi } from "vitest";
import { directions, Interop, needsGo, type Side } from "./support/interop.ts";
import type { Peer } from "./support/peer.ts";

needsGo();

/*
 * Recovery waits until a lease has ended, and for half a minute more where Go is on either side. Tests don't: ours gets a
 * clock that is ahead when it is to take over, and one that is behind when it is to be taken over.
 */
const longAfterMs = 70_000;

const victimOf = (store: Interop, side: Side): Promise<Peer> =>
  store.peer(side, { ownProcess: true, clockAheadMs: side === "Hikyaku" ? -longAfterMs : 0 });
const rescuerOf = (store: Interop, side: Side): Promise<Peer> =>
  store.peer(side, { clockAheadMs: side === "Hikyaku" ? longAfterMs : 0 });

async function leaseAndActive(store: Interop): Promise<{ active: unknown; lease: unknown }> {
  return {
    active: await store.command("LRANGE", "asynq:{default}:active", 0, -1),
    lease: await store.command("ZRANGE", "asynq:{default}:lease", 0, -1),
  };
}

describe.each(directions)("a worker of %s that is killed", (one, other) => {
  it(`leaves its task to ${other}, which runs it; nothing else happens to it`, async () => {
    const store = await Interop.open();
    const victim = await victimOf(store, one);
    const { id } = await victim.enqueue({ type: "hold" });
    await victim.startServer();
    await victim.first({ event: "started", taskId: id });
    expect(await leaseAndActive(store)).toEqual({ active: [id], lease: [id] });
    await victim.end();

    const rescuer = await rescuerOf(store, other);
    await rescuer.startServer({ retryDelayMs: 0 });
    const started = await rescuer.first({ event: "started", taskId: id });
    // Go takes a lost lease for a failure; we don't blame the task for its worker's death.
    expect(started).toMatchObject({ retried: other === "Go" ? 1 : 0 });
    expect(await leaseAndActive(store)).toEqual({ active: [id], lease: [id] });
    await rescuer.release(id);
    await rescuer.hear({ event: "returned", taskId: id, error: "" });
    await rescuer.shutDownServer();
    expect(rescuer.heard({ event: "started", taskId: id })).toHaveLength(1);
    expect(await leaseAndActive(store)).toEqual({ active: [], lease: [] });
    await expect(rescuer.task(id)).rejects.toMatchObject({ kind: "task_not_found" });
  });

  it("while its task has no retry left: Go archives it, ours runs it again", async () => {
    const store = await Interop.open();
    const victim = await victimOf(store, one);
    const { id } = await victim.enqueue({ type: "hold", options: { maxRetry: 0 } });
    await victim.startServer();
    await victim.first({ event: "started", taskId: id });
    await victim.end();
    const rescuer = await rescuerOf(store, other);
    await rescuer.startServer();
    if (other === "Go") {
      await vi.waitFor(async () => expect(await rescuer.task(id)).toMatchObject({ state: "archived" }), 10_000);
      expect(await rescuer.task(id)).toMatchObject({ lastError: "asynq: task lease expired" });
    } else {
      await rescuer.first({ event: "started", taskId: id });
    }
  });

  // Ours runs a task alone from the third time on, and three deaths archive it then. Go never does, so each death from the
  // tenth on spends a retry, as in Go each one does.
  const deaths = one === "Hikyaku" ? 5 : 10;
  it(`${deaths} times on the same task costs it something for the first time`, async () => {
    const store = await Interop.open();
    const { id } = await (await store.peer(one)).enqueue({ type: "hold" });
    const ours = await rescuerOf(store, "Hikyaku");
    for (let death = 1; death <= deaths; death++) {
      const victim = await victimOf(store, one);
      await victim.startServer();
      await victim.first({ event: "started", taskId: id });
      await victim.end();
      if (death < deaths) {
        // It stops while the task runs, so it hands it back with nothing spent.
        await ours.startServer({ name: `${death}`, queues: { default: 1 } });
        await ours.hear({ event: "started", taskId: id }, death);
        await ours.shutDownServer(`${death}`);
        expect(await ours.task(id)).toMatchObject({ state: "pending", retried: 0 });
      }
    }
    await ours.startServer({ name: "last" });
    const end = one === "Hikyaku" ? { state: "archived", retried: 0 } : { state: "retry", retried: 1 };
    await vi.waitFor(async () => expect(await ours.task(id)).toMatchObject(end), 10_000);
    const why = one === "Hikyaku" ? "3 times while it ran alone" : "10 times, and nobody ran it alone";
    expect((await ours.task(id)).lastError).toBe(`asynq: task lease expired: its worker died or stalled ${why}`);
  }, 120_000);
});

describe("a live lease", () => {
  it.each(directions)("of %s is left alone by a server of %s that starts", async (one, other) => {
    const store = await Interop.open();
    const [holder, starter] = await store.pair(one, other);
    const { id } = await holder.enqueue({ type: "hold" });
    await holder.startServer();
    await holder.first({ event: "started", taskId: id });
    await starter.startServer();
    const probe = await starter.enqueue({ type: "ok" });
    await vi.waitFor(() => {
      expect([...holder.heard({ event: "returned" }), ...starter.heard({ event: "returned" })]).toMatchObject([
        { taskId: probe.id },
      ]);
    }, 10_000);
    expect(await starter.task(id)).toMatchObject({ state: "active", retried: 0, isOrphaned: false });
    await holder.release(id);
    await holder.first({ event: "returned", taskId: id });
    expect(starter.heard({ event: "started", taskId: id })).toEqual([]);
  });
});

describe("a worker that wakes up after its task was taken over", () => {
  it("of ours changes nothing: Go's attempt stays as it is", async () => {
    const store = await Interop.open();
    const sleeper = await victimOf(store, "Hikyaku");
    const { id } = await sleeper.enqueue({ type: "stubborn", options: { uniqueForMs: 3_600_000 } });
    await sleeper.startServer();
    await sleeper.first({ event: "started", taskId: id });
    sleeper.signal("SIGSTOP");
    const go = await store.peer("Go");
    await go.startServer({ retryDelayMs: 0 });
    await go.first({ event: "started", taskId: id });
    sleeper.signal("SIGCONT");
    await sleeper.release(id);
    await sleeper.first({ event: "returned", taskId: id });
    await sleeper.shutDownServer();
    expect(await go.task(id)).toMatchObject({ state: "active", retried: 1 });
    expect(await leaseAndActive(store)).toEqual({ active: [id], lease: [id] });
    await go.release(id);
    await go.first({ event: "returned", taskId: id, error: "" });
    await go.shutDownServer();
    await expect(go.task(id)).rejects.toMatchObject({ kind: "task_not_found" });
    expect(await store.redisKeys("asynq:{default}:unique:*")).toEqual([]);
  });

  it("of Go, whose acknowledgements are not fenced, leaves nothing behind that ours would trip over", async () => {
    const store = await Interop.open();
    const go = await store.peer("Go");
    const { id } = await go.enqueue({ type: "stubborn" });
    await go.startServer();
    await go.first({ event: "started", taskId: id });
    await go.stopServer();
    const ours = await rescuerOf(store, "Hikyaku");
    await ours.startServer();
    await ours.first({ event: "started", taskId: id });
    await go.release(id);
    await go.first({ event: "returned", taskId: id });
    await go.shutDownServer();
    await ours.release(id);
    await ours.first({ event: "returned", taskId: id });
    await ours.shutDownServer();
    expect(await leaseAndActive(store)).toEqual({ active: [], lease: [] });
    await expect(ours.task(id)).rejects.toMatchObject({ kind: "task_not_found" });
    expect(await store.redisKeys("asynq:{default}:t:*")).toEqual([]);
    expect(await ours.check()).toEqual([]);
    await ours.enqueue({ type: "ok", options: { taskId: id } });
  });
});
