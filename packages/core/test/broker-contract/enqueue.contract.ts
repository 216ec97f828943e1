import { describe, expect, it } from "vitest";
import type { EnqueueItem } from "../../src/broker/enqueue-facet.ts";
import type { Outcome } from "../../src/broker/work-facet.ts";
import {
  aTask,
  bytes,
  claimed,
  claimedOne,
  enqueuedAndClaimed,
  idsOf,
  placedAt,
  placedNow,
  refusalOf,
  settled,
  stateOf,
  stored,
  unique,
} from "../support/builders.ts";
import { type ContractSetup, useStore } from "../support/contract-store.ts";
import { eachField } from "../support/field-samples.ts";

export function describeEnqueueContract(setup: ContractSetup): void {
  describe("enqueue", () => {
    const store = useStore(setup);

    it("gives back every field of a message as it was handed in", async () => {
      const message = aTask({
        id: "an id with spaces: ü/中",
        type: "email:send",
        queue: "mail:günstig",
        payload: Uint8Array.from({ length: 256 }, (_, byte) => byte),
        maxRetry: 7,
        retried: 2,
        lastError: "it broke\nbadly",
        lastFailedAt: 1_700_000_000_000,
        timeoutMs: 1_500,
        deadlineAt: store.clock.now() + 3_600_001,
        retentionMs: 86_400_500,
        headers: { trace: "abc", empty: "", "naïve name": "wert" },
      });
      await store.broker.enqueue([{ message, placement: { kind: "now" } }]);
      const task = await claimedOne(store.other, { queues: [{ queue: message.queue, limit: 1 }] });
      expect(task.message).toEqual(message);
      expect((await stored(store.other, message)).message).toEqual(message);
    });

    it("keeps each field of a task that is like its neighbour in all others", async () => {
      // A store fills in the lock by itself, and an id is nobody else's.
      const others = eachField.filter(([name]) => name !== "id" && name !== "uniqueKey");
      const messages = others.flatMap(([, field]) => [aTask(), aTask(field), aTask()]);
      await store.broker.enqueue(messages.map((message) => ({ message, placement: { kind: "now" } })));
      for (const message of messages) expect((await stored(store.other, message)).message).toEqual(message);
    });

    it("keeps each field also where all of one call are alike", async () => {
      const deadlineAt = store.clock.now() + 3_600_000;
      const messages = [aTask({ deadlineAt }), aTask({ deadlineAt })];
      await store.broker.enqueue(messages.map((message) => ({ message, placement: { kind: "now" } })));
      for (const message of messages) expect((await stored(store.other, message)).message).toEqual(message);
    });

    it("keeps a large payload whole", async () => {
      const payload = new Uint8Array(3_000_000).map((_, index) => index % 251);
      const task = await enqueuedAndClaimed(store.broker, { payload });
      expect(Buffer.compare(task.message.payload ?? new Uint8Array(), payload)).toBe(0);
    });

    it("puts a task that is placed now at the end of its queue", async () => {
      const [first, second, third] = [placedNow(), placedNow(), placedNow()];
      expect(await store.broker.enqueue([first, second])).toEqual([
        { kind: "accepted", state: "pending" },
        { kind: "accepted", state: "pending" },
      ]);
      await store.other.enqueue([third]);
      expect(idsOf(await claimed(store.broker))).toEqual(idsOf([first, second, third]));
    });

    it("keeps the order of a long list", async () => {
      const items = Array.from({ length: 2_500 }, () => placedNow());
      const outcomes = await store.broker.enqueue(items);
      expect(outcomes.filter(({ kind }) => kind === "accepted")).toHaveLength(2_500);
      const tasks: string[] = [];
      for (let page = await claimed(store.broker); page.length > 0; page = await claimed(store.broker)) {
        tasks.push(...idsOf(page));
      }
      expect(tasks).toEqual(idsOf(items));
    });

    it("lets a task that is placed at a moment wait for it, to the millisecond", async () => {
      const at = store.clock.now() + 10_001;
      const item = placedAt(at);
      expect(await store.broker.enqueue([item])).toEqual([{ kind: "accepted", state: "scheduled" }]);
      expect(await claimed(store.broker)).toEqual([]);
      await store.broker.forwardDue({ queue: "default", limit: 10 });
      expect(await stateOf(store.broker, item.message)).toBe("scheduled");
    });

    it("puts a task into the group that its message names", async () => {
      const item: EnqueueItem = { message: aTask({ group: "letters" }), placement: { kind: "group" } };
      expect(await store.broker.enqueue([item])).toEqual([{ kind: "accepted", state: "aggregating" }]);
      expect(await claimed(store.broker)).toEqual([]);
      expect(await stored(store.broker, item.message)).toMatchObject({ state: "aggregating", message: item.message });
    });

    it("answers an empty list with an empty list", async () => {
      expect(await store.broker.enqueue([])).toEqual([]);
    });

    it("makes a queue known with its first task", async () => {
      expect(await store.broker.queues()).toEqual([]);
      await store.broker.enqueue([
        placedNow({ queue: "new" }),
        placedAt(store.clock.now() + 1_000, { queue: "later" }),
      ]);
      await expect.poll(() => store.other.queues()).toEqual(["later", "new"]);
    });

    it("gives one outcome per item, in order, whatever became of the others", async () => {
      const owner = unique(placedNow({ type: "report" }));
      await store.broker.enqueue([owner, placedNow({ id: "taken" })]);
      const outcomes = await store.broker.enqueue([
        placedNow(),
        placedNow({ id: "taken" }),
        unique(placedNow({ type: "report" })),
        placedAt(store.clock.now() + 5_000),
        placedNow({ queue: "other", id: "taken" }),
      ]);
      expect(outcomes).toEqual([
        { kind: "accepted", state: "pending" },
        { kind: "id_taken" },
        { kind: "duplicate", ownerId: owner.message.id },
        { kind: "accepted", state: "scheduled" },
        { kind: "accepted", state: "pending" },
      ]);
    });

    it("takes only the first of two tasks with one id in one call", async () => {
      const outcomes = await store.broker.enqueue([
        placedNow({ id: "same", payload: bytes("first") }),
        placedNow({ id: "same", payload: bytes("second") }),
      ]);
      expect(outcomes.map(({ kind }) => kind)).toEqual(["accepted", "id_taken"]);
      expect((await claimed(store.broker)).map(({ message }) => message.payload)).toEqual([bytes("first")]);
    });

    it("refuses an id that the queue has in any state, and leaves the task that has it untouched", async () => {
      const { broker, clock } = store;
      const outcomes: Record<string, Outcome> = {
        completed: { kind: "completed", result: undefined },
        retry: { kind: "retry", at: clock.now() + 1_000, counted: true, error: "x" },
        archived: { kind: "archived", error: "x" },
      };
      for (const [id, outcome] of Object.entries(outcomes)) {
        await settled(broker, await enqueuedAndClaimed(broker, { id, retentionMs: 60_000 }), outcome);
      }
      await enqueuedAndClaimed(broker, { id: "active" });
      await broker.enqueue([placedAt(clock.now() + 1_000, { id: "scheduled" }), placedNow({ id: "pending" })]);
      await broker.enqueue([{ message: aTask({ id: "aggregating", group: "g" }), placement: { kind: "group" } }]);
      const states = ["completed", "retry", "archived", "active", "scheduled", "pending", "aggregating"] as const;
      const before = await broker.get("default", states);
      for (const placement of [placedNow, (item: object) => placedAt(clock.now() + 9, item)]) {
        const again = await broker.enqueue(states.map((id) => placement({ id, payload: bytes("other") })));
        expect(again).toEqual(states.map(() => ({ kind: "id_taken" })));
      }
      expect(before.map((task) => task?.state)).toEqual(states);
      expect(await broker.get("default", states)).toEqual(before);
    });

    it("accepts an id again once its task is done", async () => {
      const task = await enqueuedAndClaimed(store.broker, { id: "again" });
      await settled(store.broker, task, { kind: "done" });
      expect(await store.broker.enqueue([placedNow({ id: "again" })])).toMatchObject([{ kind: "accepted" }]);
    });

    it("accepts one of many tasks with the same id that arrive together", async () => {
      const calls = Array.from({ length: 20 }, (_, index) =>
        (index % 2 === 0 ? store.broker : store.other).enqueue([placedNow({ id: "same" })]),
      );
      const kinds = (await Promise.all(calls)).map(([outcome]) => outcome?.kind);
      expect(kinds.filter((kind) => kind === "accepted")).toHaveLength(1);
      expect(kinds.filter((kind) => kind === "id_taken")).toHaveLength(19);
      expect(await claimed(store.broker)).toHaveLength(1);
    });

    it("writes nothing when the caller's signal has fired already", async () => {
      const item = placedNow();
      expect(await refusalOf(store.broker.enqueue([item], { signal: AbortSignal.abort() }))).toBe("cancelled");
      expect(await stateOf(store.other, item.message)).toBeUndefined();
    });

    it("refuses calls with code closed once the broker is closed", async () => {
      await store.broker.close();
      expect(await refusalOf(store.broker.enqueue([placedNow()]))).toBe("closed");
      await store.broker.close();
    });

    it("is closed at the end of the block that it was made for", async () => {
      {
        await using broker = store.broker;
        expect(await broker.enqueue([placedNow()])).toMatchObject([{ kind: "accepted" }]);
      }
      expect(await refusalOf(store.broker.enqueue([placedNow()]))).toBe("closed");
    });

    describe("uniqueness", () => {
      it("refuses an equal task and names the owner of the lock", async () => {
        const owner = unique(placedNow());
        const outcomes = await store.broker.enqueue([owner, unique(placedNow())]);
        expect(outcomes).toEqual([
          { kind: "accepted", state: "pending" },
          { kind: "duplicate", ownerId: owner.message.id },
        ]);
        expect(await store.other.enqueue([unique(placedNow())])).toMatchObject([{ kind: "duplicate" }]);
        expect(await claimed(store.broker)).toHaveLength(1);
      });

      it("compares queue, type and payload, and tells no payload from an empty one", async () => {
        const outcomes = await store.broker.enqueue([
          unique(placedNow({ payload: bytes("a") })),
          unique(placedNow({ payload: bytes("b") })),
          unique(placedNow({ payload: bytes("a"), type: "other" })),
          unique(placedNow({ payload: bytes("a"), queue: "other" })),
          unique(placedNow({ payload: new Uint8Array() })),
          unique(placedNow({ payload: undefined })),
          unique(placedNow({ payload: undefined })),
        ]);
        expect(outcomes.map(({ kind }) => kind)).toEqual([...Array(6).fill("accepted"), "duplicate"]);
      });

      it("does not look at headers, and not at tasks that are not unique", async () => {
        const outcomes = await store.broker.enqueue([
          placedNow(),
          unique(placedNow({ headers: { a: "1" } })),
          placedNow(),
          unique(placedNow({ headers: { a: "2" } })),
        ]);
        expect(outcomes.map(({ kind }) => kind)).toEqual(["accepted", "accepted", "accepted", "duplicate"]);
      });

      it("names the lock in the message that it hands out", async () => {
        await store.broker.enqueue([
          unique(placedNow({ type: "report", payload: bytes('{"user_id":42}') })),
          placedNow(),
        ]);
        const [first, second] = await claimed(store.broker);
        expect(first?.message.uniqueKey).toMatch(/report:1181f89307fa271072c095747d5813cc$/);
        expect(second?.message.uniqueKey).toBe("");
      });

      it("leaves no lock behind when the id is taken", async () => {
        await store.broker.enqueue([placedNow({ id: "taken", type: "other" })]);
        expect(await store.broker.enqueue([unique(placedNow({ id: "taken" }))])).toEqual([{ kind: "id_taken" }]);
        expect(await store.broker.enqueue([unique(placedNow())])).toMatchObject([{ kind: "accepted" }]);
      });

      it("holds for tasks that wait for a moment or in a group", async () => {
        const { broker, clock } = store;
        const later = unique(placedAt(clock.now() + 60_000, { type: "later" }));
        const grouped = unique({ message: aTask({ type: "g", group: "g" }), placement: { kind: "group" } });
        await broker.enqueue([later, grouped]);
        expect(await broker.enqueue([unique(placedNow({ type: "later" })), unique(placedNow({ type: "g" }))])).toEqual([
          { kind: "duplicate", ownerId: later.message.id },
          { kind: "duplicate", ownerId: grouped.message.id },
        ]);
      });

      it.each<[string, Outcome, string]>([
        ["frees the lock when the task is done", { kind: "done" }, "accepted"],
        ["frees the lock when the task is completed", { kind: "completed", result: undefined }, "accepted"],
        [
          "keeps the lock while the task waits for a retry",
          { kind: "retry", at: 0, counted: true, error: "" },
          "duplicate",
        ],
        ["keeps the lock of an archived task", { kind: "archived", error: "" }, "duplicate"],
        ["keeps the lock of a task that is handed back", { kind: "handed_back" }, "duplicate"],
      ])("%s", async (_, outcome, expected) => {
        await store.broker.enqueue([unique(placedNow({ retentionMs: 60_000 }))]);
        await settled(store.broker, await claimedOne(store.broker), outcome);
        expect(await store.broker.enqueue([unique(placedNow())])).toMatchObject([{ kind: expected }]);
      });

      it("accepts one of many equal tasks that arrive together", async () => {
        const calls = Array.from({ length: 20 }, (_, index) =>
          (index % 2 === 0 ? store.broker : store.other).enqueue([unique(placedNow())]),
        );
        const kinds = (await Promise.all(calls)).map(([outcome]) => outcome?.kind);
        expect(kinds.filter((kind) => kind === "accepted")).toHaveLength(1);
        expect(await claimed(store.broker)).toHaveLength(1);
      });
    });
  });
}
