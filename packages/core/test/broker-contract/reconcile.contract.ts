import { describe, expect, it } from "vitest";
import type { Broker } from "../../src/broker/broker.ts";
import type { Finding } from "../../src/broker/finding.ts";
import type { ServerRecord } from "../../src/broker/presence-facet.ts";
import { checkStore } from "../../src/doctor/check-store.ts";
import {
  aClaim,
  claimed,
  claimedOne,
  enqueuedAndClaimed,
  handlesOnly,
  placedAt,
  placedNow,
  settled,
  stateOf,
  unique,
} from "../support/builders.ts";
import { type ContractSetup, useStore } from "../support/contract-store.ts";

const minuteMs = 60_000;
const limits = { maxSize: undefined, maxDelayMs: undefined, gracePeriodMs: 0 };

function inGroup(group: string) {
  const item = placedNow({ group });
  return { ...item, placement: { kind: "group" as const } };
}

/** What the checker says of the tasks that lie in a store where nobody else writes. */
function brokenIn(broker: Broker): Promise<readonly Finding[]> {
  return checkStore(broker, { scope: "tasks", graceMs: 0 });
}

function aServer(overrides: Partial<ServerRecord> = {}): ServerRecord {
  return {
    serverId: "server-a",
    host: "host",
    pid: 1,
    concurrency: 10,
    queues: { default: 1 },
    strictPriority: false,
    status: "active",
    startedAt: 0,
    activeWorkers: 0,
    details: {
      version: "1.0.0",
      directory: "/app",
      commandLine: "node worker.js",
      lastClaimAt: undefined,
      handles: { kind: "all" },
    },
    ...overrides,
  };
}

