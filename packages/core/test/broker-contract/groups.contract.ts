import { describe, expect, it } from "vitest";
import type { Broker } from "../../src/broker/broker.ts";
import type { EnqueueItem } from "../../src/broker/enqueue-facet.ts";
import type { AggregationSet, GroupLimits } from "../../src/broker/group-facet.ts";
import type { TaskMessage } from "../../src/broker/task-message.ts";
import {
  aTask,
  bytes,
  claimed,
  claimedOne,
  enqueuedAndClaimed,
  idsOf,
  placedAt,
  placedNow,
  settled,
  stateOf,
  stored,
} from "../support/builders.ts";
import { type ContractSetup, useStore } from "../support/contract-store.ts";

const graceMs = 60_000;
const holdMs = 120_000;
/** Redis keeps whole seconds: what is late may be late by as much. */
const roundingMs = 1_000;

const quiet: GroupLimits = { maxSize: undefined, maxDelayMs: undefined, gracePeriodMs: graceMs };

function grouped(overrides: Partial<TaskMessage> = {}): EnqueueItem {
  return { message: aTask({ group: "letters", ...overrides }), placement: { kind: "group" } };
}

function collected(
  broker: Broker,
  overrides: { group?: string; queue?: string; limits?: Partial<GroupLimits> } = {},
): Promise<AggregationSet | undefined> {
  const { group = "letters", queue = "default", limits = {} } = overrides;
  return broker.collect({ queue, group, limits: { ...quiet, ...limits }, holdMs });
}

/** Takes a group that is expected to be ripe. */
async function taken(broker: Broker, ...args: Parameters<typeof collected> extends [Broker, ...infer R] ? R : never) {
  const set = await collected(broker, ...args);
  if (set === undefined) throw new Error("expected a group to be ripe, it was not");
  return set;
}

function idsIn(set: AggregationSet | undefined): string[] {
  return (set?.messages ?? []).map(({ id }) => id);
}

/** Unique for longer than any test here lasts on its clock. */
function unique(item: EnqueueItem, uniqueForMs = 86_400_000): EnqueueItem {
  return { ...item, uniqueForMs };
}

async function groupNames(broker: Broker, queue = "default"): Promise<string[]> {
  return (await broker.groups(queue)).map(({ group }) => group).sort();
}

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
      expect(await broker.forwardDue("default", 10)).toMatchObject({ moved: 1 });
      expect(await groupNames(broker)).toEqual(["letters"]);
      clock.advance(graceMs - 1);
      expect(await collected(broker)).toBeUndefined();
      clock.advance(1 + roundingMs);
      expect(idsIn(await taken(broker))).toEqual([later.message.id]);
      // The group was emptied in between: its name must come back by itself.
      const again = placedAt(clock.now() + 1_000, { group: "letters" });
      await broker.enqueue([again]);
      clock.advance(1_000);
      await broker.forwardDue("default", 10);
      expect(await groupNames(broker)).toEqual(["letters"]);
    });
  });

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
      expect(await broker.forwardDue("default", 10)).toEqual({ moved: 0, nextDueAt: at });
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
      const [short, long] = [unique(grouped({ type: "short" }), 1_000), unique(grouped({ type: "long" }))];
      await broker.enqueue([short, long]);
      clock.advance(5_000);
      // Redis ends a lock by its own clock, SQLite by ours: on one of them the second task is a duplicate.
      await broker.enqueue([unique(placedNow({ type: "short" }))]);
      expect(await broker.enqueue([unique(grouped({ type: "long" }))])).toMatchObject([
        { kind: "duplicate", ownerId: long.message.id },
      ]);
      clock.advance(graceMs + roundingMs);
      const set = await taken(broker);
      await broker.finish(set, one(set));
      expect(await broker.enqueue([unique(placedNow({ type: "long" }))])).toMatchObject([{ kind: "accepted" }]);
      const waiting = await claimed(broker);
      const holder = waiting.find(({ message }) => message.type === "short");
      expect(await broker.enqueue([unique(placedNow({ type: "short" }))])).toMatchObject([
        holder === undefined ? { kind: "accepted" } : { kind: "duplicate", ownerId: holder.message.id },
      ]);
    });

    it("takes the lock of a unique one task, also when one of its tasks holds it", async () => {
      const { broker } = store;
      const set = await aSet(unique(grouped({ type: "digest" })));
      expect(await broker.finish(set, unique(one(set)))).toMatchObject({ kind: "finished" });
      expect(await broker.enqueue([unique(placedNow({ type: "digest" }))])).toEqual([
        { kind: "duplicate", ownerId: set.setId },
      ]);
      await settled(broker, await claimedOne(broker), { kind: "done" });
      expect(await broker.enqueue([unique(placedNow({ type: "digest" }))])).toMatchObject([{ kind: "accepted" }]);
    });

    it("writes nothing when the one task is refused, and can be tried again", async () => {
      const { broker } = store;
      const items = [grouped(), unique(grouped())];
      const set = await aSet(...items);
      const owner = unique(placedNow({ id: "taken", type: "digest" }));
      await broker.enqueue([owner]);
      expect(await broker.finish(set, one(set, { id: "taken" }))).toEqual({
        kind: "refused",
        outcome: { kind: "id_taken" },
      });
      expect(await broker.finish(set, unique(one(set)))).toEqual({
        kind: "refused",
        outcome: { kind: "duplicate", ownerId: "taken" },
      });
      for (const { message } of items) expect(await stateOf(broker, message)).toBe("aggregating");
      expect(await broker.enqueue([unique(grouped())])).toMatchObject([{ kind: "duplicate" }]);
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
        index % 1_000 === 0 ? unique(grouped({ payload: bytes(`${index}`) })) : grouped({ payload: bytes("x") }),
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
      const [good, bad] = [grouped(), unique(grouped())];
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
      expect(await broker.enqueue([unique(grouped())])).toMatchObject([{ kind: "duplicate" }]);
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
