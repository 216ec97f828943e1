import { describe, expect, it } from "vitest";
import type { EnqueueItem } from "../../src/broker/enqueue-facet.ts";
import type { AggregationSet } from "../../src/broker/group-facet.ts";
import type { TaskMessage } from "../../src/broker/task-message.ts";
import {
  bytes,
  claimed,
  claimedOne,
  enqueuedAndClaimed,
  idsOf,
  placedNow,
  settled,
  stateOf,
  stored,
} from "../support/builders.ts";
import { type ContractSetup, useStore } from "../support/contract-store.ts";
import {
  collected,
  graceMs,
  grouped,
  groupNames,
  holdMs,
  idsIn,
  longUnique,
  roundingMs,
  taken,
} from "../support/group-builders.ts";

export function describeAggregationSetContract(setup: ContractSetup): void {
  describe("finishing a set", () => {
    const store = useStore(setup);

    const aSet = async (...items: EnqueueItem[]): Promise<AggregationSet> => {
      await store.broker.enqueue(items);
      store.clock.advance(graceMs + roundingMs);
      return taken(store.broker);
    };
    const one = (set: AggregationSet, overrides: Partial<TaskMessage> = {}): EnqueueItem =>
      placedNow({ id: set.setId, type: "digest", ...overrides });

    it("enqueues the one task and leaves nothing of the others", async () => {
      const { broker } = store;
      const items = [grouped(), grouped()];
      const set = await aSet(...items);
      const item = one(set, { payload: bytes("both") });
      expect(await broker.finish(set, item)).toEqual({ kind: "finished", state: "pending" });
      expect(await broker.get("default", idsOf(items))).toEqual([undefined, undefined]);
      expect((await claimedOne(broker)).message).toEqual(item.message);
      expect((await broker.queue("default"))?.counts).toMatchObject({ aggregating: 0, pending: 0, active: 1 });
      store.clock.advance(holdMs + roundingMs);
      expect(await broker.reclaim("default", 10)).toEqual({ sets: 0, tasks: 0 });
      expect(await broker.enqueue(items)).toMatchObject([{ kind: "accepted" }, { kind: "accepted" }]);
    });

    it("does it once: doing it again is lost and enqueues nothing", async () => {
      const set = await aSet(grouped());
      const answers = await Promise.all(
        [store.broker, store.other, store.broker].map((broker) => broker.finish(set, one(set))),
      );
      expect(answers.map(({ kind }) => kind).sort()).toEqual(["finished", "lost", "lost"]);
      expect(await claimed(store.broker)).toHaveLength(1);
      expect(await store.other.finish(set, one(set))).toEqual({ kind: "lost" });
      expect(await claimed(store.broker)).toEqual([]);
    });

    it("places the one task where it is told to", async () => {
      const { broker, clock } = store;
      const at = clock.now() + 500_003;
      const later = await aSet(grouped());
      const scheduled = { message: one(later).message, placement: { kind: "at", at } } as const;
      expect(await broker.finish(later, scheduled)).toEqual({ kind: "finished", state: "scheduled" });
      expect(await broker.forwardDue({ queue: "default", limit: 10 })).toEqual({
        moved: 0,
        nextDueAt: at,
        isLeaseOver: false,
        setAside: [],
      });
      const next = await aSet(grouped());
      const again = grouped({ id: next.setId, group: "digests" });
      expect(await broker.finish(next, again)).toEqual({ kind: "finished", state: "aggregating" });
      expect(await groupNames(broker)).toEqual(["digests"]);
    });

    it("without a task just removes the others", async () => {
      const item = grouped();
      const set = await aSet(item);
      expect(await store.broker.finish(set, undefined)).toEqual({ kind: "finished", state: undefined });
      expect(await stateOf(store.broker, item.message)).toBeUndefined();
      expect(await claimed(store.broker)).toEqual([]);
    });

    it("releases the locks of its tasks, and no lock that somebody else holds by now", async () => {
      const { broker, clock } = store;
      const [short, long] = [longUnique(grouped({ type: "short" }), 1_000), longUnique(grouped({ type: "long" }))];
      await broker.enqueue([short, long]);
      clock.advance(5_000);
      // Redis ends a lock by its own clock, SQLite by ours: on one of them the second task is a duplicate.
      await broker.enqueue([longUnique(placedNow({ type: "short" }))]);
      expect(await broker.enqueue([longUnique(grouped({ type: "long" }))])).toMatchObject([
        { kind: "duplicate", ownerId: long.message.id },
      ]);
      clock.advance(graceMs + roundingMs);
      const set = await taken(broker);
      await broker.finish(set, one(set));
      expect(await broker.enqueue([longUnique(placedNow({ type: "long" }))])).toMatchObject([{ kind: "accepted" }]);
      const waiting = await claimed(broker);
      const holder = waiting.find(({ message }) => message.type === "short");
      expect(await broker.enqueue([longUnique(placedNow({ type: "short" }))])).toMatchObject([
        holder === undefined ? { kind: "accepted" } : { kind: "duplicate", ownerId: holder.message.id },
      ]);
    });

    it("takes the lock of a unique one task, also when one of its tasks holds it", async () => {
      const { broker } = store;
      const set = await aSet(longUnique(grouped({ type: "digest" })));
      expect(await broker.finish(set, longUnique(one(set)))).toMatchObject({ kind: "finished" });
      expect(await broker.enqueue([longUnique(placedNow({ type: "digest" }))])).toEqual([
        { kind: "duplicate", ownerId: set.setId },
      ]);
      await settled(broker, await claimedOne(broker), { kind: "done" });
      expect(await broker.enqueue([longUnique(placedNow({ type: "digest" }))])).toMatchObject([{ kind: "accepted" }]);
    });

    it("writes nothing when the one task is refused, and can be tried again", async () => {
      const { broker } = store;
      const items = [grouped(), longUnique(grouped())];
      const set = await aSet(...items);
      const owner = longUnique(placedNow({ id: "taken", type: "digest" }));
      await broker.enqueue([owner]);
      expect(await broker.finish(set, one(set, { id: "taken" }))).toEqual({
        kind: "refused",
        outcome: { kind: "id_taken" },
      });
      expect(await broker.finish(set, longUnique(one(set)))).toEqual({
        kind: "refused",
        outcome: { kind: "duplicate", ownerId: "taken" },
      });
      for (const { message } of items) expect(await stateOf(broker, message)).toBe("aggregating");
      expect(await broker.enqueue([longUnique(grouped())])).toMatchObject([{ kind: "duplicate" }]);
      expect(await broker.finish(set, one(set))).toMatchObject({ kind: "finished" });
      expect(idsOf(await claimed(broker))).toEqual(["taken", set.setId]);
    });

    it("refuses a task of another queue", async () => {
      const set = await aSet(grouped());
      await expect(store.broker.finish(set, one(set, { queue: "other" }))).rejects.toMatchObject({
        code: "invalid_option",
      });
    });

    it("in a paused queue goes on, and the one task waits there", async () => {
      const set = await aSet(grouped());
      await store.broker.pause("default");
      expect(await store.broker.finish(set, one(set))).toMatchObject({ kind: "finished" });
      expect(await claimed(store.broker)).toEqual([]);
    });

    it("of ten thousand tasks goes in slices and leaves nothing behind", async () => {
      const { broker } = store;
      const items = Array.from({ length: 10_000 }, (_, index) =>
        index % 1_000 === 0 ? longUnique(grouped({ payload: bytes(`${index}`) })) : grouped({ payload: bytes("x") }),
      );
      const set = await aSet(...items);
      expect(idsIn(set)).toEqual(idsOf(items));
      expect(await broker.finish(set, one(set))).toMatchObject({ kind: "finished" });
      const left = await broker.get("default", idsOf(items.filter((_, index) => index % 100 === 0)));
      expect(left.every((task) => task === undefined)).toBe(true);
      expect((await broker.queue("default"))?.counts).toMatchObject({ aggregating: 0, pending: 1 });
      const again = items.filter(({ uniqueForMs }) => uniqueForMs !== undefined);
      const outcomes = await broker.enqueue(again);
      expect(outcomes.map(({ kind }) => kind)).toEqual(again.map(() => "accepted"));
      expect(await broker.reclaim("default", 10)).toEqual({ sets: 0, tasks: 0 });
    });
  });

  describe("taking a set back", () => {
    const store = useStore(setup);

    const aSet = async (...items: EnqueueItem[]): Promise<AggregationSet> => {
      await store.broker.enqueue(items);
      store.clock.advance(graceMs + roundingMs);
      return taken(store.broker);
    };

    it("is not done before its deadline, and then by one of many, with the group's name", async () => {
      const { broker, other, clock } = store;
      const items = [grouped(), grouped()];
      const set = await aSet(...items);
      clock.advance(holdMs - 1);
      expect(await other.reclaim("default", 10)).toEqual({ sets: 0, tasks: 0 });
      clock.advance(1 + roundingMs);
      const answers = await Promise.all([broker, other, broker, other].map((each) => each.reclaim("default", 10)));
      expect(answers.filter(({ sets }) => sets === 1)).toEqual([{ sets: 1, tasks: 2 }]);
      expect(answers.filter(({ sets }) => sets === 0)).toHaveLength(3);
      expect(await groupNames(broker)).toEqual(["letters"]);
      const again = await taken(other);
      expect(idsIn(again)).toEqual(idsOf(items));
      expect(again.setId).not.toBe(set.setId);
    });

    it("makes finishing it lost, and no task runs twice", async () => {
      const { broker, other, clock } = store;
      const item = grouped();
      const set = await aSet(item);
      clock.advance(holdMs + roundingMs);
      await other.reclaim("default", 10);
      expect(await broker.finish(set, placedNow({ id: set.setId }))).toEqual({ kind: "lost" });
      expect(await broker.putBack(set)).toBe("lost");
      expect(await broker.archiveMembers(set, [{ message: item.message, error: "x" }])).toEqual(["lost"]);
      expect(await claimed(broker)).toEqual([]);
      const again = await taken(other);
      expect(await other.finish(again, placedNow({ id: again.setId }))).toMatchObject({ kind: "finished" });
      expect(idsOf(await claimed(broker))).toEqual([again.setId]);
    });

    it("joins what has come to the group meanwhile, and keeps when each task joined", async () => {
      const { broker, clock } = store;
      const items = [grouped(), grouped()];
      await aSet(...items);
      const later = [grouped()];
      clock.advance(holdMs + roundingMs);
      await broker.enqueue(later);
      await broker.reclaim("default", 10);
      expect(await broker.groups("default")).toMatchObject([{ group: "letters", size: 3 }]);
      expect(await collected(broker)).toBeUndefined();
      clock.advance(graceMs + roundingMs);
      expect(idsIn(await taken(broker))).toEqual(idsOf([...items, ...later]));
    });

    it("can be done at once by its taker", async () => {
      const item = grouped();
      const set = await aSet(item);
      expect(await store.broker.putBack(set)).toBe("put_back");
      expect(await store.broker.putBack(set)).toBe("lost");
      expect(await store.broker.finish(set, placedNow({ id: set.setId }))).toEqual({ kind: "lost" });
      expect(idsIn(await taken(store.other))).toEqual([item.message.id]);
    });

    it("is done for no more sets than the limit", async () => {
      const { broker, clock } = store;
      await broker.enqueue(["a", "b", "c"].map((group) => grouped({ group })));
      clock.advance(graceMs + roundingMs);
      for (const group of ["a", "b", "c"]) await taken(broker, { group });
      clock.advance(holdMs + roundingMs);
      expect(await broker.reclaim("default", 2)).toEqual({ sets: 2, tasks: 2 });
      expect(await broker.reclaim("default", 2)).toEqual({ sets: 1, tasks: 1 });
      expect(await broker.reclaim("nobody", 2)).toEqual({ sets: 0, tasks: 0 });
    });

    it("of ten thousand tasks goes well, also into a group that others have joined", async () => {
      const { broker, clock } = store;
      const items = Array.from({ length: 10_000 }, () => grouped());
      await aSet(...items);
      await broker.enqueue([grouped()]);
      clock.advance(holdMs + roundingMs);
      expect(await broker.reclaim("default", 10)).toEqual({ sets: 1, tasks: 10_000 });
      expect(await broker.groups("default")).toMatchObject([{ group: "letters", size: 10_001 }]);
    });
  });

  describe("archiving tasks of a set", () => {
    const store = useStore(setup);

    it("keeps them with the reason, and finishing leaves them alone", async () => {
      const { broker, clock } = store;
      const [good, bad] = [grouped(), longUnique(grouped())];
      await broker.enqueue([good, bad]);
      clock.advance(graceMs + roundingMs);
      const set = await taken(broker);
      const [, message = bad.message] = set.messages;
      expect(await broker.archiveMembers(set, [{ message, error: "does not fit" }])).toEqual(["archived"]);
      expect(await broker.archiveMembers(set, [{ message, error: "again" }])).toEqual(["lost"]);
      expect(await broker.finish(set, placedNow({ id: set.setId }))).toMatchObject({ kind: "finished" });
      expect(await stateOf(broker, good.message)).toBeUndefined();
      const archived = await stored(broker, bad.message);
      expect(archived).toMatchObject({ state: "archived", message: { lastError: "does not fit", group: "letters" } });
      expect((await broker.queue("default"))?.counts).toMatchObject({ archived: 1, aggregating: 0 });
      expect(await broker.enqueue([longUnique(grouped())])).toMatchObject([{ kind: "duplicate" }]);
    });

    it("does not touch a task that failed elsewhere", async () => {
      const { broker, clock } = store;
      await broker.enqueue([grouped()]);
      clock.advance(graceMs + roundingMs);
      const set = await taken(broker);
      const stranger = await enqueuedAndClaimed(broker);
      expect(await broker.archiveMembers(set, [{ message: stranger.message, error: "x" }])).toEqual(["lost"]);
      expect(await stateOf(broker, stranger.message)).toBe("active");
    });
  });
}
