import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { Broker } from "../../src/broker/broker.ts";
import type { ClaimPolicy, QueueDiscipline } from "../../src/broker/claim-policy.ts";
import type { ClaimedTask } from "../../src/broker/work-facet.ts";
import { aClaim, claimed, claimedOne, handlesOnly, idsOf, leaseMs, placedNow, settled } from "../support/builders.ts";
import { type ContractSetup, useStore } from "../support/contract-store.ts";

const minute = 60_000;

/** Has the default queue worked in order by whoever claims from it. */
async function keepInOrder(broker: Broker, discipline: QueueDiscipline): Promise<void> {
  const policy = { kind: "ordered", discipline } as const;
  expect(await broker.declarePolicy({ queue: "default", policy })).toEqual({ kind: "declared" });
}

async function enqueued(broker: Broker, count: number): Promise<string[]> {
  const items = Array.from({ length: count }, () => placedNow());
  await broker.enqueue(items);
  return idsOf(items);
}

/** A queue that is kept in order: see `QueueDiscipline`. */
export function describeOrderedContract(setup: ContractSetup): void {
  describe("claiming in order", () => {
    const store = useStore(setup);

    it.each(["strict", "loose"] as const)(
      "%s: hands out one task, and no other until it is settled",
      async (ordered) => {
        const { broker, other } = store;
        await keepInOrder(broker, ordered);
        const [first, second, third] = await enqueued(broker, 3);
        const tasks = await claimed(broker);
        expect(idsOf(tasks)).toEqual([first]);
        expect(await claimed(broker)).toEqual([]);
        expect(await claimed(other, { serverId: "server-b" })).toEqual([]);
        const [task] = tasks;
        if (task === undefined) throw new Error("expected a task");
        const { claimed: next } = await broker.settle([{ task, outcome: { kind: "done" } }], aClaim());
        expect(idsOf(next?.tasks ?? [])).toEqual([second]);
        const [held] = next?.tasks ?? [];
        if (held === undefined) throw new Error("expected a second task");
        await settled(broker, held, { kind: "archived", error: "no use" });
        expect(idsOf(await claimed(other))).toEqual([third]);
      },
    );

    it("leaves other queues of the same claim alone", async () => {
      const { broker } = store;
      await keepInOrder(broker, "strict");
      await enqueued(broker, 2);
      await broker.enqueue([placedNow({ queue: "free" }), placedNow({ queue: "free" })]);
      const queues = [
        { queue: "default", limit: 100 },
        { queue: "free", limit: 100 },
      ];
      const tasks = await claimed(broker, { queues });
      expect(tasks.map(({ lease }) => lease.queue).sort()).toEqual(["default", "free", "free"]);
    });

    it("strict: a failed task keeps the others waiting and then runs before them", async () => {
      const { broker, other, clock } = store;
      await keepInOrder(broker, "strict");
      const [first, second] = await enqueued(broker, 3);
      const task = await claimedOne(broker);
      const retryAt = clock.now() + minute;
      await settled(broker, task, { kind: "retry", at: retryAt, counted: true, error: "not yet" });
      expect(await claimed(other)).toEqual([]);
      clock.advance(minute);
      // Due, but nobody has brought it back yet.
      expect(await claimed(other)).toEqual([]);
      expect(await broker.forwardDue({ queue: "default", limit: 100 })).toMatchObject({ moved: 1 });
      const again = await claimedOne(other);
      expect(again.message.id).toBe(first);
      await settled(other, again, { kind: "done" });
      expect(idsOf(await claimed(other))).toEqual([second]);
    });

    it("strict: brings several retry tasks back in the order in which they were due", async () => {
      const { broker, clock } = store;
      const ids = await enqueued(broker, 4);
      const tasks = await claimed(broker, { limit: 3 });
      for (const [index, task] of tasks.entries()) {
        await settled(broker, task, {
          kind: "retry",
          at: clock.now() + (3 - index) * 1_000,
          counted: true,
          error: "no",
        });
      }
      clock.advance(minute);
      await keepInOrder(broker, "strict");
      await broker.forwardDue({ queue: "default", limit: 100 });
      await broker.declarePolicy({ queue: "default", policy: { kind: "open" }, replace: true });
      expect(idsOf(await claimed(broker))).toEqual([ids[2], ids[1], ids[0], ids[3]]);
    });

    it("loose: a failed task is overtaken and comes back behind the others", async () => {
      const { broker, clock } = store;
      await keepInOrder(broker, "loose");
      const [first, second, third] = await enqueued(broker, 3);
      const task = await claimedOne(broker);
      await settled(broker, task, { kind: "retry", at: clock.now() + minute, counted: true, error: "not yet" });
      const order: (string | undefined)[] = [];
      for (let turn = 0; turn < 3; turn++) {
        const next = await claimedOne(broker);
        order.push(next.message.id);
        await settled(broker, next, { kind: "done" });
        clock.advance(minute);
        await broker.forwardDue({ queue: "default", limit: 100 });
      }
      expect(order).toEqual([second, third, first]);
    });

    it("goes on with the same task when its holder died", async () => {
      const { broker, other, clock } = store;
      await keepInOrder(broker, "strict");
      const [first, second] = await enqueued(broker, 2);
      await claimedOne(broker);
      clock.advance(leaseMs + 1_000);
      expect(await claimed(other)).toEqual([]);
      const { tasks } = await other.takeOver({ queue: "default", limit: 10, serverId: "server-b", leaseMs });
      expect(await claimed(other)).toEqual([]);
      await other.settle(tasks.map(({ task }) => ({ task, outcome: { kind: "handed_back" } })));
      const again = await claimedOne(other);
      expect(again.message.id).toBe(first);
      await settled(other, again, { kind: "done" });
      expect(idsOf(await claimed(other))).toEqual([second]);
    });

    it("lets nothing overtake a task that this server has no handler for", async () => {
      const { broker } = store;
      await keepInOrder(broker, "strict");
      await broker.enqueue([placedNow({ type: "report" }), placedNow({ type: "email:send" })]);
      const answer = await broker.claim(aClaim({ handles: handlesOnly(["email:send"]) }));
      expect(answer.tasks).toEqual([]);
      expect(answer.unhandled).toEqual([{ queue: "default", type: "report", count: 1 }]);
      const task = await claimedOne(broker, { handles: handlesOnly(["report"]) });
      await settled(broker, task, { kind: "done" });
      expect(await claimed(broker, { handles: handlesOnly(["email:send"]) })).toHaveLength(1);
    });

    it("takes nothing from a paused queue", async () => {
      const { broker } = store;
      await keepInOrder(broker, "strict");
      await enqueued(broker, 1);
      await broker.pause("default");
      expect(await claimed(broker)).toEqual([]);
    });
  });

  describe("a claim policy", () => {
    const store = useStore(setup);
    const strict: ClaimPolicy = { kind: "ordered", discipline: "strict" };
    const loose: ClaimPolicy = { kind: "ordered", discipline: "loose" };
    const open: ClaimPolicy = { kind: "open" };
    const expecting = (expects: ClaimPolicy) => aClaim({ queues: [{ queue: "default", limit: 100, expects }] });

    it("is the queue's until it is replaced, and whoever declares another one hears of it", async () => {
      const { broker, other } = store;
      const queue = "default";
      expect(await broker.declarePolicy({ queue, policy: open })).toEqual({ kind: "agrees" });
      expect(await broker.declarePolicy({ queue, policy: strict })).toEqual({ kind: "declared" });
      expect(await other.declarePolicy({ queue, policy: strict })).toEqual({ kind: "agrees" });
      expect(await other.declarePolicy({ queue, policy: loose })).toEqual({
        kind: "differs",
        stored: "ordered:strict",
      });
      expect(await other.declarePolicy({ queue, policy: open })).toEqual({ kind: "differs", stored: "ordered:strict" });
      expect(await other.declarePolicy({ queue, policy: loose, replace: true })).toEqual({ kind: "declared" });
      expect(await broker.declarePolicy({ queue, policy: loose })).toEqual({ kind: "agrees" });
      expect(await broker.declarePolicy({ queue, policy: open, replace: true })).toEqual({ kind: "declared" });
      expect(await broker.declarePolicy({ queue, policy: open })).toEqual({ kind: "agrees" });
    });

    it("makes no queue known, and stays when the queue is removed", async () => {
      const { broker, other } = store;
      await keepInOrder(broker, "strict");
      expect(await broker.queues()).toEqual([]);
      await enqueued(broker, 2);
      let answer = await broker.removeQueue("default", { force: true, limit: 100 });
      while (answer.kind === "more") {
        answer = await broker.removeQueue("default", { force: true, limit: 100, cursor: answer.cursor });
      }
      expect(answer.kind).toBe("removed");
      expect(await broker.queues()).toEqual([]);
      expect(await other.declarePolicy({ queue: "default", policy: open })).toMatchObject({ kind: "differs" });
      // Whoever knows of no order would take all of them at once.
      const [first] = await enqueued(broker, 3);
      expect(idsOf(await claimed(other))).toEqual([first]);
      expect(await claimed(broker)).toEqual([]);
    });

    it("gives nothing to a claimer that expects another one, and says which one there is", async () => {
      const { broker, clock } = store;
      await enqueued(broker, 2);
      const refused = async (expects: ClaimPolicy, policy: string) => {
        const { tasks, closed } = await broker.claim(expecting(expects));
        expect(tasks).toEqual([]);
        const lookAgainAt = clock.now() + 1_000;
        expect(closed).toEqual([{ queue: "default", reason: "policy_differs", policy, lookAgainAt }]);
      };
      await refused(strict, "open");
      await keepInOrder(broker, "strict");
      await refused(loose, "ordered:strict");
      await refused(open, "ordered:strict");
      const { tasks, closed } = await broker.claim(expecting(strict));
      expect(tasks).toHaveLength(1);
      expect(closed).toEqual([]);
    });

    it("closes a queue only where tasks wait, and says when to look again", async () => {
      const { broker, other, clock } = store;
      const why = async () => (await other.claim(aClaim({ serverId: "server-b" }))).closed;
      await keepInOrder(broker, "strict");
      await enqueued(broker, 1);
      const task = await claimedOne(broker);
      expect(await why()).toEqual([]);
      await enqueued(broker, 1);
      expect(await why()).toEqual([{ queue: "default", reason: "held", lookAgainAt: clock.now() + 1_000 }]);
      await settled(broker, task, { kind: "retry", at: clock.now() + minute, counted: true, error: "not yet" });
      expect(await why()).toEqual([{ queue: "default", reason: "held", lookAgainAt: clock.now() + 1_000 }]);
      await broker.pause("default");
      expect(await why()).toMatchObject([{ queue: "default", reason: "paused" }]);
      await broker.resume("default");
      await broker.change({ kind: "ids", queue: "default", taskIds: [task.message.id] }, "archive", 1);
      expect(await why()).toEqual([]);
    });

    it.each(["paused", "held"] as const)("lets nobody wait in vain for a queue that is %s", async (reason) => {
      const { broker, other } = store;
      await enqueued(broker, 2);
      let task: ClaimedTask | undefined;
      if (reason === "held") {
        await keepInOrder(broker, "loose");
        task = await claimedOne(broker);
      } else {
        await broker.pause("default");
      }
      expect((await other.claim(aClaim({ serverId: "server-b" }))).closed).toMatchObject([{ reason }]);
      const began = performance.now();
      const waited = other.waitForWork(["default"], { timeoutMs: 20_000 }).then(() => performance.now() - began);
      await expect(Promise.race([waited, delay(300, "asleep")])).resolves.toBe("asleep");
      if (task === undefined) await broker.resume("default");
      else await settled(broker, task, { kind: "done" });
      // Where nobody tells of it the store is asked again after a second.
      expect(await waited).toBeLessThan(10_000);
      expect((await other.claim(aClaim({ serverId: "server-b" }))).tasks).not.toEqual([]);
    });
  });
}
