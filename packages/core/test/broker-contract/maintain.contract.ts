import { describe, expect, it } from "vitest";
import {
  aTask,
  claimed,
  claimedOne,
  enqueuedAndClaimed,
  idsOf,
  leaseMs,
  placedAt,
  placedNow,
  settled,
  stateOf,
  unique,
} from "../support/builders.ts";
import { type ContractSetup, useStore } from "../support/contract-store.ts";

const generous = { maxCount: 1_000, maxAgeMs: 90 * 86_400_000 };
const hourMs = 3_600_000;

export function describeMaintainContract(setup: ContractSetup): void {
  describe("forwardDue", () => {
    const store = useStore(setup);

    it("moves a task at its very millisecond and not one before", async () => {
      for (const delayMs of [1, 999, 1_000, 1_001, 12_345]) {
        const at = store.clock.now() + delayMs;
        await store.broker.enqueue([placedAt(at)]);
        store.clock.advance(delayMs - 1);
        expect(await store.broker.forwardDue({ queue: "default", limit: 10 })).toEqual({
          moved: 0,
          nextDueAt: at,
          isLeaseOver: false,
          setAside: [],
        });
        expect(await claimed(store.broker)).toEqual([]);
        store.clock.advance(1);
        expect(await store.broker.forwardDue({ queue: "default", limit: 10 })).toEqual({
          moved: 1,
          nextDueAt: undefined,
          isLeaseOver: false,
          setAside: [],
        });
        await settled(store.broker, await claimedOne(store.broker), { kind: "done" });
      }
    });

    it("knows when a task is due, to the millisecond", async () => {
      const at = store.clock.now() + 5_003;
      const item = placedAt(at);
      await store.broker.enqueue([placedAt(at + 1), item, placedAt(at + 60_000)]);
      expect(await store.other.forwardDue({ queue: "default", limit: 10 })).toEqual({
        moved: 0,
        nextDueAt: at,
        isLeaseOver: false,
        setAside: [],
      });
    });

    it("tells of a lease that has ended, for as long as nobody takes its task over", async () => {
      const isLeaseOver = async () => (await store.other.forwardDue({ queue: "default", limit: 10 })).isLeaseOver;
      await enqueuedAndClaimed(store.broker);
      expect(await isLeaseOver()).toBe(false);
      store.clock.advance(leaseMs + 1_000);
      expect([await isLeaseOver(), await isLeaseOver()]).toEqual([true, true]);
      const { tasks } = await store.other.takeOver({ queue: "default", limit: 10, serverId: "server-b", leaseMs });
      expect(tasks).toHaveLength(1);
      expect(await isLeaseOver()).toBe(false);
    });

    it("moves what is due first before the rest, to the end of the queue", async () => {
      const now = store.clock.now();
      const waiting = placedNow();
      const [last, first, second] = [placedAt(now + 9_000), placedAt(now + 1_000), placedAt(now + 5_000)];
      await store.broker.enqueue([waiting, last, first, second]);
      store.clock.advance(10_000);
      expect(await store.broker.forwardDue({ queue: "default", limit: 10 })).toEqual({
        moved: 3,
        nextDueAt: undefined,
        isLeaseOver: false,
        setAside: [],
      });
      expect(idsOf(await claimed(store.broker))).toEqual(idsOf([waiting, first, second, last]));
    });

    it("moves scheduled and retry tasks alike", async () => {
      const now = store.clock.now();
      const retry = await enqueuedAndClaimed(store.broker);
      await settled(store.broker, retry, { kind: "retry", at: now + 2_000, counted: true, error: "x" });
      const scheduled = placedAt(now + 1_000);
      await store.broker.enqueue([scheduled]);
      store.clock.advance(2_000);
      expect(await store.broker.forwardDue({ queue: "default", limit: 10 })).toMatchObject({ moved: 2 });
      expect(idsOf(await claimed(store.broker)).sort()).toEqual([retry.message.id, scheduled.message.id].sort());
    });

    it("moves no more than the limit and then says that more is due", async () => {
      const at = store.clock.now() + 1_000;
      await store.broker.enqueue(Array.from({ length: 5 }, () => placedAt(at)));
      store.clock.advance(1_500);
      const first = await store.broker.forwardDue({ queue: "default", limit: 3 });
      expect(first.moved).toBe(3);
      expect(first.nextDueAt).toBeLessThanOrEqual(store.clock.now());
      expect(await store.broker.forwardDue({ queue: "default", limit: 3 })).toEqual({
        moved: 2,
        nextDueAt: undefined,
        isLeaseOver: false,
        setAside: [],
      });
    });

    it("moves each task once, however many forward at the same time", async () => {
      const at = store.clock.now() + 1_000;
      const items = Array.from({ length: 100 }, () => placedAt(at));
      await store.broker.enqueue(items);
      store.clock.advance(1_000);
      const answers = await Promise.all(
        Array.from({ length: 10 }, (_, index) =>
          (index % 2 === 0 ? store.broker : store.other).forwardDue({ queue: "default", limit: 30 }),
        ),
      );
      expect(answers.reduce((sum, { moved }) => sum + moved, 0)).toBe(100);
      expect(new Set(idsOf(await claimed(store.broker)))).toEqual(new Set(idsOf(items)));
    });

    it("lets a scheduled task with a group join it", async () => {
      const at = store.clock.now() + 1_000;
      const item = placedAt(at, { group: "letters" });
      expect(await store.broker.enqueue([item])).toEqual([{ kind: "accepted", state: "scheduled" }]);
      store.clock.advance(1_000);
      expect(await store.broker.forwardDue({ queue: "default", limit: 10 })).toEqual({
        moved: 1,
        nextDueAt: undefined,
        isLeaseOver: false,
        setAside: [],
      });
      expect(await stateOf(store.broker, item.message)).toBe("aggregating");
      const page = await store.broker.list({ queue: "default", state: "aggregating", group: "letters", limit: 9 });
      expect(idsOf(page.tasks)).toEqual([item.message.id]);
    });

    it("forwards in a paused queue, where the tasks then wait", async () => {
      await store.broker.enqueue([placedAt(store.clock.now() + 1_000)]);
      await store.broker.pause("default");
      store.clock.advance(1_000);
      expect(await store.broker.forwardDue({ queue: "default", limit: 10 })).toMatchObject({ moved: 1 });
      expect(await claimed(store.broker)).toEqual([]);
    });

    it("finds nothing in a queue that does not exist", async () => {
      expect(await store.broker.forwardDue({ queue: "nobody", limit: 10 })).toEqual({
        moved: 0,
        nextDueAt: undefined,
        isLeaseOver: false,
        setAside: [],
      });
      expect(await store.broker.queue("nobody")).toBeUndefined();
    });
  });

  describe("sweep", () => {
    const store = useStore(setup);

    const completed = async (retentionMs: number): Promise<string> => {
      const task = await enqueuedAndClaimed(store.broker, { retentionMs });
      await settled(store.broker, task, { kind: "completed", result: undefined });
      return task.message.id;
    };

    const archived = async (): Promise<string> => {
      const task = await enqueuedAndClaimed(store.broker);
      await settled(store.broker, task, { kind: "archived", error: "x" });
      return task.message.id;
    };

    it("removes completed tasks once their retention is over and keeps the others", async () => {
      const short = await completed(hourMs);
      const long = await completed(2 * hourMs);
      store.clock.advance(hourMs - 1);
      expect(await store.broker.sweep("default", 100, generous)).toEqual({ completed: 0, archived: 0, more: false });
      store.clock.advance(1_001);
      expect(await store.broker.sweep("default", 100, generous)).toEqual({ completed: 1, archived: 0, more: false });
      const kept = await store.broker.get("default", [short, long]);
      expect(kept.map((task) => task?.state)).toEqual([undefined, "completed"]);
      expect((await store.broker.queue("default"))?.counts.completed).toBe(1);
    });

    it("removes archived tasks that are too old", async () => {
      const old = await archived();
      store.clock.advance(hourMs);
      const young = await archived();
      store.clock.advance(hourMs - 2_000);
      const limits = { maxCount: 1_000, maxAgeMs: 2 * hourMs };
      expect(await store.broker.sweep("default", 100, limits)).toMatchObject({ archived: 0 });
      store.clock.advance(4_000);
      expect(await store.broker.sweep("default", 100, limits)).toEqual({ completed: 0, archived: 1, more: false });
      const kept = await store.broker.get("default", [old, young]);
      expect(kept.map((task) => task?.state)).toEqual([undefined, "archived"]);
    });

    it("removes the oldest archived tasks when they are too many", async () => {
      const ids: string[] = [];
      for (let count = 0; count < 5; count++) {
        ids.push(await archived());
        store.clock.advance(1_000);
      }
      expect(await store.broker.sweep("default", 100, { ...generous, maxCount: 5 })).toMatchObject({ archived: 0 });
      const limits = { ...generous, maxCount: 3 };
      expect(await store.broker.sweep("default", 100, limits)).toEqual({ completed: 0, archived: 2, more: false });
      const kept = await store.broker.get("default", ids);
      expect(kept.map((task) => task === undefined)).toEqual([true, true, false, false, false]);
    });

    it("removes no more than the limit and says whether there is more", async () => {
      for (let count = 0; count < 3; count++) await completed(1_000);
      for (let count = 0; count < 2; count++) await archived();
      store.clock.advance(hourMs);
      const limits = { maxCount: 0, maxAgeMs: 90 * 86_400_000 };
      const answers = [];
      do answers.push(await store.broker.sweep("default", 2, limits));
      while (answers.at(-1)?.more === true && answers.length < 10);
      expect(answers.every((answer) => answer.completed + answer.archived <= 2)).toBe(true);
      expect(answers.reduce((sum, answer) => sum + answer.completed, 0)).toBe(3);
      expect(answers.reduce((sum, answer) => sum + answer.archived, 0)).toBe(2);
      expect((await store.broker.queue("default"))?.counts).toMatchObject({ completed: 0, archived: 0 });
    });

    it("frees the lock and the id of an archived task that it removes", async () => {
      const item = unique(placedNow({ id: "again" }), 90 * 86_400_000);
      await store.broker.enqueue([item]);
      await settled(store.broker, await claimedOne(store.broker), { kind: "archived", error: "x" });
      expect(await store.broker.enqueue([unique(placedNow())])).toMatchObject([{ kind: "duplicate" }]);
      store.clock.advance(hourMs);
      await store.broker.sweep("default", 10, { maxCount: 0, maxAgeMs: 60_000 });
      expect(await store.broker.enqueue([item])).toMatchObject([{ kind: "accepted" }]);
    });

    it("leaves every other state alone", async () => {
      const at = store.clock.now() + 1_000;
      const active = await enqueuedAndClaimed(store.broker);
      const group = { message: aTask({ group: "g" }), placement: { kind: "group" } } as const;
      await store.broker.enqueue([placedNow(), placedAt(at), group]);
      store.clock.advance(100 * 86_400_000);
      expect(await store.broker.sweep("default", 100, { maxCount: 0, maxAgeMs: 1_000 })).toEqual({
        completed: 0,
        archived: 0,
        more: false,
      });
      expect(await stateOf(store.broker, active.message)).toBe("active");
      expect((await store.broker.queue("default"))?.counts).toMatchObject({ pending: 1, scheduled: 1, aggregating: 1 });
    });
  });
}