export function describeReconcileContract(setup: ContractSetup): void {
  describe("reconcile", () => {
    const store = useStore(setup);

    /** One task, at least, in every state and place. */
    async function fill(broker: Broker): Promise<void> {
      const later = store.clock.now() + 10 * minuteMs;
      await broker.enqueue([placedNow({ retentionMs: minuteMs * 60 }), placedNow(), placedNow(), placedNow()]);
      const [one, two, three] = await claimed(broker, { limit: 3 });
      if (one === undefined || two === undefined || three === undefined) throw new Error("expected three tasks");
      await settled(broker, one, { kind: "completed", result: undefined });
      await settled(broker, two, { kind: "retry", at: later + 17, counted: true, error: "x" });
      await settled(broker, three, { kind: "archived", error: "x" });
      await broker.enqueue([unique(placedNow({ type: "unique" })), unique(placedAt(later, { type: "unique:later" }))]);
      await broker.enqueue([placedAt(later + 123), inGroup("taken"), inGroup("taken")]);
      store.clock.advance(2_000);
      expect(await broker.collect({ queue: "default", group: "taken", limits, holdMs: minuteMs })).toBeDefined();
      await broker.enqueue([inGroup("waiting"), inGroup("taken")]);
    }

    it("finds nothing in a store that is as it should be, whatever state its tasks are in", async () => {
      await fill(store.broker);
      expect(await brokenIn(store.broker)).toEqual([]);
      expect(await checkStore(store.broker, { scope: "tasks", graceMs: 0, repair: true })).toEqual([]);
    });

    it("tells which store it is, of which version, and how large", async () => {
      const { kind, parts } = await store.broker.facts();
      expect(["redis", "sqlite"]).toContain(kind);
      const version = expect.stringMatching(/^(Redis|Valkey|SQLite) \d+\.\d+/);
      // A part for each server that holds tasks.
      expect(parts.length).toBeGreaterThan(0);
      for (const part of parts) {
        const bytesLimit = part.bytesLimit === undefined ? undefined : expect.any(Number);
        expect(part).toEqual({ location: expect.stringMatching(/./), version, bytes: expect.any(Number), bytesLimit });
        expect(part.bytes).toBeGreaterThan(1_000);
      }
    });

    it("finds nothing in an empty store", async () => {
      expect(await brokenIn(store.broker)).toEqual([]);
    });

    it("finds nothing while others work, and repairs nothing under their hands", async () => {
      const stop = new AbortController();
      const work = async (broker: Broker, serverId: string): Promise<void> => {
        for (let round = 0; !stop.signal.aborted; round++) {
          await broker.enqueue([placedNow(), unique(placedNow({ type: `once:${serverId}:${round}` })), inGroup("g")]);
          const { tasks } = await broker.claim(aClaim({ limit: 5, serverId }));
          const kinds = ["done", "handed_back", "archived", "retry"] as const;
          const outcome = (index: number) => {
            const kind = kinds[(round + index) % kinds.length] ?? "done";
            if (kind === "retry") return { kind, at: store.clock.now() + 5, counted: false, error: "" };
            return kind === "archived" ? { kind, error: "x" } : { kind };
          };
          await broker.settle(tasks.map((task, index) => ({ task, outcome: outcome(index) })));
          await broker.forwardDue({ queue: "default", limit: 10 });
        }
      };
      const working = Promise.all([work(store.broker, "one"), work(store.other, "two")]);
      for (let look = 0; look < 8; look++) {
        const findings = await checkStore(store.broker, { scope: "tasks", graceMs: 0, repair: look % 2 === 1 });
        expect(findings.filter(({ level }) => level !== "notice")).toEqual([]);
      }
      stop.abort();
      await working;
    });

    it("looks at a queue in slices, however small", async () => {
      await fill(store.broker);
      const request = {
        queue: "default",
        limit: 1,
        repair: false,
        readMessages: true,
        graceMs: 0,
        archive: { maxCount: 10, maxAgeMs: 90 * 24 * 60 * minuteMs },
      };
      let cursor: string | undefined;
      let slices = 0;
      do {
        const answer = await store.broker.reconcile(cursor === undefined ? request : { ...request, cursor });
        expect(answer.findings).toEqual([]);
        cursor = answer.nextCursor;
        slices++;
      } while (cursor !== undefined && slices < 1_000);
      expect(cursor).toBeUndefined();
      expect(slices).toBeGreaterThan(5);
    });

    it("refuses a cursor and a limit that it can't use", async () => {
      const request = {
        queue: "default",
        limit: 10,
        repair: false,
        readMessages: false,
        graceMs: 0,
        archive: { maxCount: 10, maxAgeMs: minuteMs },
      };
      await expect(store.broker.reconcile({ ...request, cursor: "x" })).rejects.toMatchObject({
        code: "invalid_option",
      });
      await expect(store.broker.reconcile({ ...request, limit: 0 })).rejects.toMatchObject({ code: "invalid_option" });
    });

    it("finds due tasks that nobody forwards, and brings them to their queue", async () => {
      const late = placedAt(store.clock.now() + 1_000);
      await store.broker.enqueue([late]);
      store.clock.advance(3 * minuteMs);
      expect(await brokenIn(store.broker)).toMatchObject([{ kind: "overdue", queue: "default", repair: "repairable" }]);
      expect(await stateOf(store.broker, late.message)).toBe("scheduled");
      const repaired = await checkStore(store.broker, { scope: "tasks", graceMs: 0, repair: true });
      expect(repaired).toMatchObject([{ kind: "overdue", repair: "repaired" }]);
      expect(await stateOf(store.broker, late.message)).toBe("pending");
      expect(await brokenIn(store.broker)).toEqual([]);
    });

    it("finds leases that ended and that nobody recovers", async () => {
      await enqueuedAndClaimed(store.broker);
      store.clock.advance(3 * minuteMs);
      expect(await brokenIn(store.broker)).toMatchObject([{ kind: "lease_over", repair: "by_hand" }]);
    });

    it("finds sets that nobody puts back, and puts their tasks back", async () => {
      const item = inGroup("g");
      await store.broker.enqueue([item]);
      store.clock.advance(2_000);
      await store.broker.collect({ queue: "default", group: "g", limits, holdMs: minuteMs });
      store.clock.advance(5 * minuteMs);
      expect(await brokenIn(store.broker)).toMatchObject([{ kind: "stale_set" }]);
      await checkStore(store.broker, { scope: "tasks", graceMs: 0, repair: true });
      expect(await store.broker.groups("default")).toMatchObject([{ group: "g", size: 1 }]);
      expect(await brokenIn(store.broker)).toEqual([]);
    });

    it("finds an archive that nobody tidies, and tidies it", async () => {
      for (let count = 0; count < 3; count++) {
        await settled(store.broker, await enqueuedAndClaimed(store.broker), { kind: "archived", error: "x" });
      }
      const options = { scope: "tasks", graceMs: 0, archive: { maxCount: 1, maxAgeMs: 60 * minuteMs } } as const;
      expect(await checkStore(store.broker, options)).toMatchObject([{ kind: "archive_too_large" }]);
      await checkStore(store.broker, { ...options, repair: true });
      expect(await checkStore(store.broker, options)).toEqual([]);
      expect((await store.broker.queue("default"))?.counts.archived).toBe(1);
    });
  });

  describe("a check of who works", () => {
    const store = useStore(setup);
    const kindsOf = (findings: readonly Finding[]) =>
      findings.filter(({ kind }) => !kind.endsWith("_setting")).map(({ kind }) => kind);

    it("says how many tasks wait that no live worker handles", async () => {
      await store.broker.enqueue(Array.from({ length: 17 }, () => placedNow({ type: "email:send" })));
      await store.broker.enqueue([placedNow({ type: "other" })]);
      const details = { ...aServer().details, handles: handlesOnly(["other"]) } as ServerRecord["details"];
      await store.broker.announce(aServer({ details }), [], 10_000);
      const findings = await checkStore(store.broker, { graceMs: 0 });
      const detail = '17 `email:send` waiting in queue "default", no live worker handles it';
      expect(findings).toContainEqual(expect.objectContaining({ kind: "unhandled_type", detail }));
      expect(kindsOf(findings)).toEqual(["unhandled_type"]);
    });

    it("says when nobody works on a queue, how many of its tasks wait or are due, and for how long", async () => {
      const { broker, clock } = store;
      clock.advance(1_000 - (clock.now() % 1_000));
      const check = async (): Promise<readonly Finding[]> =>
        (await checkStore(broker, { scope: "live", clock })).filter(({ kind }) => kind === "no_worker");
      await broker.enqueue([placedAt(clock.now() + 30_000, { queue: "later" })]);
      expect(await check()).toEqual([]);
      clock.advance(60_000);
      await broker.enqueue([placedNow({ queue: "now" }), placedNow({ queue: "now" })]);
      clock.advance(10_000);
      expect(await check()).toMatchObject([
        {
          queue: "later",
          level: "warning",
          facts: { tasks: 1, atLeast: false, waitingMs: 40_000 },
          detail:
            '1 task of queue "later" waits or is due, the first for 40 s, and no live worker takes tasks of this queue',
        },
        { queue: "now", facts: { tasks: 2, waitingMs: 10_000 } },
      ]);
      await broker.announce(aServer({ queues: { now: 1, later: 1 } }), [], 10_000);
      expect(await check()).toEqual([]);
      await broker.announce(aServer({ queues: { now: 1, later: 1 }, status: "stopped" }), [], 10_000);
      expect(await check()).toHaveLength(2);
    });

    it("says what was archived in the last hour, by type, with the newest of each", async () => {
      const { broker, clock } = store;
      await broker.announce(aServer(), [], 10_000_000);
      const archive = async (id: string, type: string): Promise<void> => {
        await broker.enqueue([placedNow({ id, type })]);
        await settled(broker, await claimedOne(broker), { kind: "archived", error: "no" });
      };
      const check = async (): Promise<readonly Finding[]> =>
        (await checkStore(broker, { scope: "live", clock })).filter(({ kind }) => kind === "tasks_archived");
      await archive("old", "email:send");
      clock.advance(3_000_000);
      await archive("first", "email:send");
      clock.advance(1_000);
      await archive("second", "email:send");
      await archive("other", "report");
      const of = (type: string, findings: readonly Finding[]) => findings.find(({ facts }) => facts["type"] === type);
      expect(of("email:send", await check())).toMatchObject({ facts: { tasks: 3, newestTaskId: "second" } });
      clock.advance(1_000_000);
      const findings = await check();
      expect(findings).toHaveLength(2);
      expect(of("email:send", findings)).toMatchObject({
        level: "warning",
        queue: "default",
        repair: "by_hand",
        detail: '2 tasks of type "email:send" were archived in queue "default" in the last hour; the newest is second',
        facts: { type: "email:send", tasks: 2, atLeast: false, withinMs: 3_600_000, newestTaskId: "second" },
      });
      expect(of("report", findings)).toMatchObject({ facts: { tasks: 1, newestTaskId: "other" } });
      clock.advance(3_600_000);
      expect(await check()).toEqual([]);
    });

    it("names workers of one queue that run different code, and those that don't say what they run", async () => {
      const old = { ...aServer().details, directory: "/app.old" } as ServerRecord["details"];
      await store.broker.announce(aServer(), [], 10_000);
      await store.broker.announce(aServer({ serverId: "server-b", pid: 2 }), [], 10_000);
      expect(kindsOf(await checkStore(store.broker, { graceMs: 0 }))).toEqual([]);
      await store.broker.announce(aServer({ serverId: "server-c", pid: 3, details: old }), [], 10_000);
      await store.broker.announce(aServer({ serverId: "go", pid: 4, details: undefined }), [], 10_000);
      const findings = await checkStore(store.broker, { graceMs: 0 });
      expect(kindsOf(findings)).toEqual(["foreign_worker", "mixed_workers"]);
      expect(findings.at(-1)?.detail).toContain("/app.old");
    });

    it("names workers whose clock is off", async () => {
      const details = { ...aServer().details, clockOffsetMs: -7_500 } as ServerRecord["details"];
      await store.broker.announce(aServer({ details }), [], 10_000);
      const findings = await checkStore(store.broker, { graceMs: 0 });
      const detail = "the clock of host pid 1 is 7.5 s behind the store's";
      expect(findings).toContainEqual(expect.objectContaining({ kind: "clock_offset", detail }));
    });

    it("names schedules that nobody fires, that never come, and that schedulers do not agree on", async () => {
      const { broker } = store;
      const entry = {
        spec: "@every 1h",
        timeZone: "UTC",
        queue: "default",
        definition: "{}",
        catchUp: "once" as const,
        since: 1_000,
        revision: 1,
      };
      const record = {
        spec: "@every 1h",
        taskType: "t",
        payload: undefined,
        options: [],
        previousAt: undefined,
        nextAt: 3_601_000 as number | undefined,
      };
      await broker.putDurableEntry({ ...entry, entryId: "paused", paused: true });
      for (const entryId of ["idle", "fired"]) await broker.putDurableEntry({ ...entry, entryId, paused: false });
      await broker.announceEntries("one", [{ ...record, entryId: "fired" }], 60_000);
      const tellOf = async (): Promise<readonly string[]> => {
        const findings = await checkStore(broker, { graceMs: 0 });
        return findings
          .filter(({ kind }) => kind.startsWith("schedule_"))
          .map(({ kind, detail }) => `${kind}: ${detail}`);
      };
      const idle = 'schedule_idle: scheduler entry "idle" has no next turn: no live scheduler has it; start one';
      expect(await tellOf()).toEqual([idle]);
      await broker.removeDurableEntry("idle");
      const other = { ...record, spec: "@every 2h", entryId: "fired" };
      const never = { ...record, spec: "0 0 30 2 *", nextAt: undefined, entryId: "never" };
      await broker.announceEntries("two", [other, never], 60_000);
      expect((await tellOf()).toSorted()).toEqual([
        'schedule_idle: scheduler entry "never" has no next turn: its spec "0 0 30 2 *" never comes',
        expect.stringMatching(/^schedule_torn: scheduler entry "fired" has several next turns: .*1h.*2h|2h.*1h/),
      ]);
    });

    it("notes tasks whose holder is not there any more", async () => {
      await store.broker.announce(aServer(), [], 10_000);
      await enqueuedAndClaimed(store.broker);
      expect(kindsOf(await checkStore(store.broker, { graceMs: 0 }))).toEqual([]);
      await store.broker.withdraw(aServer());
      const [finding] = (await checkStore(store.broker, { graceMs: 0 })).filter(({ kind }) => kind === "holder_gone");
      expect(finding).toMatchObject({ kind: "holder_gone", level: "notice" });
      await store.broker.announce(aServer({ serverId: "server-b" }), [], 10_000);
      await store.broker.enqueue([placedNow()]);
      await claimedOne(store.broker, { serverId: "server-b" });
      expect(kindsOf(await checkStore(store.broker, { graceMs: 0 }))).toEqual(["holder_gone"]);
    });
  });
}
