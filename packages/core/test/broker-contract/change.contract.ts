import { describe, expect, it } from "vitest";
import type { ChangeOutcome } from "../../src/broker/change-facet.ts";
import type { EnqueueItem } from "../../src/broker/enqueue-facet.ts";
import {
  aClaim,
  aTask,
  bytes,
  claimed,
  claimedOne,
  enqueuedAndClaimed,
  idsOf,
  leaseMs,
  placedAt,
  placedNow,
  settled,
  stateOf,
  stored,
  unique,
} from "../support/builders.ts";
import { type ContractSetup, type ContractStore, useStore } from "../support/contract-store.ts";

export function describeChangeContract(setup: ContractSetup): void {
  describe("change", () => {
    const store = useStore(setup);

    describe("of named tasks", () => {
      it.each(restingStates)("runs, archives and deletes a task that is %s", async (state) => {
        for (const [change, after] of [
          ["run", "pending"],
          ["archive", "archived"],
          ["delete", undefined],
        ] as const) {
          const item = await resting[state](store);
          const outcome = state === after ? "unchanged" : "changed";
          expect(await changeOne(item, change)).toBe(outcome);
          expect(await stateOf(store.other, item.message)).toBe(after);
          const counts = (await store.other.queue("default"))?.counts;
          const others = Object.values(counts ?? {}).reduce((sum, count) => sum + count, 0);
          expect(others).toBe(after === undefined ? 0 : 1);
          if (after !== undefined) {
            expect(counts?.[after]).toBe(1);
            await changeOne(item, "delete");
          }
        }
      });

      it("puts a task to run behind those that wait, waiting from now on", async () => {
        const { broker, clock } = store;
        const item = await resting.retry(store);
        const waiting = placedNow();
        await broker.enqueue([waiting]);
        clock.advance(5_000);
        await changeOne(item, "run");
        expect((await stored(broker, item.message)).pendingSince).toBe(clock.now());
        expect(idsOf(await claimed(broker))).toEqual([waiting.message.id, item.message.id]);
      });

      it("wakes a server that waits for work", async () => {
        const item = await resting.scheduled(store);
        const waiting = store.other.waitForWork(["default"], { timeoutMs: 10_000 });
        await changeOne(item, "run");
        await waiting;
        expect(await claimed(store.other)).toHaveLength(1);
      });

      it("does not run a task again at the moment that it once was due", async () => {
        const { broker, clock } = store;
        for (const state of ["scheduled", "retry"] as const) {
          const item = await resting[state](store);
          await changeOne(item, "archive");
          clock.advance(24 * 3_600_000);
          expect(await broker.forwardDue({ queue: "default", limit: 100 })).toEqual({
            moved: 0,
            nextDueAt: undefined,
            isLeaseOver: false,
            setAside: [],
          });
          expect(await stateOf(broker, item.message)).toBe("archived");
        }
      });

      it("does not collect a task again that was run out of its group and failed", async () => {
        const { broker, clock } = store;
        const item = await resting.aggregating(store);
        await changeOne(item, "run");
        await settled(broker, await claimedOne(broker), { kind: "retry", at: clock.now(), counted: true, error: "x" });
        await broker.forwardDue({ queue: "default", limit: 10 });
        expect(await stateOf(broker, item.message)).toBe("pending");
      });

      it("leaves a task alone that a worker holds, and one whose lease has just ended", async () => {
        const { broker, clock } = store;
        const task = await enqueuedAndClaimed(broker);
        for (const change of ["run", "archive", "delete"] as const)
          expect(await changeOne(task, change)).toBe("active");
        clock.advance(leaseMs + 30_000);
        expect(await changeOne(task, "delete")).toBe("active");
        expect(await stateOf(broker, task.message)).toBe("active");
        expect(await settled(broker, task, { kind: "done" })).toBe("settled");
      });

      it("changes a task whose worker has been gone for long", async () => {
        const task = await enqueuedAndClaimed(store.broker);
        store.clock.advance(leaseMs + 61_000);
        expect(await changeOne(task, "run")).toBe("changed");
        expect((await store.broker.takeOver({ queue: "default", limit: 9, serverId: "b", leaseMs })).tasks).toEqual([]);
        expect(idsOf(await claimed(store.broker))).toEqual([task.message.id]);
      });

      it("tells that a task does not exist, and leaves its namesake in another queue alone", async () => {
        const elsewhere = placedNow({ queue: "other" });
        await store.broker.enqueue([placedNow(), elsewhere]);
        expect(await changeOne({ message: { ...elsewhere.message, queue: "default" } }, "delete")).toBe("not_found");
        expect(await changeOne({ message: { ...elsewhere.message, queue: "nobody" } }, "run")).toBe("not_found");
        expect(await stateOf(store.broker, elsewhere.message)).toBe("pending");
      });

      it("answers for each id in order, also where there are more of them than a slice holds", async () => {
        const [one, two, three] = [placedNow(), placedNow(), placedNow()];
        await store.broker.enqueue([one, two, three]);
        await claimed(store.broker, { limit: 1 });
        const taskIds = [two.message.id, "nobody", one.message.id, three.message.id];
        expect(await store.broker.change({ kind: "ids", queue: "default", taskIds }, "archive", 1)).toEqual({
          outcomes: [
            { taskId: two.message.id, outcome: "changed" },
            { taskId: "nobody", outcome: "not_found" },
            { taskId: one.message.id, outcome: "active" },
            { taskId: three.message.id, outcome: "changed" },
          ],
          changed: 2,
          more: false,
        });
      });

      it("leaves alone what is not in the state any more that was asked for", async () => {
        const [item] = [await resting.scheduled(store)];
        const selection = { kind: "ids", queue: "default", taskIds: [item.message.id] } as const;
        expect(await store.broker.change({ ...selection, state: "archived" }, "delete", 1)).toMatchObject({
          outcomes: [{ outcome: "moved" }],
        });
        expect(await store.broker.change({ ...selection, state: "scheduled" }, "delete", 1)).toMatchObject({
          changed: 1,
        });
      });

      it("leaves a task alone that is being aggregated", async () => {
        const item = await resting.aggregating(store);
        const limits = { maxSize: 1, maxDelayMs: undefined, gracePeriodMs: 60_000 };
        await store.broker.collect({ queue: "default", group: "g", limits, holdMs: 60_000 });
        for (const change of ["run", "archive", "delete"] as const) expect(await changeOne(item, change)).toBe("taken");
        expect(await store.broker.editPayload({ queue: "default", taskId: item.message.id, payload: bytes("2") })).toBe(
          "taken",
        );
      });
    });

    it("replaces a payload only while it is the one that was read, if that is asked for", async () => {
      const { message } = await resting.scheduled(store);
      const edit = (before: string, payload: string) =>
        store.broker.editPayload({
          queue: message.queue,
          taskId: message.id,
          payload: bytes(payload),
          before: bytes(before),
        });
      await store.broker.editPayload({ queue: message.queue, taskId: message.id, payload: bytes("1") });
      expect(await edit("1", "2")).toBe("changed");
      expect(await edit("1", "3")).toBe("conflict");
      expect(Buffer.from((await stored(store.other, message)).message.payload ?? []).toString()).toBe("2");
    });

    describe("of the moment", () => {
      const at = (ms: number): number => store.clock.now() + ms;
      const reschedule = ({ message }: Pick<EnqueueItem, "message">, moment: number) =>
        store.broker.reschedule({ queue: message.queue, taskId: message.id, at: moment });

      it.each([
        ["pending", "scheduled"],
        ["scheduled", "scheduled"],
        ["retry", "retry"],
        ["archived", "scheduled"],
        ["aggregating", "scheduled"],
      ] as const)("lets a task that is %s wait until it, and no moment longer", async (state, after) => {
        const item = await resting[state](store);
        const moment = at(90_123);
        expect(await reschedule(item, moment)).toBe("changed");
        const task = await stored(store.other, item.message);
        expect(task).toMatchObject({ state: after, dueAt: moment, pendingSince: undefined, archivedAt: undefined });
        const counts = (await store.other.queue("default"))?.counts;
        expect(Object.entries(counts ?? {}).filter(([, count]) => count > 0)).toEqual([[after, 1]]);
        store.clock.advance(90_122);
        expect((await store.other.forwardDue({ queue: "default", limit: 10 })).moved).toBe(0);
        store.clock.advance(1);
        expect((await store.other.forwardDue({ queue: "default", limit: 10 })).moved).toBe(1);
        expect(await stateOf(store.other, item.message)).toBe(state === "aggregating" ? "aggregating" : "pending");
      });

      it("runs a task at once whose moment has passed, and wakes a server that waits for work", async () => {
        const item = await resting.scheduled(store);
        expect(await reschedule(item, at(-5))).toBe("changed");
        expect((await store.other.forwardDue({ queue: "default", limit: 10 })).moved).toBe(1);
        expect(idsOf(await claimed(store.broker))).toEqual([item.message.id]);
      });

      it("leaves what runs, has completed, is being aggregated or is gone as it is", async () => {
        const running = await enqueuedAndClaimed(store.broker);
        expect(await reschedule(running, at(1_000))).toBe("active");
        expect(await reschedule(await resting.completed(store), at(1_000))).toBe("completed");
        expect(await reschedule({ message: aTask({ id: "none" }) }, at(1_000))).toBe("not_found");
        const member = await resting.aggregating(store);
        const limits = { maxSize: 1, maxDelayMs: undefined, gracePeriodMs: 60_000 };
        await store.broker.collect({ queue: "default", group: "g", limits, holdMs: 60_000 });
        expect(await reschedule(member, at(1_000))).toBe("taken");
      });
    });

    describe("of all tasks of a state", () => {
      it.each(restingStates)("goes through those that are %s in slices, oldest first", async (state) => {
        const ids: string[] = [];
        for (let count = 0; count < 5; count++) {
          ids.push((await resting[state](store)).message.id);
          store.clock.advance(1_000);
        }
        await store.broker.enqueue([placedNow({ queue: "other" })]);
        const selection = { kind: "state", queue: "default", state, group: "g" } as const;
        expect(await store.broker.change(selection, "delete", 2)).toEqual({ outcomes: [], changed: 2, more: true });
        expect(await Promise.all(ids.map((id) => stateOf(store.other, { id, queue: "default" })))).toEqual([
          undefined,
          undefined,
          state,
          state,
          state,
        ]);
        const to = state === "archived" ? "run" : "archive";
        expect(await store.broker.change(selection, to, 2)).toEqual({ outcomes: [], changed: 2, more: true });
        expect(await store.broker.change(selection, "delete", 9)).toEqual({ outcomes: [], changed: 1, more: false });
        expect(await store.broker.change(selection, "delete", 9)).toEqual({ outcomes: [], changed: 0, more: false });
        const after = to === "run" ? "pending" : "archived";
        const counts = { pending: 0, scheduled: 0, active: 0, retry: 0, completed: 0, archived: 0, aggregating: 0 };
        expect((await store.other.queue("default"))?.counts).toEqual({ ...counts, [after]: 2 });
      });

      it("runs them in their order, behind those that wait", async () => {
        const waiting = placedNow();
        const items = [1, 2, 3].map((second) => placedAt(store.clock.now() + second * 60_000));
        await store.broker.enqueue([waiting, ...items]);
        await store.broker.change({ kind: "state", queue: "default", state: "scheduled" }, "run", 10);
        expect(idsOf(await claimed(store.broker))).toEqual(
          idsOf([waiting, ...items].map(({ message }) => ({ message }))),
        );
      });

      it("knows the group no more when its last task has left", async () => {
        await resting.aggregating(store);
        await store.broker.change({ kind: "state", queue: "default", state: "aggregating", group: "g" }, "delete", 9);
        expect(await store.other.groups("default")).toEqual([]);
      });

      it("refuses what makes no sense", async () => {
        const { broker } = store;
        const all = { kind: "state", queue: "default" } as const;
        const invalid = { code: "invalid_option" };
        await expect(broker.change({ ...all, state: "pending" }, "run", 1)).rejects.toMatchObject(invalid);
        await expect(broker.change({ ...all, state: "archived" }, "archive", 1)).rejects.toMatchObject(invalid);
        await expect(broker.change({ ...all, state: "aggregating" }, "run", 1)).rejects.toMatchObject(invalid);
        await expect(broker.change({ ...all, state: "retry" }, "run", 0)).rejects.toMatchObject(invalid);
        await expect(broker.change({ ...all, state: "retry" }, "run", 1_001)).rejects.toMatchObject(invalid);
        await expect(broker.change({ ...all, state: "active" as "retry" }, "run", 1)).rejects.toMatchObject(invalid);
        await expect(broker.change({ ...all, state: "retri" as "retry" }, "run", 1)).rejects.toMatchObject(invalid);
      });
    });

    describe("of uniqueness locks", () => {
      it("frees the lock of a deleted task and keeps it for one that is archived or run", async () => {
        const { broker, clock } = store;
        const places = [
          () => unique(placedNow()),
          () => unique(placedAt(clock.now() + 60_000)),
          () => unique({ message: aTask({ group: "g" }), placement: { kind: "group" } }),
        ];
        for (const place of places) {
          const item = place();
          expect(await broker.enqueue([item])).toMatchObject([{ kind: "accepted" }]);
          await changeOne(item, "archive");
          expect(await broker.enqueue([place()])).toMatchObject([{ kind: "duplicate", ownerId: item.message.id }]);
          await changeOne(item, "run");
          expect(await broker.enqueue([place()])).toMatchObject([{ kind: "duplicate", ownerId: item.message.id }]);
          await changeOne(item, "delete");
        }
        const last = unique(placedNow());
        await broker.enqueue([last]);
        await broker.change({ kind: "state", queue: "default", state: "pending" }, "delete", 9);
        expect(await broker.enqueue([unique(placedNow())])).toMatchObject([{ kind: "accepted" }]);
      });

      it("leaves a lock alone that another task holds by now", async () => {
        const { broker, clock } = store;
        const [first, second] = [unique(placedNow(), 1_000), unique(placedNow())];
        await broker.enqueue([first]);
        clock.advance(2_000);
        await expect.poll(async () => (await broker.enqueue([second]))[0]?.kind, { timeout: 5_000 }).toBe("accepted");
        await changeOne(first, "delete");
        expect(await broker.enqueue([unique(placedNow())])).toMatchObject([{ ownerId: second.message.id }]);
      });

      it("frees a lock by hand and tells whose it was", async () => {
        const { broker } = store;
        const item = unique(placedNow());
        await broker.enqueue([item]);
        const { queue, type, payload } = item.message;
        expect(await broker.releaseLock({ queue, type, payload: undefined })).toBeUndefined();
        expect(await broker.releaseLock({ queue, type, payload })).toBe(item.message.id);
        expect(await broker.releaseLock({ queue, type, payload })).toBeUndefined();
        expect(await broker.enqueue([unique(placedNow())])).toMatchObject([{ kind: "accepted" }]);
      });
    });

    describe("of a payload", () => {
      it.each(restingStates.filter((state) => state !== "completed"))("replaces it while %s", async (state) => {
        const item = await resting[state](store);
        const before = await stored(store.other, item.message);
        expect(await edit(item, "other")).toBe("changed");
        const after = await stored(store.other, item.message);
        expect(after).toEqual({ ...before, message: { ...before.message, payload: bytes("other") } });
      });

      it("refuses while it runs, when it has completed and when there is no such task", async () => {
        expect(await edit(await resting.completed(store), "x")).toBe("completed");
        expect(await edit(await enqueuedAndClaimed(store.broker), "x")).toBe("active");
        expect(await edit({ message: aTask() }, "x")).toBe("not_found");
      });

      it("moves the lock with it", async () => {
        const { broker } = store;
        const item = unique(placedNow());
        await broker.enqueue([item]);
        expect(await edit(item, "new")).toBe("changed");
        const anew = unique(placedNow({ payload: bytes("new") }));
        expect(await broker.enqueue([anew])).toMatchObject([{ kind: "duplicate", ownerId: item.message.id }]);
        expect(await broker.enqueue([unique(placedNow())])).toMatchObject([{ kind: "accepted" }]);
        await changeOne(item, "delete");
        expect(await broker.enqueue([anew])).toMatchObject([{ kind: "accepted" }]);
      });

      it("refuses where an equal unique task exists, and changes nothing then", async () => {
        const { broker } = store;
        const [one, two] = [unique(placedNow()), unique(placedNow({ payload: bytes("two") }))];
        await broker.enqueue([one, two]);
        expect(await edit(one, "two")).toBe("duplicate");
        expect((await stored(broker, one.message)).message.payload).toEqual(one.message.payload);
        expect(await broker.enqueue([unique(placedNow())])).toMatchObject([{ ownerId: one.message.id }]);
      });
    });

    describe("of a queue", () => {
      it("removes it with everything that belongs to it, a slice at a time", async () => {
        const { broker, clock } = store;
        for (const state of restingStates) await resting[state](store);
        await broker.enqueue([unique(placedNow()), unique(placedAt(clock.now() + 1_234, { type: "later" }))]);
        await broker.pause("default");
        await broker.enqueue([placedNow({ queue: "other" })]);
        const answers = [];
        let cursor: string | undefined;
        do {
          const request = { force: true, limit: 2 };
          const answer = await broker.removeQueue("default", cursor === undefined ? request : { ...request, cursor });
          answers.push(answer);
          cursor = answer.kind === "more" ? answer.cursor : undefined;
        } while (cursor !== undefined);
        expect(answers.at(-1)?.kind).toBe("removed");
        expect(answers.every((answer) => "tasks" in answer && answer.tasks <= 2)).toBe(true);
        expect(answers.reduce((sum, answer) => sum + ("tasks" in answer ? answer.tasks : 0), 0)).toBe(8);
        await expect.poll(() => broker.queues()).toEqual(["other"]);
        expect(await broker.queue("default")).toBeUndefined();
        expect(await broker.groups("default")).toEqual([]);
        // Made anew, it knows nothing of the old one.
        expect(await broker.enqueue([unique(placedNow())])).toMatchObject([{ kind: "accepted" }]);
        await expect.poll(() => store.other.queues()).toEqual(["default", "other"]);
        expect(await store.other.queue("default")).toMatchObject({
          paused: false,
          processedToday: 0,
          processedTotal: 0,
          failedTotal: 0,
          counts: { pending: 1, scheduled: 0, retry: 0, archived: 0, completed: 0, aggregating: 0 },
        });
        expect(await broker.history("default", 1)).toMatchObject([{ processed: 0, failed: 0 }]);
      });

      it("without force removes only an empty one", async () => {
        const { broker } = store;
        for (const state of restingStates) {
          const item = await resting[state](store);
          expect(await broker.removeQueue("default", { force: false, limit: 9 })).toEqual({ kind: "not_empty" });
          expect(await stateOf(broker, item.message)).toBe(state);
          await changeOne(item, "delete");
        }
        expect(await broker.removeQueue("default", { force: false, limit: 9 })).toEqual({ kind: "removed", tasks: 0 });
        expect(await broker.removeQueue("default", { force: false, limit: 9 })).toEqual({ kind: "not_found" });
      });

      it("leaves one alone in which a worker or an aggregator holds tasks", async () => {
        const { broker } = store;
        const task = await enqueuedAndClaimed(broker);
        expect(await broker.removeQueue("default", { force: true, limit: 9 })).toEqual({ kind: "active", tasks: 0 });
        expect(await settled(broker, task, { kind: "done" })).toBe("settled");
        await resting.aggregating(store);
        const limits = { maxSize: 1, maxDelayMs: undefined, gracePeriodMs: 60_000 };
        await broker.collect({ queue: "default", group: "g", limits, holdMs: 60_000 });
        expect(await broker.removeQueue("default", { force: true, limit: 9 })).toEqual({ kind: "active", tasks: 0 });
      });

      it("removes one whose worker and aggregator have been gone for long", async () => {
        const { broker, clock } = store;
        await broker.claim(aClaim());
        await enqueuedAndClaimed(broker);
        await resting.aggregating(store);
        const limits = { maxSize: 1, maxDelayMs: undefined, gracePeriodMs: 60_000 };
        await broker.collect({ queue: "default", group: "g", limits, holdMs: 60_000 });
        clock.advance(leaseMs + 120_000);
        let cursor: string | undefined = "0";
        let tasks = 0;
        while (cursor !== undefined) {
          const answer = await broker.removeQueue("default", { force: true, limit: 9, cursor });
          tasks += "tasks" in answer ? answer.tasks : 0;
          cursor = answer.kind === "more" ? answer.cursor : undefined;
        }
        expect(tasks).toBe(2);
        expect(await broker.queue("default")).toBeUndefined();
      });
    });

    async function changeOne(
      { message }: Pick<EnqueueItem, "message">,
      change: "run" | "archive" | "delete",
    ): Promise<ChangeOutcome | undefined> {
      const selection = { kind: "ids", queue: message.queue, taskIds: [message.id] } as const;
      return (await store.broker.change(selection, change, 10)).outcomes[0]?.outcome;
    }

    function edit({ message }: Pick<EnqueueItem, "message">, payload: string) {
      return store.broker.editPayload({ queue: message.queue, taskId: message.id, payload: bytes(payload) });
    }
  });
}

