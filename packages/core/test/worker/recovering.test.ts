import { describe, expect, it, vi } from "vitest";
import type { Broker } from "../../src/broker/broker.ts";
import { HikyakuError, isHikyakuError } from "../../src/errors.ts";
import { aClaim, placedNow, stateOf, stored } from "../support/builders.ts";
import { startChildServer } from "./child-process.ts";
import { flakyBroker } from "./flaky-broker.ts";
import { aServer, Happenings, stores } from "./stores.ts";

function noAnswer(): HikyakuError {
  return new HikyakuError("deadline_exceeded", "no answer, says the test");
}

/** Every two seconds ended leases are looked for: that is what the tests here wait for. */
const patience = { timeout: 12_000, interval: 20 };

describe.each(stores)("recovery on $name", ({ open }) => {
  it("runs a task again elsewhere, with no retry spent, when its worker was killed", async () => {
    const store = await open();
    const broker = store.connect();
    const item = placedNow({ type: "t", maxRetry: 0 });
    await broker.enqueue([item]);
    const child = startChildServer(store.address, "t");
    await child.lines.reach(1);
    child.kill("SIGKILL");
    await child.exited;
    const ran = new Happenings<number>();
    aServer(broker)
      .handleRaw("t", ({ attempt }) => void ran.add(attempt))
      .start();
    expect(await ran.reach(1)).toEqual([1]);
    await vi.waitFor(async () => expect(await stateOf(broker, item.message)).toBeUndefined(), patience);
  }, 20_000);

  it("archives a task that took too many workers with it, and keeps who they were", async () => {
    const store = await open();
    const broker = store.connect();
    const item = placedNow({ type: "t" });
    await broker.enqueue([item]);
    const child = startChildServer(store.address, "t");
    await child.lines.reach(1);
    child.kill("SIGKILL");
    await child.exited;
    aServer(broker, { maxLostAttempts: 1 })
      .handleRaw("t", () => undefined)
      .start();
    await vi.waitFor(async () => expect(await stateOf(broker, item.message)).toBe("archived"), patience);
    const task = await stored(broker, item.message);
    expect(task.message.lastError).toBe("asynq: task lease expired: 1 workers died or stalled while running it");
    expect(task.attempts).toMatchObject([{ outcome: "lost" }]);
  }, 20_000);

  it("finds a lost task soon after its lease has ended, also when nobody was there to see its worker die", async () => {
    const broker = (await open()).connect();
    aServer(broker)
      .handleRaw("t", () => undefined)
      .start();
    const elsewhere = aClaim({ serverId: "gone", leaseMs: 2_000 });
    const item = placedNow({ type: "other" });
    await broker.enqueue([item]);
    await vi.waitFor(async () => expect((await broker.claim(elsewhere)).tasks).toHaveLength(1), patience);
    const isBack = async () => expect(await stateOf(broker, item.message)).toBe("pending");
    await vi.waitFor(isBack, { timeout: 8_500, interval: 20 });
  }, 20_000);

  it("keeps the lease of a task that runs much longer than the lease", async () => {
    const broker = (await open()).connect();
    const ran = new Happenings<string>();
    const gate = Promise.withResolvers<void>();
    const make = (): void =>
      aServer(broker, { lease: "2s", shutdownTimeout: "5s" })
        .handleRaw("t", async ({ taskId }) => {
          ran.add(taskId);
          await gate.promise;
        })
        .start();
    make();
    make();
    const item = placedNow({ type: "t" });
    await broker.enqueue([item]);
    await ran.reach(1);
    const extended = async (): Promise<number> => (await stored(broker, item.message)).leaseEndsAt ?? 0;
    const firstEnd = await extended();
    await vi.waitFor(async () => expect(await extended()).toBeGreaterThan(firstEnd + 3_000), patience);
    gate.resolve();
    await vi.waitFor(async () => expect(await stateOf(broker, item.message)).toBeUndefined(), patience);
    expect(ran.all).toHaveLength(1);
  }, 20_000);

  it("fires the signal of a task whose lease was lost, and writes nothing over its new holder's work", async () => {
    const store = await open();
    const broker = store.connect();
    const cutOff: Pick<Broker, "extend" | "takeOver"> = {
      extend: () => Promise.reject(noAnswer()),
      takeOver: () => Promise.reject(noAnswer()),
    };
    const codes = new Happenings<unknown>();
    const mayEnd = Promise.withResolvers<void>();
    const loser = aServer(flakyBroker(store.connect(), cutOff), { lease: "2s", shutdownTimeout: "5s" });
    loser.handleRaw("t", async ({ signal }) => {
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
      codes.add(isHikyakuError(signal.reason) ? signal.reason.code : signal.reason);
      loser.quiet();
      await mayEnd.promise;
    });
    loser.start();
    const item = placedNow({ type: "t" });
    await broker.enqueue([item]);
    expect(await codes.reach(1)).toEqual(["lease_lost"]);
    const running = new Happenings<string>();
    const gate = Promise.withResolvers<void>();
    const winner = aServer(broker, { shutdownTimeout: "5s" }).handleRaw("t", async ({ taskId }) => {
      running.add(taskId);
      await gate.promise;
    });
    winner.start();
    await running.reach(1);
    mayEnd.resolve();
    await vi.waitFor(() => expect(loser.status().counts).toMatchObject({ settled: 0, lost: 1 }));
    expect(await stateOf(broker, item.message)).toBe("active");
    gate.resolve();
    await vi.waitFor(() => expect(winner.status().counts).toMatchObject({ settled: 1, lost: 0 }));
  }, 20_000);
});

