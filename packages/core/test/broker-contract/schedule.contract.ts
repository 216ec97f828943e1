import { describe, expect, it } from "vitest";
import type { AnnouncedEntry, DurableEntry, ScheduleRecord, Turn } from "../../src/broker/schedule-facet.ts";
import type { Signal } from "../../src/broker/signal-facet.ts";
import { bytes, placedAt, placedNow, stored, unique } from "../support/builders.ts";
import { type ContractSetup, useStore } from "../support/contract-store.ts";

const ttlMs = 20_000;
const minute = 60_000;

export function describeScheduleContract(setup: ContractSetup): void {
  describe("schedules", () => {
    const store = useStore(setup);

    const aRecord = (overrides: Partial<ScheduleRecord> = {}): ScheduleRecord => ({
      entryId: "entry-a",
      spec: "*/5 * * * *",
      taskType: "report:send",
      payload: bytes('{"day":1}'),
      options: ['Queue("low")', "MaxRetry(5)"],
      nextAt: store.clock.now() + minute,
      previousAt: undefined,
      ...overrides,
    });

    /** The turn that many minutes after this minute began. */
    const turnAt = (minutes: number): number => Math.floor(store.clock.now() / minute) * minute + minutes * minute;

    const aTurn = (at: number, overrides: Partial<Turn> = {}): Turn => ({
      entryId: "entry-a",
      turnAt: at,
      item: placedNow(),
      firedBy: "scheduler-a",
      ...overrides,
    });

    const anEntry = (overrides: Partial<DurableEntry> = {}): DurableEntry => ({
      entryId: "nightly",
      spec: "0 3 * * *",
      timeZone: "Europe/Paris",
      queue: "default",
      definition: '{"type":"report:send"}',
      paused: false,
      catchUp: { all: 5 },
      since: store.clock.now(),
      revision: 1,
      ...overrides,
    });

    const pending = async (): Promise<number> => (await store.other.queue("default"))?.counts.pending ?? 0;

    describe("entries that schedulers tell of", () => {
      const toldBy = (schedulerId: string, record: ScheduleRecord): AnnouncedEntry => ({ schedulerId, ...record });

      it("are seen by everyone, in order, whether they ever fired or not", async () => {
        expect(await store.other.scheduleRecords()).toEqual([]);
        const records = [
          aRecord({ previousAt: store.clock.now() - 1_000 }),
          aRecord({ entryId: "entry-b", nextAt: undefined, payload: undefined, options: [] }),
        ];
        await store.broker.announceEntries("host:1:a", records, ttlMs);
        expect(await store.other.scheduleRecords()).toEqual(records.map((record) => toldBy("host:1:a", record)));
      });

      it("are replaced by what the scheduler says next, and forgotten when it says nothing more", async () => {
        await store.broker.announceEntries("host:1:a", [aRecord(), aRecord({ entryId: "entry-b" })], ttlMs);
        await store.other.announceEntries("host:2:b", [aRecord({ spec: "@daily" })], ttlMs);
        store.clock.advance(ttlMs - 2_000);
        await store.broker.announceEntries("host:1:a", [aRecord()], ttlMs);
        expect(await store.broker.scheduleRecords()).toHaveLength(2);
        store.clock.advance(4_000);
        expect((await store.broker.scheduleRecords()).map(({ schedulerId }) => schedulerId)).toEqual(["host:1:a"]);
      });

      it("go at once when the scheduler withdraws them, and no others", async () => {
        await store.broker.announceEntries("host:1:a", [aRecord()], ttlMs);
        await store.broker.announceEntries("host:2:b", [aRecord()], ttlMs);
        await store.broker.withdrawEntries("host:1:a");
        await store.broker.withdrawEntries("host:1:a");
        expect((await store.other.scheduleRecords()).map(({ schedulerId }) => schedulerId)).toEqual(["host:2:b"]);
      });

      it("can be more than a thousand", async () => {
        const records = Array.from({ length: 1_500 }, (_, index) => aRecord({ entryId: `entry-${index}` }));
        await store.broker.announceEntries("host:1:a", records, ttlMs);
        const seen = await store.other.scheduleRecords();
        expect(seen.map(({ entryId }) => entryId)).toEqual(records.map(({ entryId }) => entryId));
      });
    });

    describe("a turn", () => {
      it("enqueues its task once, whoever fires it", async () => {
        const turn = aTurn(turnAt(0));
        expect(await store.broker.fireTurn(turn)).toEqual({
          kind: "fired",
          outcome: { kind: "accepted", state: "pending" },
        });
        const again = aTurn(turnAt(0), { firedBy: "scheduler-b" });
        expect(await store.other.fireTurn(again)).toEqual({ kind: "fired_before" });
        expect(await pending()).toBe(1);
        expect((await stored(store.other, turn.item.message)).state).toBe("pending");
        expect(await store.broker.queues()).toEqual(["default"]);
      });

      it("is fired by exactly one of many that try at the same time", async () => {
        const tries = Array.from({ length: 20 }, (_, index) =>
          (index % 2 === 0 ? store.broker : store.other).fireTurn(aTurn(turnAt(0), { firedBy: `scheduler-${index}` })),
        );
        expect((await Promise.all(tries)).filter(({ kind }) => kind === "fired")).toHaveLength(1);
        expect(await pending()).toBe(1);
      });

      it("gives who asks again after a lost answer the answer of the first time", async () => {
        const later = aTurn(turnAt(0), { item: placedAt(store.clock.now() + 5_000) });
        const first = await store.broker.fireTurn(later);
        expect(first).toEqual({ kind: "fired", outcome: { kind: "accepted", state: "scheduled" } });
        expect(await store.other.fireTurn(later)).toEqual(first);
        expect((await store.broker.queue("default"))?.counts.scheduled).toBe(1);
      });

      it("counts as fired when its task was refused", async () => {
        const owner = unique(placedNow());
        await store.broker.enqueue([owner]);
        const refused = aTurn(turnAt(0), { item: unique(placedNow()) });
        const answer = await store.broker.fireTurn(refused);
        expect(answer).toEqual({ kind: "fired", outcome: { kind: "duplicate", ownerId: owner.message.id } });
        expect(await store.broker.fireTurn(refused)).toEqual(answer);
        const taken = aTurn(turnAt(1), { item: placedNow({ id: owner.message.id }) });
        expect(await store.broker.fireTurn(taken)).toEqual({ kind: "fired", outcome: { kind: "id_taken" } });
        expect(await store.other.fireTurn({ ...taken, firedBy: "b" })).toEqual({ kind: "fired_before" });
      });

      it("is not fired after a later one", async () => {
        await store.broker.fireTurn(aTurn(turnAt(-1)));
        expect(await store.other.fireTurn(aTurn(turnAt(-2)))).toEqual({ kind: "fired_before" });
        expect((await store.other.fireTurn(aTurn(turnAt(0)))).kind).toBe("fired");
      });

      it("is fired although a scheduler whose clock is ahead fired later ones, each of them once", async () => {
        for (let ahead = 1; ahead <= 120; ahead++) await store.other.fireTurn(aTurn(turnAt(ahead)));
        expect((await store.broker.fireTurn(aTurn(turnAt(0)))).kind).toBe("fired");
        expect((await store.broker.fireTurn(aTurn(turnAt(0), { firedBy: "b" }))).kind).toBe("fired_before");
        store.clock.advance(minute);
        expect((await store.broker.fireTurn(aTurn(turnAt(0), { firedBy: "b" }))).kind).toBe("fired_before");
      });

      it("stays known for at least a hundred turns", async () => {
        const turns = Array.from({ length: 130 }, (_, index) => turnAt(index - 129));
        for (const at of turns) await store.broker.fireTurn(aTurn(at));
        for (const at of turns.slice(-100)) {
          expect((await store.other.fireTurn(aTurn(at, { firedBy: "b" }))).kind).toBe("fired_before");
        }
        expect(await pending()).toBe(130);
      });

      it("is one entry's own", async () => {
        await store.broker.fireTurn(aTurn(turnAt(0)));
        expect((await store.broker.fireTurn(aTurn(turnAt(0), { entryId: "entry-b" }))).kind).toBe("fired");
      });
    });

    describe("the memory of turns", () => {
      const aMemory = { entryId: "entry-a", queue: "default", schedule: "@every 1m", since: 1_000 };

      it("begins when somebody first asks, and is the same for all", async () => {
        expect(await store.broker.beginTurns(aMemory)).toEqual({ since: 1_000, lastTurnAt: undefined });
        expect(await store.other.beginTurns({ ...aMemory, since: 2_000 })).toEqual({
          since: 1_000,
          lastTurnAt: undefined,
        });
      });

      it("knows the last turn that is not in the future", async () => {
        for (const minutes of [-2, -1, 3]) await store.broker.fireTurn(aTurn(turnAt(minutes)));
        const { since, lastTurnAt } = await store.other.beginTurns(aMemory);
        expect({ since, lastTurnAt }).toEqual({ since: 1_000, lastTurnAt: turnAt(-1) });
      });

      it("begins anew with another schedule, but forgets no turn", async () => {
        await store.broker.beginTurns(aMemory);
        await store.broker.fireTurn(aTurn(turnAt(0)));
        expect(await store.other.beginTurns({ ...aMemory, schedule: "@every 2m", since: 5_000 })).toEqual({
          since: 5_000,
          lastTurnAt: turnAt(0),
        });
        expect((await store.broker.fireTurn(aTurn(turnAt(0), { firedBy: "b" }))).kind).toBe("fired_before");
      });
    });

    describe("a beginning that lies in the future", () => {
      const aMemory = { entryId: "entry-a", queue: "default", schedule: "@every 1m", since: 9_000 };

      it("gives way to another one, for the first who doubts it", async () => {
        await store.broker.beginTurns(aMemory);
        const doubts = { ...aMemory, since: 3_000, insteadOf: 9_000 };
        expect((await store.other.beginTurns(doubts)).since).toBe(3_000);
        expect((await store.broker.beginTurns({ ...doubts, since: 4_000 })).since).toBe(3_000);
        expect((await store.broker.beginTurns(aMemory)).since).toBe(3_000);
      });
    });

    describe("enqueue events", () => {
      it("are read newest first, page by page, also while more come", async () => {
        const event = (index: number) => ({ taskId: `task-${index}`, at: store.clock.now() + index * 1_500 });
        for (let index = 0; index < 7; index++) await store.broker.recordEvent("entry-a", event(index));
        await store.broker.recordEvent("entry-b", event(0));
        const first = await store.other.enqueueEvents("entry-a", { limit: 3 });
        expect(first.events).toEqual([event(6), event(5), event(4)]);
        await store.broker.recordEvent("entry-a", event(7));
        const second = await store.other.enqueueEvents("entry-a", { limit: 3, cursor: first.nextCursor ?? "" });
        expect(second.events).toEqual([event(3), event(2), event(1)]);
        const third = await store.other.enqueueEvents("entry-a", { limit: 3, cursor: second.nextCursor ?? "" });
        expect(third).toEqual({ events: [event(0)], nextCursor: undefined });
        expect(await store.other.enqueueEvents("nobody", { limit: 3 })).toEqual({ events: [], nextCursor: undefined });
      });

      it("of one second are all read once", async () => {
        const second = Math.floor(store.clock.now() / 1_000) * 1_000;
        const events = Array.from({ length: 10 }, (_, index) => ({ taskId: `task-${index}`, at: second + index }));
        for (const event of events) await store.broker.recordEvent("entry-a", event);
        const read: string[] = [];
        let cursor: string | undefined;
        do {
          const page = await store.other.enqueueEvents("entry-a", { limit: 4, ...(cursor && { cursor }) });
          read.push(...page.events.map(({ taskId }) => taskId));
          cursor = page.nextCursor;
        } while (cursor !== undefined);
        expect(read.sort()).toEqual(events.map(({ taskId }) => taskId));
      });

      it("are at most a thousand for each entry, the newest", async () => {
        const from = store.clock.now();
        for (let start = 0; start < 1_005; start += 201) {
          const some = Array.from({ length: 201 }, (_, index) => start + index);
          await Promise.all(
            some.map((index) => store.broker.recordEvent("entry-a", { taskId: `t${index}`, at: from + index * 1_000 })),
          );
        }
        const { events } = await store.other.enqueueEvents("entry-a", { limit: 2_000 });
        expect(events).toHaveLength(1_000);
        expect([events[0]?.taskId, events.at(-1)?.taskId]).toEqual(["t1004", "t5"]);
      });

      it("refuse a cursor that nobody gave out", async () => {
        const page = { limit: 1, cursor: "x" };
        await expect(store.broker.enqueueEvents("entry-a", page)).rejects.toMatchObject({ code: "invalid_option" });
      });
    });

    describe("durable entries", () => {
      it("are written, changed and removed for everyone", async () => {
        const [nightly, hourly] = [anEntry(), anEntry({ entryId: "hourly", catchUp: "once", paused: true })];
        expect(await store.broker.putDurableEntry(nightly)).toBe("written");
        expect(await store.broker.putDurableEntry(hourly)).toBe("written");
        expect(await store.other.durableEntries()).toEqual([hourly, nightly]);
        const changed = { ...nightly, spec: "@daily", revision: 2 };
        expect(await store.other.putDurableEntry(changed)).toBe("written");
        expect(await store.broker.durableEntries()).toEqual([hourly, changed]);
        expect(await store.broker.removeDurableEntry("hourly")).toBe("removed");
        expect(await store.other.removeDurableEntry("hourly")).toBe("not_found");
        expect(await store.other.durableEntries()).toEqual([changed]);
      });

      it("let the second of two editors know", async () => {
        expect(await store.broker.putDurableEntry(anEntry({ revision: 2 }))).toBe("conflict");
        expect(await store.broker.putDurableEntry(anEntry())).toBe("written");
        expect(await store.other.putDurableEntry(anEntry())).toBe("conflict");
        expect(await store.broker.putDurableEntry(anEntry({ spec: "@daily", revision: 2 }))).toBe("written");
        expect(await store.other.putDurableEntry(anEntry({ spec: "@hourly", revision: 2 }))).toBe("conflict");
        expect(await store.other.durableEntries()).toMatchObject([{ spec: "@daily", revision: 2 }]);
      });

      it("tell all schedulers of a change", async () => {
        const heard: Signal[] = [];
        const stop = store.other.listen((signal) => void (signal.kind !== "listening" && heard.push(signal)));
        let revision = 0;
        // Listening begins some time after it was asked for, so the entry is changed until that is heard.
        await expect
          .poll(
            async () => {
              revision += 1;
              await store.broker.putDurableEntry(anEntry({ revision }));
              return heard.some(({ kind }) => kind === "schedules_changed");
            },
            { interval: 20, timeout: 5_000 },
          )
          .toBe(true);
        const before = heard.length;
        await store.broker.removeDurableEntry("nightly");
        await expect.poll(() => heard.length, { interval: 10 }).toBeGreaterThan(before);
        stop();
      });
    });
  });
}
