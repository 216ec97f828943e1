import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Outcome } from "../../src/broker/work-facet.ts";
import {
  aClaim,
  anAttempt,
  bytes,
  claimed,
  claimedOne,
  enqueuedAndClaimed,
  handlesOnly,
  idsOf,
  leaseMs,
  placedAt,
  placedNow,
  settled,
  stateOf,
  stored,
} from "../support/builders.ts";
import { type ContractSetup, useStore } from "../support/contract-store.ts";
import { withinTheSecondOf } from "../support/expectations.ts";
import { checkHistory, steps } from "./work-model.ts";

export function describeWorkContract(setup: ContractSetup): void {
  describe("claim", () => {
    const store = useStore(setup);

    it("leases waiting tasks, longest waiting first, up to the limit", async () => {
      const items = [placedNow(), placedNow(), placedNow()];
      await store.broker.enqueue(items);
      const tasks = await claimed(store.broker, { limit: 2 });
      expect(idsOf(tasks)).toEqual(idsOf(items.slice(0, 2)));
      expect(await Promise.all(items.map(({ message }) => stateOf(store.other, message)))).toEqual([
        "active",
        "active",
        "pending",
      ]);
    });

    it("asks queues in the given order, none for more than its own limit, and all for no more than the limit", async () => {
      const items = ["low", "low", "low", "high", "high", "high"].map((queue) => placedNow({ queue }));
      await store.broker.enqueue(items);
      const queues = [
        { queue: "high", limit: 2 },
        { queue: "nobody", limit: 5 },
        { queue: "low", limit: 5 },
      ];
      const tasks = await claimed(store.broker, { queues, limit: 4 });
      expect(tasks.map(({ message }) => message.queue).sort()).toEqual(["high", "high", "low", "low"]);
    });

    it("does not let an empty queue use up what the next one may give", async () => {
      await store.broker.enqueue([placedNow({ queue: "low" }), placedNow({ queue: "low" })]);
      const queues = ["high", "low"].map((queue) => ({ queue, limit: 2 }));
      expect(await claimed(store.broker, { queues, limit: 2 })).toHaveLength(2);
    });

    it("hands out a lease that names its holder and ends as asked, to the second at most later", async () => {
      await store.broker.enqueue([placedNow()]);
      const task = await claimedOne(store.broker, { serverId: "server-7" });
      expect(task.lease).toMatchObject({ queue: "default", taskId: task.message.id });
      expect(task.lease.token).toMatch(/^server-7\/\w+$/);
      const end = store.clock.now() + leaseMs;
      expect(task.leaseEndsAt).toBeGreaterThanOrEqual(end);
      expect(task.leaseEndsAt).toBeLessThan(end + 1_000);
      expect(await stored(store.other, task.message)).toMatchObject({
        state: "active",
        leaseToken: task.lease.token,
        leaseEndsAt: task.leaseEndsAt,
      });
    });

    it("never uses a token twice for a task", async () => {
      const tokens = new Set<string>();
      await store.broker.enqueue([placedNow()]);
      for (let round = 0; round < 5; round++) {
        const task = await claimedOne(store.broker);
        tokens.add(task.lease.token);
        await settled(store.broker, task, { kind: "handed_back" });
      }
      expect(tokens.size).toBe(5);
    });

    it("says since when the task was pending and that no attempt was lost", async () => {
      const at = store.clock.now();
      await store.broker.enqueue([placedNow()]);
      store.clock.advance(1_234);
      expect(await claimedOne(store.broker)).toMatchObject({ pendingSince: at, lostAttempts: 0 });
    });

    it("skips paused queues", async () => {
      await store.broker.enqueue([placedNow()]);
      await store.broker.pause("default");
      expect(await claimed(store.other)).toEqual([]);
      await store.broker.resume("default");
      expect(await claimed(store.other)).toHaveLength(1);
    });

    it("gives each task to one of several claimers", async () => {
      const items = Array.from({ length: 300 }, () => placedNow());
      await store.broker.enqueue(items);
      const claims = Array.from({ length: 30 }, (_, index) =>
        claimed(index % 2 === 0 ? store.broker : store.other, { limit: 13, serverId: `server-${index}` }),
      );
      const ids = (await Promise.all(claims)).flatMap(idsOf);
      expect(ids).toHaveLength(300);
      expect(new Set(ids)).toEqual(new Set(idsOf(items)));
    });

    it("leaves tasks that this server can't run in their place, with nothing spent, and reports them", async () => {
      const items = ["a", "b", "a", "mail:x", "mail:y"].map((type) => placedNow({ type }));
      await store.broker.enqueue(items);
      const { tasks, unhandled } = await store.broker.claim(aClaim({ handles: handlesOnly(["b"], ["mail:"]) }));
      expect(tasks.map(({ message }) => message.type)).toEqual(["b", "mail:x", "mail:y"]);
      expect(unhandled).toEqual([{ queue: "default", type: "a", count: 2 }]);
      const rest = await claimed(store.other);
      expect(idsOf(rest)).toEqual([items[0]?.message.id, items[2]?.message.id]);
      expect(rest.map(({ message, lostAttempts }) => [message.retried, lostAttempts])).toEqual([
        [0, 0],
        [0, 0],
      ]);
    });

    it("takes a type for handled only when it is named whole or begins with a prefix", async () => {
      await store.broker.enqueue(["mail", "mail:", "mail:send", "xmail:send"].map((type) => placedNow({ type })));
      const tasks = await claimed(store.broker, { handles: handlesOnly(["xmail"], ["mail:"]) });
      expect(tasks.map(({ message }) => message.type)).toEqual(["mail:", "mail:send"]);
    });

    it("reaches a task behind thousands that this server can't run", async () => {
      await store.broker.enqueue(Array.from({ length: 3_500 }, () => placedNow({ type: "foreign" })));
      await store.broker.enqueue([placedNow({ type: "own" })]);
      const types: string[] = [];
      for (let look = 0; look < 5 && types.length === 0; look++) {
        const { tasks, unhandled } = await store.broker.claim(aClaim({ handles: handlesOnly(["own"]) }));
        types.push(...tasks.map(({ message }) => message.type));
        expect(unhandled).toMatchObject([{ type: "foreign" }]);
      }
      expect(types).toEqual(["own"]);
      expect((await store.broker.queue("default"))?.counts).toMatchObject({ pending: 3_500, active: 1 });
    });
  });

  describe("settle", () => {
    const store = useStore(setup);

    it("removes a task that is done and counts the attempt", async () => {
      const task = await enqueuedAndClaimed(store.broker, { retentionMs: 60_000 });
      expect(await settled(store.broker, task, { kind: "done" })).toBe("settled");
      expect(await stateOf(store.other, task.message)).toBeUndefined();
      expect(await store.other.queue("default")).toMatchObject({
        counts: { active: 0, completed: 0, pending: 0 },
        processedToday: 1,
        processedTotal: 1,
        failedToday: 0,
        failedTotal: 0,
      });
    });

    it("keeps a completed task with its result for its retention", async () => {
      const task = await enqueuedAndClaimed(store.broker, { retentionMs: 60_000 });
      store.clock.advance(500);
      const now = store.clock.now();
      await settled(store.broker, task, { kind: "completed", result: bytes("42") });
      const kept = await stored(store.other, task.message);
      expect(kept).toMatchObject({ state: "completed", result: bytes("42"), leaseToken: undefined });
      expect(kept.message).toEqual({ ...task.message, completedAt: withinTheSecondOf(now) });
      expect(kept.keptUntil).toBeGreaterThanOrEqual(now + 60_000);
      expect(kept.keptUntil).toBeLessThan(now + 61_000);
      expect(await store.other.queue("default")).toMatchObject({ processedTotal: 1, failedTotal: 0 });
    });

    it("keeps an empty result apart from none", async () => {
      const none = await enqueuedAndClaimed(store.broker, { retentionMs: 60_000 });
      await settled(store.broker, none, { kind: "completed", result: undefined });
      const empty = await enqueuedAndClaimed(store.broker, { retentionMs: 60_000 });
      await settled(store.broker, empty, { kind: "completed", result: new Uint8Array() });
      expect((await stored(store.broker, none.message)).result).toBeUndefined();
      expect((await stored(store.broker, empty.message)).result).toEqual(new Uint8Array());
    });

    it("lets a task wait for its retry to the millisecond, spends one and counts the failure", async () => {
      const task = await enqueuedAndClaimed(store.broker);
      store.clock.advance(300);
      const now = store.clock.now();
      await settled(store.broker, task, { kind: "retry", at: now + 1_501, counted: true, error: "it broke" });
      const waiting = await stored(store.other, task.message);
      expect(waiting.state).toBe("retry");
      expect(waiting.message).toEqual({
        ...task.message,
        retried: 1,
        lastError: "it broke",
        lastFailedAt: withinTheSecondOf(now),
      });
      expect(await store.other.queue("default")).toMatchObject({
        counts: { retry: 1, active: 0 },
        processedToday: 1,
        processedTotal: 1,
        failedToday: 1,
        failedTotal: 1,
      });
      store.clock.advance(1_500);
      expect(await store.broker.forwardDue({ queue: "default", limit: 10 })).toMatchObject({
        moved: 0,
        nextDueAt: now + 1_501,
      });
      store.clock.advance(1);
      expect(await store.broker.forwardDue({ queue: "default", limit: 10 })).toMatchObject({ moved: 1 });
      expect((await claimedOne(store.broker)).message.retried).toBe(1);
    });

    it("spends no retry and counts nothing for a retry that is not counted", async () => {
      const task = await enqueuedAndClaimed(store.broker);
      const at = store.clock.now() + 1_000;
      await settled(store.broker, task, { kind: "retry", at, counted: false, error: "not now" });
      expect((await stored(store.other, task.message)).message).toMatchObject({ retried: 0, lastError: "not now" });
      expect(await store.other.queue("default")).toMatchObject({ processedTotal: 0, failedTotal: 0 });
    });

    it("keeps an archived task out of the way and counts the failure", async () => {
      const task = await enqueuedAndClaimed(store.broker, { retried: 3 });
      const now = store.clock.now();
      await settled(store.broker, task, { kind: "archived", error: "hopeless" });
      const archived = await stored(store.other, task.message);
      expect(archived.state).toBe("archived");
      expect(archived.message).toEqual({
        ...task.message,
        lastError: "hopeless",
        lastFailedAt: withinTheSecondOf(now),
      });
      expect(Math.abs((archived.archivedAt ?? 0) - now)).toBeLessThan(1_000);
      expect(await store.other.queue("default")).toMatchObject({ processedTotal: 1, failedTotal: 1 });
      expect(await claimed(store.broker)).toEqual([]);
    });

    it("puts a task that is handed back to the front of its queue, with nothing spent", async () => {
      const items = [placedNow(), placedNow(), placedNow()];
      await store.broker.enqueue(items);
      const task = await claimedOne(store.broker);
      expect(await settled(store.broker, task, { kind: "handed_back" })).toBe("settled");
      expect(await store.other.queue("default")).toMatchObject({
        counts: { pending: 3, active: 0 },
        processedTotal: 0,
        failedTotal: 0,
      });
      const again = await claimed(store.other);
      expect(idsOf(again)).toEqual(idsOf(items));
      expect(again[0]?.message).toEqual(task.message);
    });

    it("adds three attempts for a task that fails twice and then succeeds", async () => {
      await store.broker.enqueue([placedNow()]);
      for (const counted of [true, true]) {
        const at = store.clock.now() + 100;
        await settled(store.broker, await claimedOne(store.broker), { kind: "retry", at, counted, error: "x" });
        store.clock.advance(100);
        await store.broker.forwardDue({ queue: "default", limit: 10 });
      }
      await settled(store.broker, await claimedOne(store.broker), { kind: "done" });
      expect(await store.broker.queue("default")).toMatchObject({ processedToday: 3, failedToday: 2 });
    });

    it("gives one result per settlement, in order, each on its own", async () => {
      await store.broker.enqueue([placedNow(), placedNow({ queue: "other" }), placedNow()]);
      const [first, third] = await claimed(store.broker);
      const [second] = await claimed(store.broker, { queues: [{ queue: "other", limit: 1 }] });
      if (first === undefined || second === undefined || third === undefined) throw new Error("expected three tasks");
      await settled(store.other, second, { kind: "done" });
      const { results, claimed: none } = await store.broker.settle(
        [first, second, third].map((task) => ({ task, outcome: { kind: "done" } })),
      );
      expect(results).toEqual(["settled", "lost", "settled"]);
      expect(none).toBeUndefined();
    });

    it("settles and then claims in one call", async () => {
      const task = await enqueuedAndClaimed(store.broker);
      const next = placedNow();
      await store.broker.enqueue([next]);
      const answer = await store.broker.settle([{ task, outcome: { kind: "done" } }], aClaim());
      expect(answer.results).toEqual(["settled"]);
      expect(idsOf(answer.claimed?.tasks ?? [])).toEqual([next.message.id]);
    });

    it("claims what it was asked to claim when there is nothing to settle", async () => {
      await store.broker.enqueue([placedNow()]);
      const answer = await store.broker.settle([], aClaim());
      expect(answer.results).toEqual([]);
      expect(answer.claimed?.tasks).toHaveLength(1);
    });

    it("settles a long list", async () => {
      await store.broker.enqueue(Array.from({ length: 1_200 }, () => placedNow()));
      const tasks = [];
      for (let page = await claimed(store.broker); page.length > 0; page = await claimed(store.broker))
        tasks.push(...page);
      const { results } = await store.broker.settle(tasks.map((task) => ({ task, outcome: { kind: "done" } })));
      expect(results.filter((result) => result === "settled")).toHaveLength(1_200);
      expect(await store.broker.queue("default")).toMatchObject({ processedTotal: 1_200, counts: { active: 0 } });
    });

    it("keeps who ran each attempt with the task, newest last, at most 20", async () => {
      await store.broker.enqueue([placedNow()]);
      for (let round = 1; round <= 22; round++) {
        const attempt = anAttempt({ pid: round, outcome: "retry", error: `try ${round}\nfailed` });
        const outcome: Outcome = { kind: "retry", at: store.clock.now(), counted: true, error: "x" };
        await settled(store.broker, await claimedOne(store.broker), outcome, { attempt });
        store.clock.advance(1_000);
        await store.broker.forwardDue({ queue: "default", limit: 10 });
      }
      const last = await claimedOne(store.broker);
      await settled(store.broker, last, { kind: "archived", error: "x" });
      const { attempts } = await stored(store.other, last.message);
      expect(attempts.map(({ pid }) => pid)).toEqual(Array.from({ length: 20 }, (_, index) => index + 3));
      expect(attempts.at(-1)).toEqual(anAttempt({ pid: 22, outcome: "retry", error: "try 22\nfailed" }));
    });

    it("agrees with a simple model of a queue on any history", async () => {
      await fc.assert(
        fc.asyncProperty(steps, async (history) => {
          const bundle = await setup();
          try {
            await checkHistory(bundle, history);
          } finally {
            await bundle.cleanup();
          }
        }),
        { seed: 20_260_131, numRuns: 25 },
      );
    });
  });

  describe("writeResult", () => {
    const store = useStore(setup);

    it("keeps bytes as the result of a running task, also over a retry, and completing without one leaves them", async () => {
      const task = await enqueuedAndClaimed(store.broker, { retentionMs: 60_000 });
      expect(await store.broker.writeResult(task.lease, bytes("half"))).toBe("written");
      expect((await stored(store.other, task.message)).result).toEqual(bytes("half"));
      await settled(store.broker, task, { kind: "completed", result: undefined });
      expect((await stored(store.other, task.message)).result).toEqual(bytes("half"));
    });

    it("writes nothing for a lease that is not held any more", async () => {
      const task = await enqueuedAndClaimed(store.broker);
      await settled(store.broker, task, { kind: "archived", error: "x" });
      expect(await store.broker.writeResult(task.lease, bytes("late"))).toBe("lost");
      expect((await stored(store.other, task.message)).result).toBeUndefined();
      const gone = await enqueuedAndClaimed(store.broker);
      await settled(store.broker, gone, { kind: "done" });
      expect(await store.broker.writeResult(gone.lease, bytes("late"))).toBe("lost");
      expect(await stateOf(store.broker, gone.message)).toBeUndefined();
    });
  });

  describe("waitForWork", () => {
    const store = useStore(setup);
    const long = { timeoutMs: 10_000 };

    it("resolves at once when a task waits in one of the queues", async () => {
      await store.broker.enqueue([placedNow({ queue: "second" })]);
      await store.broker.waitForWork(["first", "second"], long);
    });

    it("wakes when the same broker puts a task into one of the queues", async () => {
      const waiting = store.broker.waitForWork(["default", "other"], long);
      await store.broker.enqueue([placedNow({ queue: "other" })]);
      await waiting;
    });

    it("wakes when another process puts a task there, every waiter of the queue", async () => {
      const waiting = [1, 2, 3].map(() => store.broker.waitForWork(["default"], long));
      await store.other.enqueue([placedNow()]);
      await Promise.all(waiting);
    });

    it("wakes when a task is forwarded or handed back", async () => {
      await store.broker.enqueue([placedAt(store.clock.now() + 10)]);
      const waiting = store.broker.waitForWork(["default"], long);
      store.clock.advance(10);
      await store.other.forwardDue({ queue: "default", limit: 10 });
      await waiting;
      const task = await claimedOne(store.broker);
      const again = store.broker.waitForWork(["default"], long);
      await settled(store.other, task, { kind: "handed_back" });
      await again;
    });

    it("resolves when its time is over", async () => {
      let over = false;
      const waiting = store.broker.waitForWork(["default"], { timeoutMs: 60 }).then(() => {
        over = true;
      });
      // Adapters may measure this wait on the machine's clock or on theirs.
      await expect
        .poll(() => {
          store.clock.advance(10);
          return over;
        })
        .toBe(true);
      await waiting;
    });

    it("rejects with code cancelled when the signal fires, before or meanwhile", async () => {
      const cancelled = { code: "cancelled" };
      await expect(
        store.broker.waitForWork(["default"], { ...long, signal: AbortSignal.abort() }),
      ).rejects.toMatchObject(cancelled);
      const stop = new AbortController();
      const waiting = store.broker.waitForWork(["default"], { ...long, signal: stop.signal });
      const refused = expect(waiting).rejects.toMatchObject(cancelled);
      stop.abort();
      await refused;
    });

    it("changes nothing", async () => {
      const items = [placedNow(), placedNow()];
      await store.broker.enqueue(items);
      await store.broker.waitForWork(["default"], long);
      expect(idsOf(await claimed(store.broker))).toEqual(idsOf(items));
    });

    it("rejects when the broker is closed meanwhile", async () => {
      const refused = expect(store.broker.waitForWork(["default"], long)).rejects.toMatchObject({
        name: "HikyakuError",
      });
      await store.broker.close();
      await refused;
    });
  });
}