describe.each(stores)("a settlement on $name", ({ open }) => {
  it("whose answer was lost is repeated, and the task does not run a second time", async () => {
    const real = (await open()).connect();
    let answersToLose = 2;
    const broker = flakyBroker(real, {
      settle: async (settlements, thenClaim, call) => {
        const answer = await real.settle(settlements, undefined, call);
        if (answersToLose-- > 0) throw noAnswer();
        return thenClaim === undefined ? answer : { ...answer, claimed: await real.claim(thenClaim, call) };
      },
    });
    const ran = new Happenings<string>();
    const server = aServer(broker).handleRaw({ prefix: "" }, ({ type }) => {
      ran.add(type);
      if (type === "fails") throw new Error("boom");
    });
    const items = ["done", "kept", "fails"].map((type) =>
      placedNow({ type, retentionMs: type === "kept" ? 3_600_000 : 0 }),
    );
    await real.enqueue(items);
    server.start();
    await vi.waitFor(() => expect(server.status()).toMatchObject({ unanswered: 0, counts: { settled: 3, lost: 0 } }));
    expect([...ran.all].sort()).toEqual(["done", "fails", "kept"]);
    const states = await Promise.all(items.map(({ message }) => stateOf(real, message)));
    expect(states).toEqual([undefined, "completed", "retry"]);
    expect((await real.queue("default"))?.processedTotal).toBe(3);
  });

  it("that the store rejects does not hold up the others, nor the slots", async () => {
    const real = (await open()).connect();
    const broker = flakyBroker(real, {
      settle: (settlements, thenClaim, call) =>
        settlements.some(({ task }) => task.message.type === "poison")
          ? Promise.reject(new HikyakuError("store_rejected", "can't write this, says the test"))
          : real.settle(settlements, thenClaim, call),
    });
    const server = aServer(broker, { concurrency: 2 }).handleRaw({ prefix: "" }, () => undefined);
    const items = ["poison", "fine", "fine", "fine"].map((type) => placedNow({ type }));
    await real.enqueue(items);
    server.start();
    await vi.waitFor(
      () => expect(server.status()).toMatchObject({ running: 0, unanswered: 1, counts: { settled: 3 } }),
      {
        timeout: 5_000,
      },
    );
  });
});
