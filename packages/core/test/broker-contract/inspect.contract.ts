import { describe, expect, it } from "vitest";
import type { TaskFilter } from "../../src/broker/inspect-facet.ts";
import type { TaskState } from "../../src/broker/task-message.ts";
import type { FieldKind } from "../../src/task/field-kind.ts";
import { fieldNames, fieldRow } from "../../src/task/task-fields.ts";
import {
  aTask,
  bytes,
  claimed,
  claimedOne,
  enqueuedAndClaimed,
  idsOf,
  placedAt,
  placedNow,
  readable,
  settled,
  stored,
} from "../support/builders.ts";
import { type ContractSetup, useStore } from "../support/contract-store.ts";

export function describeInspectContract(setup: ContractSetup): void {
  describe("inspect", () => {
    const store = useStore(setup);

    it("lists the names of all queues, sorted", async () => {
      await store.broker.enqueue(["b", "a", "ä", "c"].map((queue) => placedNow({ queue })));
      await expect.poll(() => store.other.queues()).toEqual(["a", "b", "c", "ä"]);
      expect(await store.other.hasQueue("ä")).toBe(true);
    });

    it("knows no queue that never had a task", async () => {
      expect(await store.broker.hasQueue("nobody")).toBe(false);
      expect(await store.broker.queue("nobody")).toBeUndefined();
    });

    it("counts the tasks of a queue in each state", async () => {
      const { broker, clock } = store;
      const [done, retry, archive] = [
        { kind: "completed", result: undefined },
        retryAt(clock.now() + 1_000),
        archived,
      ] as const;
      for (const outcome of [done, done, retry, archive]) {
        await settled(broker, await enqueuedAndClaimed(broker, { retentionMs: 60_000 }), outcome);
      }
      await enqueuedAndClaimed(broker);
      const group = { message: aTask({ group: "g" }), placement: { kind: "group" } } as const;
      await broker.enqueue([placedNow(), placedNow(), placedAt(clock.now() + 1_000), group]);
      expect(await store.other.queue("default")).toEqual({
        queue: "default",
        paused: false,
        counts: { pending: 2, scheduled: 1, active: 1, retry: 1, completed: 2, archived: 1, aggregating: 1 },
        processedToday: 4,
        processedTotal: 4,
        failedToday: 2,
        failedTotal: 2,
        latencyMs: 0,
        due: 0,
        overdueMs: 0,
      });
    });

    it("starts the counters of the day anew at midnight UTC and keeps the totals", async () => {
      await settled(store.broker, await enqueuedAndClaimed(store.broker), archived);
      store.clock.advance(24 * 3_600_000);
      await settled(store.broker, await enqueuedAndClaimed(store.broker), { kind: "done" });
      expect(await store.broker.queue("default")).toMatchObject({
        processedToday: 1,
        processedTotal: 2,
        failedToday: 0,
        failedTotal: 1,
      });
    });

    it("tells how long the next task has waited", async () => {
      await store.broker.enqueue([placedNow()]);
      store.clock.advance(1_500);
      await store.broker.enqueue([placedNow()]);
      store.clock.advance(500);
      expect((await store.other.queue("default"))?.latencyMs).toBe(2_000);
      await claimedOne(store.broker);
      expect((await store.other.queue("default"))?.latencyMs).toBe(500);
      await claimedOne(store.broker);
      expect((await store.other.queue("default"))?.latencyMs).toBe(0);
    });

    it("tells how many tasks are due that nobody has brought to the line, and for how long the first of them is", async () => {
      const { broker, clock } = store;
      clock.advance(1_000 - (clock.now() % 1_000));
      await broker.enqueue([1_000, 5_000, 60_000].map((afterMs) => placedAt(clock.now() + afterMs)));
      await settled(broker, await enqueuedAndClaimed(broker), retryAt(clock.now() + 2_000));
      expect(await store.other.queue("default")).toMatchObject({ due: 0, overdueMs: 0 });
      clock.advance(4_000);
      expect(await store.other.queue("default")).toMatchObject({ due: 2, overdueMs: 3_000, latencyMs: 0 });
      await broker.forwardDue({ queue: "default", limit: 10 });
      expect(await store.other.queue("default")).toMatchObject({ due: 0, overdueMs: 0, latencyMs: 3_000 });
    });

    it("tells how many tasks are before one in line, and of none that waits elsewhere or is not there", async () => {
      const { broker, other, clock } = store;
      await broker.enqueue([..."abcd"].map((id) => placedNow({ id })));
      await broker.enqueue([placedNow({ id: "x", queue: "other" }), placedAt(clock.now() + 5_000, { id: "later" })]);
      const ahead = async (id: string) => (await other.standing("default", id)).ahead;
      expect(await Promise.all([..."abcd"].map(ahead))).toEqual([0, 1, 2, 3]);
      await claimedOne(broker);
      expect(await Promise.all([..."abcd", "later", "x", "nobody"].map(ahead))).toEqual([
        undefined,
        0,
        1,
        2,
        undefined,
        undefined,
        undefined,
      ]);
      expect(await other.standing("nobody")).toEqual({
        ahead: undefined,
        running: undefined,
        nextRetry: undefined,
        nextScheduled: undefined,
        group: undefined,
      });
    });

    it("counts a line before a task up to ten thousand", async () => {
      for (let from = 0; from < 10_100; from += 2_525) {
        await store.broker.enqueue(Array.from({ length: 2_525 }, (_, index) => placedNow({ id: `t${from + index}` })));
      }
      const ahead = async (id: string) => (await store.other.standing("default", id)).ahead;
      expect(await Promise.all(["t9998", "t9999", "t10099"].map(ahead))).toEqual([9_998, 9_999, 10_000]);
    });

    it("tells what a queue works on, and to the millisecond which retry and which scheduled task is due first", async () => {
      const { broker, other, clock } = store;
      const now = clock.now();
      await settled(broker, await enqueuedAndClaimed(broker, { id: "r1" }), retryAt(now + 9_123));
      await settled(broker, await enqueuedAndClaimed(broker, { id: "r2" }), retryAt(now + 5_123));
      await broker.enqueue([placedAt(now + 8_234, { id: "s1" }), placedAt(now + 7_234, { id: "s2" })]);
      await enqueuedAndClaimed(broker, { id: "held" });
      expect(await other.standing("default")).toEqual({
        ahead: undefined,
        running: "held",
        nextRetry: { taskId: "r2", dueAt: now + 5_123 },
        nextScheduled: { taskId: "s2", dueAt: now + 7_234 },
        group: undefined,
      });
    });

    it("tells how large the group of a task is and when its first and its last task joined", async () => {
      const { broker, other, clock } = store;
      clock.advance(1_000 - (clock.now() % 1_000));
      const join = (id: string, group: string) =>
        broker.enqueue([{ message: aTask({ id, group }), placement: { kind: "group" } }]);
      const since = clock.now();
      await join("a", "g");
      clock.advance(3_000);
      await join("b", "g");
      await join("c", "h");
      const { group } = await other.standing("default", "a");
      expect(group).toMatchObject({ group: "g", size: 2 });
      const seconds = [group?.oldestAt, group?.newestAt].map((at) => Math.floor(((at ?? 0) - since) / 1_000));
      expect(seconds).toEqual([0, 3]);
    });

    it("tells what was archived since a moment, the newest first, and how many there are beyond the limit", async () => {
      const { broker, clock } = store;
      clock.advance(1_000 - (clock.now() % 1_000));
      const archive = async (id: string, type: string): Promise<void> => {
        await settled(broker, await enqueuedAndClaimed(broker, { id, type }), archived);
      };
      for (const id of ["a", "b", "c"]) {
        await archive(id, `type-${id}`);
        clock.advance(60_000);
      }
      const since = clock.now() - 130_000;
      expect(await store.other.archivedSince("default", since, 10)).toEqual({
        total: 2,
        newest: [
          { taskId: "c", type: "type-c", archivedAt: clock.now() - 60_000 },
          { taskId: "b", type: "type-b", archivedAt: clock.now() - 120_000 },
        ],
      });
      expect(await store.other.archivedSince("default", 0, 1)).toMatchObject({ total: 3, newest: [{ taskId: "c" }] });
      expect(await store.other.archivedSince("nobody", 0, 1)).toEqual({ total: 0, newest: [] });
    });

    it("gives one answer per id in order, undefined where there is no such task", async () => {
      const [one, two] = [placedNow(), placedNow()];
      await store.broker.enqueue([one, two, placedNow({ queue: "other", id: "elsewhere" })]);
      const tasks = await store.other.get("default", [two.message.id, "nobody", "elsewhere", one.message.id]);
      expect(tasks.map((task) => task && readable(task).message.id)).toEqual([
        two.message.id,
        undefined,
        undefined,
        one.message.id,
      ]);
      expect(await store.other.get("default", [])).toEqual([]);
      expect(await store.other.get("nobody", ["x"])).toEqual([undefined]);
    });

    it("fills the moments that belong to a task's state and no others", async () => {
      const { broker, clock } = store;
      const nothing = {
        dueAt: undefined,
        keptUntil: undefined,
        archivedAt: undefined,
        pendingSince: undefined,
        leaseEndsAt: undefined,
        leaseToken: undefined,
        result: undefined,
        attempts: [],
        lostAttempts: 0,
      };
      const now = clock.now();
      const active = await enqueuedAndClaimed(broker);
      const [pending, scheduled] = [placedNow(), placedAt(now + 1_234)];
      await broker.enqueue([pending, scheduled]);
      expect(await stored(broker, pending.message)).toEqual({
        ...nothing,
        message: pending.message,
        state: "pending",
        pendingSince: now,
      });
      expect(await stored(broker, scheduled.message)).toMatchObject({
        ...nothing,
        state: "scheduled",
        dueAt: expect.any(Number),
      });
      expect(await stored(broker, active.message)).toEqual({
        ...nothing,
        message: active.message,
        state: "active",
        leaseEndsAt: active.leaseEndsAt,
        leaseToken: active.lease.token,
      });
    });

    it("lists pending tasks as they will run", async () => {
      const items = Array.from({ length: 4 }, () => placedNow());
      await store.broker.enqueue(items);
      await settled(store.broker, await claimedOne(store.broker), { kind: "handed_back" });
      expect(await listed("pending")).toEqual(idsOf(items));
    });

    it("lists active tasks longest running first", async () => {
      const items = Array.from({ length: 3 }, () => placedNow());
      await store.broker.enqueue(items);
      const tasks = [];
      for (const _ of items) {
        tasks.push(await claimedOne(store.broker));
        store.clock.advance(1_000);
      }
      await store.broker.extend(
        tasks.slice(0, 1).map(({ lease }) => lease),
        store.clock.now() + 3_600_000,
      );
      expect(await listed("active")).toEqual(idsOf(items));
    });

    it("lists scheduled and retry tasks due first", async () => {
      const { broker, clock } = store;
      const delays = [30_000, 10_000, 20_000];
      const scheduled = delays.map((delayMs) => placedAt(clock.now() + delayMs));
      await broker.enqueue(scheduled);
      expect(await listed("scheduled")).toEqual([1, 2, 0].map((index) => scheduled[index]?.message.id));
      const retried: string[] = [];
      for (const delayMs of delays) {
        const task = await enqueuedAndClaimed(broker);
        await settled(broker, task, retryAt(clock.now() + delayMs));
        retried.push(task.message.id);
      }
      expect(await listed("retry")).toEqual([1, 2, 0].map((index) => retried[index]));
    });

    it("lists completed and archived tasks oldest first", async () => {
      for (const outcome of [{ kind: "completed", result: undefined }, archived] as const) {
        const ids: string[] = [];
        for (let count = 0; count < 3; count++) {
          const task = await enqueuedAndClaimed(store.broker, { retentionMs: 60_000 });
          await settled(store.broker, task, outcome);
          ids.push(task.message.id);
          store.clock.advance(1_000);
        }
        expect(await listed(outcome.kind)).toEqual(ids);
      }
    });

    it("lists the tasks of one group, oldest first, and insists on its name", async () => {
      const ids: string[] = [];
      for (const group of ["a", "b", "a"]) {
        const item = { message: aTask({ group }), placement: { kind: "group" } } as const;
        await store.broker.enqueue([item]);
        if (group === "a") ids.push(item.message.id);
        store.clock.advance(1_000);
      }
      const query = { queue: "default", state: "aggregating", limit: 10 } as const;
      expect(idsOf((await store.other.list({ ...query, group: "a" })).tasks)).toEqual(ids);
      await expect(store.other.list(query)).rejects.toMatchObject({ code: "invalid_option" });
    });

    it("gives pages of the asked size until there are no more", async () => {
      const at = store.clock.now() + 60_000;
      const items = Array.from({ length: 7 }, (_, index) => placedAt(at + Math.floor(index / 3) * 1_000));
      await store.broker.enqueue(items);
      const pages: string[][] = [];
      let cursor: string | undefined;
      do {
        const query = { queue: "default", state: "scheduled", limit: 3 } as const;
        const page = await store.other.list(cursor === undefined ? query : { ...query, cursor });
        pages.push(idsOf(page.tasks));
        cursor = page.nextCursor;
      } while (cursor !== undefined && pages.length < 10);
      expect(pages.map((page) => page.length)).toEqual([3, 3, 1]);
      expect(new Set(pages.flat())).toEqual(new Set(idsOf(items)));
    });

    it("has no next page when the last one is just full, and an empty page for an empty list", async () => {
      await store.broker.enqueue([placedNow(), placedNow()]);
      const query = { queue: "default", state: "pending", limit: 2 } as const;
      expect(await store.broker.list(query)).toMatchObject({ tasks: [{}, {}], nextCursor: undefined });
      expect(await store.broker.list({ ...query, state: "retry" })).toEqual({
        tasks: [],
        nextCursor: undefined,
        scanned: 0,
      });
      expect(await store.broker.list({ ...query, queue: "nobody" })).toEqual({
        tasks: [],
        nextCursor: undefined,
        scanned: 0,
      });
    });

    it("refuses a cursor that no page gave", async () => {
      const query = { queue: "default", state: "pending", limit: 2, cursor: "nonsense" } as const;
      await expect(store.broker.list(query)).rejects.toMatchObject({ code: "invalid_option" });
    });

    it("refuses a state that there is not, and goes on", async () => {
      const { broker } = store;
      await broker.enqueue([placedNow({ id: "kept" })]);
      const query = { queue: "default", state: "waiting" as "pending", limit: 2 };
      await expect(broker.list(query)).rejects.toMatchObject({ code: "invalid_option" });
      expect(broker.reachability().reachable).toBe(true);
      expect(await broker.get("default", ["kept"])).toMatchObject([{ state: "pending" }]);
    });

    it("keeps pages right while tasks come and go between them", async () => {
      const { broker, other, clock } = store;
      for (const state of ["scheduled", "pending"] as const) {
        const place = (id: string, second: number) =>
          state === "pending" ? placedNow({ id }) : placedAt(clock.now() + second * 1_000, { id });
        const ids = Array.from({ length: 30 }, (_, index) => `${state}-${String(index).padStart(2, "0")}`);
        // Three of a kind share a moment, so that pages end in the middle of one.
        await broker.enqueue(ids.map((id, index) => place(id, 60 + Math.floor(index / 3))));
        const seen: string[] = [];
        let cursor: string | undefined;
        do {
          const query = { queue: "default", state, limit: 4 } as const;
          const page = await other.list(cursor === undefined ? query : { ...query, cursor });
          seen.push(...idsOf(page.tasks));
          cursor = page.nextCursor;
          // All but the last one of the page go, and others come at both ends.
          await broker.change({ kind: "ids", queue: "default", taskIds: seen.slice(0, -1) }, "delete", 100);
          await broker.enqueue([place(`early-${state}-${seen.length}`, 1)]);
        } while (cursor !== undefined && seen.length < 100);
        expect(seen.filter((id) => id.startsWith(state))).toEqual(ids);
      }
    });

    it("finds tasks by type, id, error, payload and moment", async () => {
      const { broker, other, clock } = store;
      const at = clock.now() + 60_000;
      await broker.enqueue([
        placedAt(at, { id: "a1", type: "mail", payload: bytes("hello Wörld"), lastError: "Disk FULL" }),
        placedAt(at + 10_000, { id: "a2", type: "mail:big", payload: bytes("bye"), lastError: "disk empty" }),
        placedAt(at + 20_000, { id: "b1", type: "mail", payload: new Uint8Array([0, 255, 1]) }),
      ]);
      const found = async (filter: TaskFilter) =>
        idsOf((await other.list({ queue: "default", state: "scheduled", limit: 10, filter })).tasks);
      expect(await found({ type: "mail" })).toEqual(["a1", "b1"]);
      expect(await found({ idPrefix: "a" })).toEqual(["a1", "a2"]);
      expect(await found({ error: "DISK f" })).toEqual(["a1"]);
      expect(await found({ payload: bytes("Wö") })).toEqual(["a1"]);
      expect(await found({ payload: new Uint8Array([255, 1]) })).toEqual(["b1"]);
      expect(await found({ payload: bytes("mail") })).toEqual([]);
      expect(await found({ from: at + 10_000 })).toEqual(["a2", "b1"]);
      expect(await found({ from: at + 1, before: at + 20_000 })).toEqual(["a2"]);
      expect(await found({ type: "mail", error: "full", before: at + 1 })).toEqual(["a1"]);
      expect(await found({})).toEqual(["a1", "a2", "b1"]);
      const byTime = { queue: "default", state: "active", limit: 1, filter: { from: 1 } } as const;
      await expect(other.list(byTime)).rejects.toMatchObject({ code: "invalid_option" });
    });

    it("finds tasks by a value in their JSON, however it is written", async () => {
      const { broker, other, clock } = store;
      const at = clock.now() + 60_000;
      const payloads = {
        compact: '{"user":{"id":42,"name":"ana"},"tags":["a","b"]}',
        spaced: '{ "user" : { "id" : 42 , "name" : "\\u00e1na" } }',
        text: '{"user":{"id":"42"}}',
        flat: '{"id":42}',
        broken: '{"user":{"id":42',
      };
      await broker.enqueue(
        Object.entries(payloads).map(([id, payload], index) => placedAt(at + index, { id, payload: bytes(payload) })),
      );
      const found = async (path: string[], value: string | number | boolean | null) => {
        const filter = { payloadValue: { path, value } };
        return idsOf((await other.list({ queue: "default", state: "scheduled", limit: 10, filter })).tasks);
      };
      expect(await found(["user", "id"], 42)).toEqual(["compact", "spaced"]);
      expect(await found(["user", "id"], "42")).toEqual(["text"]);
      expect(await found(["user", "name"], "ána")).toEqual(["spaced"]);
      expect(await found(["tags", "1"], "b")).toEqual(["compact"]);
      expect(await found(["id"], 42)).toEqual(["flat"]);
      expect(await found(["user", "id", "x"], 42)).toEqual([]);
      expect(await found(["toString"], null)).toEqual([]);
    });

    it("searches a long list in slices and says how far it looked", async () => {
      for (const state of ["pending", "scheduled"] as const) {
        const { broker, clock } = store;
        const at = clock.now() + 60_000;
        const placed = (type: string) => (state === "pending" ? placedNow({ type }) : placedAt(at, { type }));
        await broker.enqueue(
          Array.from({ length: 2_500 }, (_, index) => placed(index % 1_250 === 1_249 ? "rare" : "x")),
        );
        const looks: { found: number; scanned: number }[] = [];
        let cursor: string | undefined;
        do {
          const query = { queue: "default", state, limit: 10, filter: { type: "rare" } } as const;
          const page = await store.other.list(cursor === undefined ? query : { ...query, cursor });
          looks.push({ found: page.tasks.length, scanned: page.scanned });
          cursor = page.nextCursor;
        } while (cursor !== undefined);
        expect(looks.map(({ scanned }) => scanned)).toEqual([1_000, 1_000, 500]);
        expect(looks.reduce((sum, { found }) => sum + found, 0)).toBe(2);
      }
    });

    it("ends a page early that would be very large", async () => {
      const payload = new Uint8Array(1_500_000);
      for (let count = 0; count < 5; count++) await store.broker.enqueue([placedNow({ payload })]);
      const page = await store.other.list({ queue: "default", state: "pending", limit: 100 });
      expect(page).toMatchObject({ scanned: 3, nextCursor: expect.any(String) });
      expect(page.tasks).toHaveLength(3);
    });

    it("tells what was done on each of the last days, today first", async () => {
      const { broker, other, clock } = store;
      const day = () => new Date(clock.now()).toISOString().slice(0, 10);
      const first = day();
      await settled(broker, await enqueuedAndClaimed(broker), archived);
      clock.advance(2 * 24 * 3_600_000);
      await settled(broker, await enqueuedAndClaimed(broker), { kind: "done" });
      expect(await other.history("default", 3)).toEqual([
        { day: day(), processed: 1, failed: 0 },
        { day: expect.any(String), processed: 0, failed: 0 },
        { day: first, processed: 1, failed: 1 },
      ]);
      expect(await other.history("nobody", 1)).toEqual([{ day: day(), processed: 0, failed: 0 }]);
      await expect(other.history("default", 0)).rejects.toMatchObject({ code: "invalid_option" });
    });

    it("reckons how much room a queue's tasks take", async () => {
      const payload = new Uint8Array(10_000);
      await store.broker.enqueue([
        ...Array.from({ length: 100 }, () => placedNow({ payload })),
        ...Array.from({ length: 100 }, () => placedAt(store.clock.now() + 60_000, { payload })),
        { message: aTask({ payload, group: "g" }), placement: { kind: "group" } },
      ]);
      const estimate = await store.other.memory("default");
      expect(estimate).toMatchObject({ kind: "estimate", sampledTasks: expect.any(Number) });
      if (estimate.kind !== "estimate") return;
      expect(estimate.bytes).toBeGreaterThan(201 * 10_000);
      expect(estimate.bytes).toBeLessThan(201 * 15_000);
      expect(await store.other.memory("nobody")).toEqual({ kind: "estimate", bytes: 0, sampledTasks: 0 });
    });

    it("counts what lies in each field of a task towards that room", async () => {
      const long = "x".repeat(10_000);
      const large: Partial<Record<FieldKind, unknown>> = {
        text: long,
        bytes: bytes(long),
        texts: { name: long },
        wire_fields: [{ no: 16, wireType: 2, data: bytes(long) }],
      };
      // The queue's name is no part of this, and the adapter fills in the lock by itself.
      const names = fieldNames.filter((name) => name !== "queue" && name !== "uniqueKey");
      const fields = names.flatMap((name) => {
        const value = large[fieldRow(name).kind];
        return value === undefined ? [] : [{ name, task: placedNow({ queue: `of-${name}`, [name]: value }) }];
      });
      await store.broker.enqueue(fields.map(({ task }) => task));
      for (const { name, task } of fields) {
        const estimate = await store.other.memory(task.message.queue);
        expect([name, estimate.kind === "estimate" && estimate.bytes > 10_000]).toEqual([name, true]);
      }
    });

    it("pauses and resumes a queue and says whether that changed anything", async () => {
      await store.broker.enqueue([placedNow()]);
      expect(await store.broker.resume("default")).toBe("unchanged");
      expect(await store.broker.pause("default")).toBe("changed");
      expect(await store.other.pause("default")).toBe("unchanged");
      expect(await store.other.queue("default")).toMatchObject({ paused: true, counts: { pending: 1 } });
      expect(await store.other.resume("default")).toBe("changed");
      expect(await store.broker.queue("default")).toMatchObject({ paused: false });
      expect(await claimed(store.broker)).toHaveLength(1);
    });

    it("tells since when, for whom and why a queue is paused, and of no pause that is over", async () => {
      const at = store.clock.now() - (store.clock.now() % 1_000);
      await store.broker.pause("default", undefined, { who: "ana", reason: "a faulty build" });
      expect(await store.other.pause("default", undefined, { who: "ben" })).toBe("unchanged");
      const { pause } = (await store.other.queue("default")) ?? {};
      expect(pause).toMatchObject({ who: "ana", reason: "a faulty build" });
      expect(Math.floor((pause?.at ?? 0) / 1_000) * 1_000).toBe(at);
      await store.other.resume("default");
      expect((await store.broker.queue("default"))?.pause).toBeUndefined();
      await store.broker.pause("default");
      const again = (await store.other.queue("default"))?.pause;
      expect([again?.who, again?.reason]).toEqual([undefined, undefined]);
    });

    it("tells by which policy claims take from a queue", async () => {
      await store.broker.enqueue([placedNow()]);
      expect((await store.other.queue("default"))?.policy).toBeUndefined();
      await store.broker.declarePolicy({ queue: "default", policy: { kind: "ordered", discipline: "strict" } });
      expect((await store.other.queue("default"))?.policy).toBe("ordered:strict");
    });

    it("pauses a queue that never had a task, which is seen and holds what comes", async () => {
      expect(await store.broker.resume("default")).toBe("unchanged");
      expect(await store.broker.pause("default")).toBe("changed");
      expect(await store.other.queues()).toEqual(["default"]);
      expect(await store.other.queue("default")).toMatchObject({ paused: true, counts: { pending: 0 } });
      await store.other.enqueue([placedNow()]);
      expect(await claimed(store.broker)).toEqual([]);
      expect(await store.other.resume("default")).toBe("changed");
      expect(await claimed(store.broker)).toHaveLength(1);
    });

    it("says where the tasks lie and that it can reach them", async () => {
      await store.broker.ready();
      expect(store.broker.location).not.toBe("");
      expect(store.broker.reachability()).toMatchObject({ reachable: true, reason: undefined });
    });

    async function listed(state: TaskState): Promise<string[]> {
      return idsOf((await store.other.list({ queue: "default", state, limit: 100 })).tasks);
    }
  });
}

const archived = { kind: "archived", error: "x" } as const;

function retryAt(at: number): { kind: "retry"; at: number; counted: true; error: string } {
  return { kind: "retry", at, counted: true, error: "x" };
}