const restingStates = ["pending", "scheduled", "retry", "completed", "archived", "aggregating"] as const;

type Resting = (store: Omit<ContractStore, "cleanup">) => Promise<Pick<EnqueueItem, "message">>;

/** A task of its own for each state in which nobody holds it. */
const resting: Record<(typeof restingStates)[number], Resting> = {
  pending: async ({ broker }) => enqueued(broker, placedNow()),
  scheduled: async ({ broker, clock }) => enqueued(broker, placedAt(clock.now() + 3_600_100)),
  aggregating: ({ broker }) => enqueued(broker, { message: aTask({ group: "g" }), placement: { kind: "group" } }),
  retry: async ({ broker, clock }) => {
    const task = await claimedAlone(broker);
    await settled(broker, task, { kind: "retry", at: clock.now() + 3_600_100, counted: true, error: "x" });
    return task;
  },
  completed: async ({ broker }) => {
    const task = await claimedAlone(broker);
    await settled(broker, task, { kind: "completed", result: undefined });
    return task;
  },
  archived: async ({ broker }) => {
    const task = await claimedAlone(broker);
    await settled(broker, task, { kind: "archived", error: "x" });
    return task;
  },
};

async function enqueued(broker: ContractStore["broker"], item: EnqueueItem): Promise<EnqueueItem> {
  await broker.enqueue([item]);
  return item;
}

/** Claims a task of a type of its own, so that others may wait before it. */
async function claimedAlone(broker: ContractStore["broker"]) {
  const { message } = await enqueued(broker, placedNow({ type: crypto.randomUUID(), retentionMs: 3_600_000 }));
  return claimedOne(broker, { handles: { kind: "some", exact: [message.type], prefixes: [] } });
}
