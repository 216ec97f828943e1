import { describe, expect, it } from "vitest";
import type { EnqueueItem } from "../../src/broker/enqueue-facet.ts";
import { claimed, idsOf, placedAt, stateOf } from "../support/builders.ts";
import { type ContractSetup, useStore } from "../support/contract-store.ts";
import {
  collected,
  graceMs,
  grouped,
  groupNames,
  holdMs,
  idsIn,
  roundingMs,
  taken,
} from "../support/group-builders.ts";

export function describeGroupsContract(setup: ContractSetup): void {
  describe("groups", () => {
    const store = useStore(setup);

    /** Puts tasks into a group and lets it become ripe. */
    const ripe = async (...items: EnqueueItem[]): Promise<EnqueueItem[]> => {
      await store.broker.enqueue(items);
      store.clock.advance(graceMs + roundingMs);
      return items;
    };

    it("lists those that hold tasks, with their size and when the first and the last task joined", async () => {
      const { broker, clock } = store;
      expect(await broker.groups("default")).toEqual([]);
      const start = clock.now();
      await broker.enqueue([grouped(), grouped({ group: "stats" }), grouped({ queue: "other", group: "far" })]);
      clock.advance(5_000);
      await broker.enqueue([grouped()]);
      const found = await store.other.groups("default");
      expect(found.map(({ group, size }) => ({ group, size }))).toEqual(
        expect.arrayContaining([
          { group: "letters", size: 2 },
          { group: "stats", size: 1 },
        ]),
      );
      const letters = found.find(({ group }) => group === "letters");
      for (const [moment, expected] of [
        [letters?.oldestAt, start],
        [letters?.newestAt, start + 5_000],
      ]) {
        expect(moment).toBeGreaterThanOrEqual(expected ?? 0);
        expect(moment).toBeLessThan((expected ?? 0) + roundingMs);
      }
      expect(await groupNames(broker, "other")).toEqual(["far"]);
    });

    it("lists a great many of them, each once", async () => {
      const items = Array.from({ length: 1_500 }, (_, index) => grouped({ group: `g${index}` }));
      await store.broker.enqueue(items);
      const names = await groupNames(store.broker);
      expect(names).toHaveLength(1_500);
      expect(new Set(names).size).toBe(1_500);
    });

    it("are not ripe before nothing was added for the grace period, and then soon", async () => {
      const { broker, clock } = store;
      const first = grouped();
      await broker.enqueue([first]);
      clock.advance(graceMs - 1);
      const second = grouped();
      await broker.enqueue([second]);
      clock.advance(graceMs - 1);
      expect(await collected(broker)).toBeUndefined();
      clock.advance(1 + roundingMs);
      const set = await taken(store.other);
      expect(set).toMatchObject({ queue: "default", group: "letters", setAside: [] });
      expect(set.messages).toEqual([first.message, second.message]);
      expect(set.deadlineAt).toBeGreaterThanOrEqual(clock.now() + holdMs);
      expect(set.deadlineAt).toBeLessThan(clock.now() + holdMs + roundingMs);
    });

    it("are ripe when the oldest task waited for the longest delay, though more keep coming", async () => {
      const { broker, clock } = store;
      const limits = { maxDelayMs: 90_000 };
      const items = [grouped()];
      await broker.enqueue(items);
      clock.advance(50_000);
      items.push(grouped());
      await broker.enqueue(items.slice(1));
      clock.advance(39_999);
      expect(await collected(broker, { limits })).toBeUndefined();
      clock.advance(1 + roundingMs);
      expect(idsIn(await taken(broker, { limits }))).toEqual(idsOf(items));
    });

    it("are ripe as soon as they are full, and no more than that is taken, oldest first", async () => {
      const { broker, clock } = store;
      const limits = { maxSize: 3 };
      const items = [grouped(), grouped()];
      await broker.enqueue(items);
      expect(await collected(broker, { limits })).toBeUndefined();
      clock.advance(2_000);
      const more = [grouped(), grouped(), grouped()];
      await broker.enqueue(more);
      expect(idsIn(await taken(broker, { limits }))).toEqual(idsOf([...items, ...more.slice(0, 1)]));
      expect(await collected(broker, { limits })).toBeUndefined();
      expect(await broker.groups("default")).toMatchObject([{ group: "letters", size: 2 }]);
      clock.advance(graceMs + roundingMs);
      expect(idsIn(await taken(broker, { limits }))).toEqual(idsOf(more.slice(1)));
    });

    it("that do not exist, or hold nothing any more, are never ripe", async () => {
      expect(await collected(store.broker, { group: "nobody" })).toBeUndefined();
      await ripe(grouped());
      await taken(store.broker);
      expect(await collected(store.broker)).toBeUndefined();
      expect(await groupNames(store.broker)).toEqual([]);
    });

    it("are taken by one of many who try at the same time", async () => {
      const items = await ripe(grouped(), grouped());
      const sets = await Promise.all(
        Array.from({ length: 10 }, (_, index) => collected(index % 2 === 0 ? store.broker : store.other)),
      );
      const won = sets.filter((set) => set !== undefined);
      expect(won).toHaveLength(1);
      expect(idsIn(won[0])).toEqual(idsOf(items));
    });

    it("are dealt out without overlap where many take slices of one", async () => {
      const items = await ripe(...Array.from({ length: 50 }, () => grouped()));
      const sets = await Promise.all(
        Array.from({ length: 10 }, (_, index) =>
          collected(index % 2 === 0 ? store.broker : store.other, { limits: { maxSize: 7 } }),
        ),
      );
      const ids = sets.flatMap((set) => idsIn(set));
      expect(ids).toHaveLength(50);
      expect(new Set(ids)).toEqual(new Set(idsOf(items)));
    });

    it("tell apart names with colons, spaces, other scripts, and ones that begin alike", async () => {
      const names = ["a", "a:", "a:b", ":a", "user:42:mail", "グループ 一", "*", "a b\nc", "t:x", "null"];
      const items = await ripe(...names.map((group) => grouped({ group })));
      expect(await groupNames(store.broker)).toEqual([...names].sort());
      for (const [index, group] of names.entries()) {
        const set = await taken(store.broker, { group });
        expect(idsIn(set)).toEqual([items[index]?.message.id]);
        if (index % 2 === 0) expect(await store.broker.putBack(set)).toBe("put_back");
      }
      store.clock.advance(holdMs + roundingMs);
      expect(await store.broker.reclaim("default", 100)).toEqual({ sets: 5, tasks: 5 });
      expect(await groupNames(store.broker)).toEqual([...names].sort());
    });

    it("leave a task that was taken where nobody runs it, in its state", async () => {
      const [item = grouped()] = await ripe(grouped());
      await taken(store.broker);
      expect(await claimed(store.broker)).toEqual([]);
      expect(await stateOf(store.broker, item.message)).toBe("aggregating");
      expect(await store.broker.enqueue([item])).toEqual([{ kind: "id_taken" }]);
    });

    it("take in a scheduled task when it is due, and a failed one that came from them", async () => {
      const { broker, clock } = store;
      const later = placedAt(clock.now() + 5_000, { group: "letters" });
      await broker.enqueue([later]);
      expect(await groupNames(broker)).toEqual([]);
      clock.advance(5_000);
      expect(await broker.forwardDue({ queue: "default", limit: 10 })).toMatchObject({ moved: 1 });
      expect(await groupNames(broker)).toEqual(["letters"]);
      clock.advance(graceMs - 1);
      expect(await collected(broker)).toBeUndefined();
      clock.advance(1 + roundingMs);
      expect(idsIn(await taken(broker))).toEqual([later.message.id]);
      // The group was emptied in between: its name must come back by itself.
      const again = placedAt(clock.now() + 1_000, { group: "letters" });
      await broker.enqueue([again]);
      clock.advance(1_000);
      await broker.forwardDue({ queue: "default", limit: 10 });
      expect(await groupNames(broker)).toEqual(["letters"]);
    });
  });
}
