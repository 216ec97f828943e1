import { describe, expect, it } from "vitest";
import type { ClaimedTask, Outcome } from "../../src/broker/work-facet.ts";
import {
  bytes,
  claimed,
  claimedOne,
  enqueuedAndClaimed,
  idsOf,
  leaseMs,
  placedNow,
  settled,
  stateOf,
  stored,
} from "../support/builders.ts";
import { type ContractSetup, useStore } from "../support/contract-store.ts";

/** Past the end of every lease, also where a store keeps whole seconds. */
const pastLeaseMs = leaseMs + 1_500;

const everyOutcome: readonly Outcome[] = [
  { kind: "done" },
  { kind: "completed", result: undefined },
  { kind: "retry", at: 0, counted: true, error: "x" },
  { kind: "archived", error: "x" },
  { kind: "handed_back" },
];

export function describeLeaseContract(setup: ContractSetup): void {
  const store = useStore(setup);

  const takenOver = async (): Promise<ClaimedTask> => {
    const { tasks } = await store.other.takeOver({ queue: "default", limit: 1, serverId: "server-b", leaseMs });
    const [taken] = tasks;
    if (taken === undefined) throw new Error("expected a task to take over, got none");
    return taken.task;
  };

  describe("extend", () => {
    it("moves the end of a lease, so that nobody takes the task over before", async () => {
      const task = await enqueuedAndClaimed(store.broker);
      store.clock.advance(leaseMs - 1_000);
      const until = store.clock.now() + leaseMs;
      expect(await store.broker.extend([task.lease], until)).toEqual(["held"]);
      const { leaseEndsAt } = await stored(store.other, task.message);
      expect(leaseEndsAt).toBeGreaterThanOrEqual(until);
      expect(leaseEndsAt).toBeLessThan(until + 1_000);
      store.clock.advance(leaseMs - 1);
      const request = { queue: "default", limit: 9, serverId: "server-b", leaseMs };
      expect(await store.other.takeOver(request)).toEqual({ tasks: [], setAside: [] });
      expect(await settled(store.broker, task, { kind: "done" })).toBe("settled");
    });

    it("answers for each lease in order, also over several queues", async () => {
      const first = await enqueuedAndClaimed(store.broker);
      const queues = [{ queue: "other", limit: 1 }];
      const second = await enqueuedAndClaimed(store.broker, { queue: "other" }, { queues });
      const third = await enqueuedAndClaimed(store.broker);
      await settled(store.broker, second, { kind: "done" });
      const leases = [first, second, third].map(({ lease }) => lease);
      expect(await store.broker.extend(leases, store.clock.now() + leaseMs)).toEqual(["held", "lost", "held"]);
      expect(await store.broker.extend([], store.clock.now() + leaseMs)).toEqual([]);
    });

    it("leaves a lease as it is that somebody else holds by now", async () => {
      const task = await enqueuedAndClaimed(store.broker);
      store.clock.advance(pastLeaseMs);
      const newer = await takenOver();
      expect(await store.broker.extend([task.lease], store.clock.now() + 10 * leaseMs)).toEqual(["lost"]);
      const kept = await stored(store.broker, task.message);
      expect(kept).toMatchObject({ leaseToken: newer.lease.token, leaseEndsAt: newer.leaseEndsAt });
    });

    it("does not bring back a task that was settled", async () => {
      const task = await enqueuedAndClaimed(store.broker);
      await settled(store.broker, task, { kind: "done" });
      expect(await store.broker.extend([task.lease], store.clock.now() + leaseMs)).toEqual(["lost"]);
      expect(await stateOf(store.broker, task.message)).toBeUndefined();
    });
  });

  describe("takeOver", () => {
    it("leases what a dead server held to the caller and leaves a live lease alone", async () => {
      const lost = await enqueuedAndClaimed(store.broker, {}, { serverId: "dead" });
      store.clock.advance(pastLeaseMs);
      const live = await enqueuedAndClaimed(store.broker, {}, { serverId: "live" });
      const request = { queue: "default", limit: 10, serverId: "recoverer", leaseMs };
      const { tasks, setAside } = await store.other.takeOver(request);
      expect(setAside).toEqual([]);
      expect(tasks).toMatchObject([
        { previousServerId: "dead", task: { message: lost.message, lostAttempts: 1, pendingSince: undefined } },
      ]);
      expect(tasks[0]?.task.lease.token).toMatch(/^recoverer\//);
      expect(tasks[0]?.task.leaseEndsAt).toBeGreaterThanOrEqual(store.clock.now() + leaseMs);
      expect(await settled(store.broker, live, { kind: "done" })).toBe("settled");
    });

    it("takes nothing before a lease is over", async () => {
      await enqueuedAndClaimed(store.broker);
      store.clock.advance(leaseMs - 1);
      const request = { queue: "default", limit: 10, serverId: "recoverer", leaseMs };
      expect((await store.other.takeOver(request)).tasks).toEqual([]);
    });

    it("looks at one queue, and takes no more than the limit", async () => {
      await store.broker.enqueue([placedNow(), placedNow(), placedNow(), placedNow({ queue: "other" })]);
      await claimed(store.broker);
      await claimed(store.broker, { queues: [{ queue: "other", limit: 1 }] });
      store.clock.advance(pastLeaseMs);
      const request = { queue: "default", limit: 2, serverId: "recoverer", leaseMs };
      expect((await store.other.takeOver(request)).tasks).toHaveLength(2);
      expect((await store.other.takeOver(request)).tasks).toHaveLength(1);
      expect((await store.other.takeOver(request)).tasks).toHaveLength(0);
    });

    it("gives each task to one of several recoverers", async () => {
      const items = Array.from({ length: 60 }, () => placedNow());
      await store.broker.enqueue(items);
      await claimed(store.broker);
      store.clock.advance(pastLeaseMs);
      const answers = await Promise.all(
        Array.from({ length: 10 }, (_, index) => {
          const request = { queue: "default", limit: 20, serverId: `recoverer-${index}`, leaseMs };
          return (index % 2 === 0 ? store.broker : store.other).takeOver(request);
        }),
      );
      const ids = answers.flatMap(({ tasks }) => idsOf(tasks.map(({ task }) => task)));
      expect(ids).toHaveLength(60);
      expect(new Set(ids)).toEqual(new Set(idsOf(items)));
    });

    it("counts every attempt that ended with its worker's death, also over a retry", async () => {
      await enqueuedAndClaimed(store.broker);
      store.clock.advance(pastLeaseMs);
      await takenOver();
      store.clock.advance(pastLeaseMs);
      const twice = await takenOver();
      expect(twice.lostAttempts).toBe(2);
      await settled(store.other, twice, { kind: "retry", at: store.clock.now(), counted: true, error: "lost" });
      store.clock.advance(1_000);
      await store.broker.forwardDue({ queue: "default", limit: 10 });
      expect((await claimedOne(store.broker)).lostAttempts).toBe(2);
    });

    it("counts from the beginning again after an attempt that the worker survived", async () => {
      await enqueuedAndClaimed(store.broker);
      store.clock.advance(pastLeaseMs);
      await settled(store.other, await takenOver(), { kind: "handed_back" });
      const again = await claimedOne(store.broker);
      expect(again.lostAttempts).toBe(1);
      const outcome = { kind: "retry", at: store.clock.now(), counted: true, error: "x" } as const;
      await settled(store.broker, again, outcome, { survived: true });
      store.clock.advance(1_000);
      await store.broker.forwardDue({ queue: "default", limit: 10 });
      const last = await claimedOne(store.broker);
      expect([last.lostAttempts, last.message.retried]).toEqual([0, 1]);
      expect((await store.broker.queue("default"))?.failedTotal).toBe(1);
    });

    it("keeps who had the task from settling, extending or writing, and the newer attempt untouched", async () => {
      for (const outcome of everyOutcome) {
        const task = await enqueuedAndClaimed(store.broker);
        store.clock.advance(pastLeaseMs);
        const newer = await takenOver();
        const before = await stored(store.other, newer.message);
        const numbers = await store.other.queue("default");
        expect(await settled(store.broker, task, outcome)).toBe("lost");
        expect(await settled(store.broker, task, outcome, { repeated: true })).toBe("lost");
        expect(await store.broker.writeResult(task.lease, bytes("late"))).toBe("lost");
        expect(await stored(store.other, newer.message)).toEqual(before);
        expect(await store.other.queue("default")).toEqual(numbers);
        expect(await settled(store.other, newer, { kind: "done" })).toBe("settled");
      }
    });
  });

  describe("takeBack", () => {
    const request = { queue: "default", limit: 10, serverId: "recoverer", leaseMs };

    it("leases what a server held that is gone, at once, and counts one more lost attempt", async () => {
      const held = await enqueuedAndClaimed(store.broker, {}, { serverId: "gone" });
      const others = await enqueuedAndClaimed(store.broker, {}, { serverId: "gone-not" });
      const from = { kind: "server", serverId: "gone" } as const;
      const { tasks, setAside } = await store.other.takeBack({ ...request, from, token: "recoverer/own" });
      expect(setAside).toEqual([]);
      expect(tasks).toMatchObject([
        {
          previousServerId: "gone",
          task: { message: held.message, lostAttempts: 1, lease: { token: "recoverer/own" } },
        },
      ]);
      expect(await settled(store.broker, held, { kind: "done" })).toBe("lost");
      expect(await settled(store.broker, others, { kind: "done" })).toBe("settled");
      expect(await store.other.takeBack({ ...request, from })).toEqual({ tasks: [], setAside: [] });
    });

    it("leases what was claimed under the tokens of lost answers, and counts nothing", async () => {
      const lost = await enqueuedAndClaimed(store.broker, {}, { token: "server-a/lost" });
      const known = await enqueuedAndClaimed(store.broker, {}, { token: "server-a/known" });
      expect(lost.lease.token).toBe("server-a/lost");
      const from = { kind: "lost_answers", tokens: ["server-a/never", "server-a/lost"] } as const;
      const { tasks } = await store.broker.takeBack({ ...request, from });
      expect(tasks).toMatchObject([{ previousServerId: "server-a", task: { message: lost.message, lostAttempts: 0 } }]);
      expect(tasks[0]?.task.leaseEndsAt).toBeGreaterThanOrEqual(store.clock.now() + leaseMs);
      expect(await settled(store.broker, known, { kind: "done" })).toBe("settled");
    });

    it("finds them among many, a limit at a time, in one queue", async () => {
      await store.broker.enqueue([...Array.from({ length: 1_500 }, () => placedNow()), placedNow({ queue: "other" })]);
      for (let round = 0; round < 15; round++)
        await claimed(store.broker, { serverId: round % 3 === 0 ? "gone" : "b" });
      await claimed(store.broker, { serverId: "gone", ...inQueue("other") });
      const from = { kind: "server", serverId: "gone" } as const;
      const found: string[] = [];
      for (let left = 500; left > 0; left -= 200) {
        const { tasks } = await store.other.takeBack({ ...request, limit: 200, from });
        found.push(...idsOf(tasks.map(({ task }) => task)));
      }
      expect(new Set(found).size).toBe(500);
      expect((await store.other.takeBack({ ...request, from })).tasks).toEqual([]);
    });

    it("leaves alone what was settled meanwhile", async () => {
      const task = await enqueuedAndClaimed(store.broker, {}, { serverId: "gone" });
      await settled(store.broker, task, { kind: "retry", at: store.clock.now(), counted: true, error: "x" });
      const from = { kind: "server", serverId: "gone" } as const;
      expect((await store.other.takeBack({ ...request, from })).tasks).toEqual([]);
      expect(await stateOf(store.broker, task.message)).toBe("retry");
    });
  });

  describe("beginAlone", () => {
    const lostOnce = { queue: "default", limit: 1, serverId: "server-b", leaseMs };

    it("has its worker's death counted against the task, once for each time it was written", async () => {
      for (const lostAlone of [1, 2]) {
        const task = lostAlone === 1 ? await enqueuedAndClaimed(store.broker) : await claimedOne(store.broker);
        expect(await store.broker.beginAlone(task.lease)).toBe("held");
        store.clock.advance(pastLeaseMs);
        const { tasks } = await store.other.takeOver(lostOnce);
        expect(tasks).toMatchObject([{ lostAlone, task: { lostAttempts: lostAlone } }]);
        for (const { task: taken } of tasks) await settled(store.other, taken, { kind: "handed_back" });
      }
    });

    it("counts nothing against a task that was held and whose holder never wrote it, then or this time", async () => {
      const first = await enqueuedAndClaimed(store.broker, {}, { serverId: "gone" });
      await store.broker.beginAlone(first.lease);
      const from = { kind: "server", serverId: "gone" } as const;
      const { tasks } = await store.other.takeBack({ ...lostOnce, from });
      expect(tasks).toMatchObject([{ lostAlone: 1, task: { lostAttempts: 1 } }]);
      for (const { task } of tasks) await settled(store.other, task, { kind: "handed_back" });
      await claimedOne(store.broker, { serverId: "gone" });
      expect((await store.other.takeBack({ ...lostOnce, from })).tasks).toMatchObject([
        { lostAlone: 1, task: { lostAttempts: 2 } },
      ]);
    });

    it("is refused to who does not hold the task any more", async () => {
      const task = await enqueuedAndClaimed(store.broker);
      store.clock.advance(pastLeaseMs);
      const newer = await takenOver();
      expect(await store.broker.beginAlone(task.lease)).toBe("lost");
      store.clock.advance(pastLeaseMs);
      expect((await store.other.takeOver(lostOnce)).tasks).toMatchObject([{ lostAlone: 0 }]);
      expect(await store.broker.beginAlone(newer.lease)).toBe("lost");
    });

    it("is forgotten with all that was counted when somebody has the task run", async () => {
      const task = await enqueuedAndClaimed(store.broker);
      await store.broker.beginAlone(task.lease);
      store.clock.advance(pastLeaseMs);
      await settled(store.other, await takenOver(), { kind: "archived", error: "x" });
      await store.broker.change({ kind: "ids", queue: "default", taskIds: [task.message.id] }, "run", 10);
      expect((await claimedOne(store.broker)).lostAttempts).toBe(0);
      store.clock.advance(pastLeaseMs);
      expect((await store.other.takeOver(lostOnce)).tasks).toMatchObject([{ lostAlone: 0, task: { lostAttempts: 1 } }]);
    });
  });

  describe("what a server holds", () => {
    it("is not taken from it by itself when the lease is over by some clock, but by others", async () => {
      const task = await enqueuedAndClaimed(store.broker);
      store.clock.advance(pastLeaseMs);
      const request = { queue: "default", limit: 10, serverId: "server-a", leaseMs };
      const holding = ["server-a/other", task.lease.token];
      expect(await store.broker.takeOver({ ...request, holding })).toEqual({ tasks: [], setAside: [] });
      expect(await store.broker.extend([task.lease], store.clock.now() + leaseMs)).toEqual(["held"]);
      store.clock.advance(pastLeaseMs);
      expect((await store.broker.takeOver({ ...request, holding: ["server-a/other"] })).tasks).toHaveLength(1);
    });
  });

  describe("a lease", () => {
    it("still lets its holder settle after its end while nobody has taken the task over", async () => {
      const task = await enqueuedAndClaimed(store.broker);
      store.clock.advance(pastLeaseMs);
      expect(await settled(store.broker, task, { kind: "done" })).toBe("settled");
    });

    it("is another one each time, also for the same server", async () => {
      const first = await enqueuedAndClaimed(store.broker);
      await settled(store.broker, first, { kind: "handed_back" });
      const second = await claimedOne(store.broker);
      expect(await settled(store.broker, first, { kind: "done" })).toBe("lost");
      expect(await settled(store.broker, second, { kind: "done" })).toBe("settled");
    });

    it("settles once: a second settlement is lost and writes nothing", async () => {
      for (const outcome of everyOutcome) {
        const task = await enqueuedAndClaimed(
          store.broker,
          { retentionMs: 60_000, queue: outcome.kind },
          inQueue(outcome.kind),
        );
        expect(await settled(store.broker, task, outcome)).toBe("settled");
        const numbers = await store.broker.queue(outcome.kind);
        expect(await settled(store.other, task, { kind: "archived", error: "again" })).toBe("lost");
        expect(await store.broker.queue(outcome.kind)).toEqual(numbers);
      }
    });

    it("counts a repeated settlement as settled when the first one got through, and writes nothing twice", async () => {
      for (const outcome of everyOutcome) {
        const task = await enqueuedAndClaimed(
          store.broker,
          { retentionMs: 60_000, queue: outcome.kind },
          inQueue(outcome.kind),
        );
        await settled(store.broker, task, outcome);
        const numbers = await store.broker.queue(outcome.kind);
        const [kept] = await store.broker.get(outcome.kind, [task.message.id]);
        expect(await settled(store.other, task, outcome, { repeated: true })).toBe("settled");
        expect(await store.broker.queue(outcome.kind)).toEqual(numbers);
        expect((await store.broker.get(outcome.kind, [task.message.id]))[0]).toEqual(kept);
      }
    });

    it("carries a repeated settlement out when the first one never arrived", async () => {
      for (const outcome of everyOutcome) {
        const task = await enqueuedAndClaimed(
          store.broker,
          { retentionMs: 60_000, queue: outcome.kind },
          inQueue(outcome.kind),
        );
        expect(await settled(store.broker, task, outcome, { repeated: true })).toBe("settled");
        expect(await stateOf(store.broker, task.message)).not.toBe("active");
      }
    });
  });
}

function inQueue(queue: string): { queues: { queue: string; limit: number }[] } {
  return { queues: [{ queue, limit: 1 }] };
}
