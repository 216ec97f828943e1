import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, vi } from "vitest";
import type { Broker } from "../../src/broker/broker.ts";
import { leaseToken } from "../../src/broker/lease-token.ts";
import type { ServerRecord } from "../../src/broker/presence-facet.ts";
import { HikyakuError, isHikyakuError } from "../../src/errors.ts";
import { aClaim, placedNow, stateOf, stored } from "../support/builders.ts";
import { startChildServer, startKillerChild } from "./child-process.ts";
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

  it("says who lost a task, where, with which build and since when, although nobody here ever met that server", async () => {
    const broker = (await open()).connect();
    const item = placedNow({ type: "t", retentionMs: 60_000 });
    await broker.enqueue([item]);
    const claimedAt = Date.now() - 5_000;
    const dead: ServerRecord = {
      serverId: "dead",
      host: "elsewhere",
      pid: 4_711,
      concurrency: 1,
      queues: { default: 1 },
      strictPriority: false,
      status: "active",
      startedAt: claimedAt - 60_000,
      activeWorkers: 1,
      details: {
        version: "1.0.0",
        build: "b0",
        directory: "/srv/old",
        commandLine: "node",
        lastClaimAt: claimedAt,
        handles: { kind: "all" },
      },
    };
    await broker.announce(dead, [], 1_000);
    const token = leaseToken("dead", 1, claimedAt);
    expect((await broker.claim(aClaim({ serverId: "dead", leaseMs: 1_500, token }))).tasks).toHaveLength(1);
    await vi.waitFor(async () => expect(await broker.silentServers()).toHaveLength(1), patience);
    aServer(broker)
      .handleRaw("t", () => undefined)
      .start();
    await vi.waitFor(async () => expect(await stateOf(broker, item.message)).toBe("completed"), patience);
    const [lost, done] = (await stored(broker, item.message)).attempts;
    expect(lost).toMatchObject({
      outcome: "lost",
      serverId: "dead",
      host: "elsewhere",
      pid: 4_711,
      directory: "/srv/old",
      build: "b0",
      startedAt: claimedAt,
    });
    expect(done).toMatchObject({ outcome: "completed", pid: process.pid });
  }, 20_000);

  it.each([4, 31])(
    "archives a task that kills its workers, of %i slots, and charges none of the thirty beside it",
    async (concurrency) => {
      const store = await open();
      const broker = store.connect();
      const innocents = Array.from({ length: 30 }, () =>
        placedNow({ type: "innocent", maxRetry: 0, retentionMs: 60_000 }),
      );
      const killer = placedNow({ type: "killer" });
      await broker.enqueue([...innocents.slice(0, 2), killer, ...innocents.slice(2)]);
      const isQuiet = async (): Promise<boolean> => {
        const numbers = await broker.queue("default");
        return numbers?.counts.pending === 0 && numbers.counts.active === 0;
      };
      let deaths = 0;
      let child = startKillerChild(store.address, concurrency);
      while (!(await isQuiet())) {
        const died = child.exited.then(() => true);
        if (!(await Promise.race([died, sleep(100)]))) continue;
        deaths++;
        expect(deaths).toBeLessThanOrEqual(6);
        child = startKillerChild(store.address, concurrency);
      }
      child.kill("SIGTERM");
      await child.exited;
      const tasks = await Promise.all(innocents.map(({ message }) => stored(broker, message)));
      expect(tasks.map(({ state, message }) => [state, message.retried, message.lastError])).toEqual(
        tasks.map(() => ["completed", 0, ""]),
      );
      const { state, message, attempts } = await stored(broker, killer.message);
      expect([state, message.retried]).toEqual(["archived", 0]);
      expect(message.lastError).toBe(
        "asynq: task lease expired: its worker died or stalled 3 times while it ran alone",
      );
      expect(attempts.map(({ outcome }) => outcome)).toEqual(Array.from({ length: deaths }, () => "lost"));
      expect((await broker.queue("default"))?.failedTotal).toBe(1);
    },
    60_000,
  );

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

describe.each(stores)("a server on $name whose leases are over by the clock only", ({ open }) => {
  const cutOff = (real: Broker, isAway: () => boolean): Broker =>
    flakyBroker(real, {
      extend: (leases, until, call) => (isAway() ? Promise.reject(noAnswer()) : real.extend(leases, until, call)),
    });

  it("hands back what its handler gave up, and counts no lost attempt", async () => {
    const real = (await open()).connect();
    let isAway = true;
    const broker = cutOff(real, () => isAway);
    const began = new Happenings<string>();
    aServer(broker, { lease: "2s" })
      .handleRaw("t", async ({ taskId, signal }) => {
        began.add(taskId);
        if (began.all.length > 1) return;
        await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
        isAway = false;
        signal.throwIfAborted();
      })
      .start();
    const item = placedNow({ type: "t", retentionMs: 60_000, maxRetry: 0 });
    await real.enqueue([item]);
    await began.reach(2);
    await vi.waitFor(async () => expect(await stateOf(real, item.message)).toBe("completed"), patience);
    const { attempts } = await stored(real, item.message);
    expect(attempts.map(({ outcome }) => outcome)).toEqual(["handed_back", "completed"]);
  }, 20_000);

  it("charges a handler that held up everything until its own time was over", async () => {
    const real = (await open()).connect();
    const sleeper = new Int32Array(new SharedArrayBuffer(4));
    aServer(
      cutOff(real, () => true),
      { lease: "2s", abortGrace: "100ms" },
    )
      .handleRaw("t", async ({ signal }) => {
        Atomics.wait(sleeper, 0, 0, 2_500);
        if (!signal.aborted) await once(signal, "abort");
        signal.throwIfAborted();
      })
      .start();
    const item = placedNow({ type: "t", timeoutMs: 500, maxRetry: 0 });
    await real.enqueue([item]);
    await vi.waitFor(async () => expect(await stateOf(real, item.message)).toBe("archived"), patience);
    const { message, attempts } = await stored(real, item.message);
    expect(message.lastError).toBe("context deadline exceeded");
    expect(attempts.map(({ outcome }) => outcome)).toEqual(["archived"]);
  }, 20_000);

  it("does not take from itself what it still runs", async () => {
    const real = (await open()).connect();
    const ran = new Happenings<string>();
    const gate = Promise.withResolvers<void>();
    const server = aServer(
      cutOff(real, () => true),
      { lease: "2s" },
    ).handleRaw("t", async ({ taskId }) => {
      ran.add(taskId);
      await gate.promise;
    });
    server.start();
    const item = placedNow({ type: "t", retentionMs: 60_000 });
    await real.enqueue([item]);
    await ran.reach(1);
    // Long enough for the forwarder to find the lease over, and for the recoverer to be woken by that.
    await sleep(6_000);
    gate.resolve();
    await vi.waitFor(async () => expect(await stateOf(real, item.message)).toBe("completed"), patience);
    expect(ran.all).toHaveLength(1);
  }, 20_000);
});
