import { describe, expect, it, vi } from "vitest";
import { bytes, directions, Interop, needsGo } from "./support/interop.ts";
import type { TaskSpec } from "./support/peer-protocol.ts";

needsGo();

const letter = (text: string, group = "letters"): TaskSpec => ({
  type: "letter",
  payload: bytes(text),
  options: { group },
});

describe.each(directions)("a group that %s collects while %s works beside it", (one, other) => {
  it("takes tasks of both sides, oldest first, as soon as it is full", async () => {
    const store = await Interop.open();
    const [collector, worker] = await store.pair(one, other);
    const { id: first } = await worker.enqueue(letter("a"));
    await store.command("ZADD", "asynq:{default}:g:letters", "XX", Math.floor(Date.now() / 1_000) - 1, first);
    await collector.enqueue(letter("b"));
    await collector.startServer({ queues: { default: 1 }, concurrency: 1, groupGraceMs: 1_000, groupMaxSize: 2 });
    await worker.startServer({ concurrency: 10 });
    const collected = () => [collector, worker].flatMap((peer) => peer.heard({ event: "started" }));
    await vi.waitFor(() => expect(collected()).toHaveLength(1), { timeout: 15_000 });
    expect(collected()).toMatchObject([{ type: "collected", payload: bytes("letters:a,b"), queue: "default" }]);
    await Promise.all([collector.shutDownServer(), worker.shutDownServer()]);
    // Go removes the set after the new task is there, so that may have run before.
    expect(await store.redisKeys("asynq:{default}:[tga]*")).toEqual([]);
  });

  it("takes what is there when nothing more came for a while", async () => {
    const store = await Interop.open();
    const [collector, producer] = await store.pair(one, other);
    await producer.enqueue({ ...letter("a"), options: { group: "京都: letters", uniqueForMs: 3_600_000 } });
    await collector.startServer({ groupGraceMs: 1_000 });
    const { payload } = (await collector.hear({ event: "started", type: "collected" }))[0] ?? {};
    expect(payload).toBe(bytes("京都: letters:a"));
  });

  it("goes back, whole and in sight, where its collector died", async () => {
    const store = await Interop.open();
    // The dead one's set falls due 120 s later; tests don't wait for it.
    const victim = await store.peer(one, { ownProcess: true, clockAheadMs: one === "Hikyaku" ? -200_000 : 0 });
    const heir = await store.peer(other, { clockAheadMs: other === "Hikyaku" ? 200_000 : 0 });
    const ids = await heir.enqueueMany([letter("a", "hold"), letter("b", "hold")]);
    // Its clock must find the group ripe.
    for (const id of ids) await store.command("ZADD", "asynq:{default}:g:hold", "XX", 1_000_000_000, id);
    await victim.startServer({ groupGraceMs: 1_000 });
    await victim.first({ event: "collecting", group: "hold" });
    expect(await heir.queue()).toMatchObject({ counts: { aggregating: 0 } });
    await victim.end();
    await heir.startServer();
    const go = await store.peer("Go");
    await vi.waitFor(
      async () => {
        expect((await go.list("aggregating", "default", "hold")).map(({ id }) => id).sort()).toEqual([...ids].sort());
      },
      { timeout: 30_000, interval: 100 },
    );
    await heir.shutDownServer();
    // Go forgets the name of the group. Servers of ours look for such things every minute; this is the same look.
    const ours = await store.peer("Hikyaku");
    expect(await ours.check({ repair: true })).toMatchObject(other === "Go" ? [{ kind: "group_unknown" }] : []);
    expect(await go.inspect("groups", { queue: "default" })).toEqual({ hold: 2 });
  });
});
