import { describe, expect, it } from "vitest";
import type { Broker } from "../../src/broker/broker.ts";
import type { ClaimRequest, QueueDiscipline } from "../../src/broker/work-facet.ts";
import { aClaim, claimed, claimedOne, handlesOnly, idsOf, leaseMs, placedNow, settled } from "../support/builders.ts";
import { type ContractSetup, useStore } from "../support/contract-store.ts";

const minute = 60_000;

/** Asks for as much as there is in the default queue, kept in order. */
function inOrder(ordered: QueueDiscipline): Pick<ClaimRequest, "queues"> {
  return { queues: [{ queue: "default", limit: 100, ordered }] };
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
        const [first, second, third] = await enqueued(broker, 3);
        const tasks = await claimed(broker, inOrder(ordered));
        expect(idsOf(tasks)).toEqual([first]);
        expect(await claimed(broker, inOrder(ordered))).toEqual([]);
        expect(await claimed(other, { ...inOrder(ordered), serverId: "server-b" })).toEqual([]);
        const [task] = tasks;
        if (task === undefined) throw new Error("expected a task");
        const { claimed: next } = await broker.settle([{ task, outcome: { kind: "done" } }], aClaim(inOrder(ordered)));
        expect(idsOf(next?.tasks ?? [])).toEqual([second]);
        const [held] = next?.tasks ?? [];
        if (held === undefined) throw new Error("expected a second task");
        await settled(broker, held, { kind: "archived", error: "no use" });
        expect(idsOf(await claimed(other, inOrder(ordered)))).toEqual([third]);
      },
    );

    it("leaves other queues of the same claim alone", async () => {
      const { broker } = store;
      await enqueued(broker, 2);
      await broker.enqueue([placedNow({ queue: "free" }), placedNow({ queue: "free" })]);
      const queues = [
        { queue: "default", limit: 100, ordered: "strict" },
        { queue: "free", limit: 100 },
      ] as const;
      const tasks = await claimed(broker, { queues });
      expect(tasks.map(({ lease }) => lease.queue).sort()).toEqual(["default", "free", "free"]);
    });

    it("strict: a failed task keeps the others waiting and then runs before them", async () => {
      const { broker, other, clock } = store;
      const [first, second] = await enqueued(broker, 3);
      const task = await claimedOne(broker, inOrder("strict"));
      const retryAt = clock.now() + minute;
      await settled(broker, task, { kind: "retry", at: retryAt, counted: true, error: "not yet" });
      expect(await claimed(other, inOrder("strict"))).toEqual([]);
      clock.advance(minute);
      // Due, but nobody has brought it back yet.
      expect(await claimed(other, inOrder("strict"))).toEqual([]);
      expect(await broker.forwardDue({ queue: "default", limit: 100, retriesFirst: true })).toMatchObject({ moved: 1 });
      const again = await claimedOne(other, inOrder("strict"));
      expect(again.message.id).toBe(first);
      await settled(other, again, { kind: "done" });
      expect(idsOf(await claimed(other, inOrder("strict")))).toEqual([second]);
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
      await broker.forwardDue({ queue: "default", limit: 100, retriesFirst: true });
      expect(idsOf(await claimed(broker))).toEqual([ids[2], ids[1], ids[0], ids[3]]);
    });

    it("loose: a failed task is overtaken and comes back behind the others", async () => {
      const { broker, clock } = store;
      const [first, second, third] = await enqueued(broker, 3);
      const task = await claimedOne(broker, inOrder("loose"));
      await settled(broker, task, { kind: "retry", at: clock.now() + minute, counted: true, error: "not yet" });
      const order: (string | undefined)[] = [];
      for (let turn = 0; turn < 3; turn++) {
        const next = await claimedOne(broker, inOrder("loose"));
        order.push(next.message.id);
        await settled(broker, next, { kind: "done" });
        clock.advance(minute);
        await broker.forwardDue({ queue: "default", limit: 100 });
      }
      expect(order).toEqual([second, third, first]);
    });

    it("goes on with the same task when its holder died", async () => {
      const { broker, other, clock } = store;
      const [first, second] = await enqueued(broker, 2);
      await claimedOne(broker, inOrder("strict"));
      clock.advance(leaseMs + 1_000);
      expect(await claimed(other, inOrder("strict"))).toEqual([]);
      const { tasks } = await other.takeOver({ queue: "default", limit: 10, serverId: "server-b", leaseMs });
      expect(await claimed(other, inOrder("strict"))).toEqual([]);
      await other.settle(tasks.map(({ task }) => ({ task, outcome: { kind: "handed_back" } })));
      const again = await claimedOne(other, inOrder("strict"));
      expect(again.message.id).toBe(first);
      await settled(other, again, { kind: "done" });
      expect(idsOf(await claimed(other, inOrder("strict")))).toEqual([second]);
    });

    it("lets nothing overtake a task that this server has no handler for", async () => {
      const { broker } = store;
      await broker.enqueue([placedNow({ type: "report" }), placedNow({ type: "email:send" })]);
      const answer = await broker.claim(aClaim({ ...inOrder("strict"), handles: handlesOnly(["email:send"]) }));
      expect(answer.tasks).toEqual([]);
      expect(answer.unhandled).toEqual([{ queue: "default", type: "report", count: 1 }]);
      const task = await claimedOne(broker, { ...inOrder("strict"), handles: handlesOnly(["report"]) });
      await settled(broker, task, { kind: "done" });
      expect(await claimed(broker, { ...inOrder("strict"), handles: handlesOnly(["email:send"]) })).toHaveLength(1);
    });

    it("takes nothing from a paused queue", async () => {
      const { broker } = store;
      await enqueued(broker, 1);
      await broker.pause("default");
      expect(await claimed(broker, inOrder("strict"))).toEqual([]);
    });
  });
}
