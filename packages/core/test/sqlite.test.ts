import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Broker } from "../src/broker/broker.ts";
import { type SqliteBrokerOptions, sqliteBroker } from "../src/broker/sqlite/index.ts";
import { describeBrokerContract } from "./broker-contract/broker-contract.ts";
import {
  aClaim,
  aTask,
  claimed,
  claimedOne,
  enqueuedAndClaimed,
  idsOf,
  placedAt,
  placedNow,
  settled,
  stateOf,
  stored,
  unique,
} from "./support/builders.ts";
import type { ContractStore } from "./support/contract-store.ts";
import { FakeClock } from "./support/fake-clock.ts";

let folder: string;
let path: string;
const opened: Broker[] = [];

function open(options: Partial<SqliteBrokerOptions> = {}): Broker {
  const broker = sqliteBroker({ path, ...options });
  opened.push(broker);
  return broker;
}

async function cleanup(): Promise<void> {
  for (const broker of opened.splice(0)) await broker.close();
  rmSync(folder, { recursive: true, force: true });
}

function makeFolder(): void {
  folder = mkdtempSync(join(tmpdir(), "hikyaku-sqlite-"));
  path = join(folder, "data", "tasks.db");
}

describe("the SQLite adapter", () => {
  describeBrokerContract(async (): Promise<ContractStore> => {
    // Nested suites may set up more than one store at a time, so each has a folder of its own and cleans up just that.
    const own = mkdtempSync(join(tmpdir(), "hikyaku-sqlite-"));
    const clock = new FakeClock();
    const options = { path: join(own, "data", "tasks.db"), clock };
    const [broker, other] = [sqliteBroker(options), sqliteBroker(options)];
    return {
      broker,
      other,
      clock,
      cleanup: async () => {
        await Promise.all([broker.close(), other.close()]);
        rmSync(own, { recursive: true, force: true });
      },
    };
  });

  describe("a file", () => {
    beforeEach(makeFolder);
    afterEach(cleanup);

    it("keeps everything over a restart", async () => {
      const clock = new FakeClock();
      const first = open({ clock });
      const [pending, scheduled] = [unique(placedNow()), placedAt(clock.now() + 5_001)];
      await first.enqueue([placedNow({ id: "done" })]);
      await settled(first, await claimedOne(first), { kind: "done" });
      await first.enqueue([pending, scheduled]);
      await first.pause("default");
      const before = await first.queue("default");
      await first.close();
      const second = open({ clock });
      expect(await second.queue("default")).toEqual(before);
      expect(await second.enqueue([unique(placedNow())])).toMatchObject([{ kind: "duplicate" }]);
      expect((await stored(second, scheduled.message)).dueAt).toBe(clock.now() + 5_001);
      await second.resume("default");
      expect(idsOf(await claimed(second))).toEqual([pending.message.id]);
    });

    it("is made with its folder, readable by its owner only", async () => {
      await open().enqueue([placedNow()]);
      for (const name of [path, `${path}-wal`, `${path}-shm`]) expect(statSync(name).mode & 0o777).toBe(0o600);
    });

    it("keeps the permissions that it has", async () => {
      await open().close();
      chmodSync(path, 0o640);
      await open().enqueue([placedNow()]);
      expect(statSync(path).mode & 0o777).toBe(0o640);
    });

    it("is written ahead, so that readers and a writer don't wait for each other", async () => {
      await open().ready();
      const raw = new DatabaseSync(path);
      expect(raw.prepare("PRAGMA journal_mode").get()).toEqual({ journal_mode: "wal" });
      raw.close();
    });

    it("gets what was committed from the log before a commit has to bring it over", async () => {
      const broker = open();
      const small = () => statSync(path).size < 100_000;
      await broker.enqueue(Array.from({ length: 2_000 }, () => placedNow()));
      expect(small()).toBe(true);
      await broker.enqueue(Array.from({ length: 1_000 }, () => placedNow()));
      await expect.poll(small).toBe(false);
    });

    it("that a newer release wrote is refused and left as it is", async () => {
      await open().close();
      const raw = new DatabaseSync(path);
      raw.exec("PRAGMA user_version = 99");
      raw.close();
      const broker = open();
      await expect(broker.enqueue([placedNow()])).rejects.toMatchObject({
        code: "store_rejected",
        message: expect.stringMatching(/version 99, expected at most \d+.*upgrade/),
      });
      expect(broker.reachability()).toMatchObject({ reachable: false, reason: expect.stringContaining("version 99") });
      const after = new DatabaseSync(path);
      expect(after.prepare("PRAGMA user_version").get()).toEqual({ user_version: 99 });
      after.close();
    });

    it("of another program is refused and left as it is", async () => {
      await open().close();
      rmSync(path);
      const raw = new DatabaseSync(path);
      raw.exec("CREATE TABLE theirs (a)");
      raw.close();
      await expect(open().ready()).rejects.toMatchObject({
        code: "store_rejected",
        message: expect.stringContaining('table "theirs"'),
      });
    });

    it("that is no database is refused with code corrupt_data", async () => {
      await open().close();
      writeFileSync(path, "no database at all, but long enough to be looked at as one".repeat(50));
      await expect(open().ready()).rejects.toMatchObject({ code: "corrupt_data" });
    });

    it("that can't be opened is told of, and used as soon as it can", async () => {
      const blocker = join(folder, "data");
      writeFileSync(blocker, "a file where the folder should be");
      const broker = open();
      expect(broker.reachability()).toMatchObject({ reachable: false, reason: expect.stringContaining(path) });
      await expect(broker.enqueue([placedNow()])).rejects.toMatchObject({ code: "broker_unavailable" });
      await expect(broker.waitForWork(["default"], { timeoutMs: 5_000 })).rejects.toMatchObject({
        code: "broker_unavailable",
      });
      const back = new Promise((resolve) => broker.onReachability(resolve));
      rmSync(blocker);
      expect(await back).toMatchObject({ reachable: true, reason: undefined });
      expect(await broker.enqueue([placedNow()])).toMatchObject([{ kind: "accepted" }]);
    });

    it("in memory belongs to one broker", async () => {
      const [one, other] = [open({ path: ":memory:" }), open({ path: ":memory:" })];
      await one.enqueue([placedNow()]);
      expect(await claimed(other)).toEqual([]);
      expect(await claimed(one)).toHaveLength(1);
    });

    it("refuses options that make no sense", () => {
      expect(() => sqliteBroker({ path: "" })).toThrow(/option "path"/);
      expect(() => sqliteBroker({ path, commandTimeoutMs: 0 })).toThrow(/option "commandTimeoutMs"/);
      expect(() => sqliteBroker({ path, clok: 1 } as unknown as SqliteBrokerOptions)).toThrow(/clock/);
    });
  });

  describe("exact moments", () => {
    beforeEach(makeFolder);
    afterEach(cleanup);

    it("hold for leases, retention and archive as well", async () => {
      const clock = new FakeClock();
      const broker = open({ clock });
      const task = await enqueuedAndClaimed(broker, { retentionMs: 1_001 });
      expect(task.leaseEndsAt).toBe(clock.now() + 30_000);
      await settled(broker, task, { kind: "completed", result: undefined });
      expect((await stored(broker, task.message)).keptUntil).toBe(clock.now() + 1_001);
      clock.advance(1_000);
      const limits = { maxCount: 10, maxAgeMs: 5_000 };
      expect(await broker.sweep("default", 10, limits)).toMatchObject({ completed: 0 });
      clock.advance(1);
      expect(await broker.sweep("default", 10, limits)).toMatchObject({ completed: 1 });
    });

    it("let a uniqueness lock end by the clock, counted from when the task may first run", async () => {
      const clock = new FakeClock();
      const broker = open({ clock });
      const later = (type: string) => unique(placedAt(clock.now() + 10_000, { type }), 1_500);
      await broker.enqueue([unique(placedNow({ type: "now" }), 1_500), later("later")]);
      clock.advance(1_499);
      expect(await broker.enqueue([unique(placedNow({ type: "now" }))])).toMatchObject([{ kind: "duplicate" }]);
      clock.advance(1);
      expect(await broker.enqueue([unique(placedNow({ type: "now" }))])).toMatchObject([{ kind: "accepted" }]);
      clock.advance(9_999);
      expect(await broker.enqueue([unique(placedNow({ type: "later" }))])).toMatchObject([{ kind: "duplicate" }]);
      clock.advance(1);
      expect(await broker.enqueue([unique(placedNow({ type: "later" }))])).toMatchObject([{ kind: "accepted" }]);
    });

    it("leave a lock alone that ended and that another task holds by now", async () => {
      const clock = new FakeClock();
      const broker = open({ clock });
      await broker.enqueue([unique(placedNow(), 1_000)]);
      const first = await claimedOne(broker);
      clock.advance(1_000);
      const second = unique(placedNow(), 60_000);
      await broker.enqueue([second]);
      await settled(broker, first, { kind: "done" });
      expect(await broker.enqueue([unique(placedNow())])).toEqual([{ kind: "duplicate", ownerId: second.message.id }]);
    });
  });

  describe("a row that is no message", () => {
    beforeEach(makeFolder);
    afterEach(cleanup);

    it("is set aside and archived untouched, and keeps no other task from running", async () => {
      const broker = open();
      const [bad, good] = [placedNow({ headers: { a: "b" } }), placedNow()];
      await broker.enqueue([bad, good]);
      const raw = new DatabaseSync(path);
      raw.prepare("UPDATE tasks SET headers = 'nonsense' WHERE id = ?").run(bad.message.id);
      raw.close();
      const { tasks, setAside } = await broker.claim(aClaim());
      expect(idsOf(tasks)).toEqual([good.message.id]);
      expect(setAside).toMatchObject([{ queue: "default", taskId: bad.message.id, reason: "unreadable" }]);
      expect((await broker.queue("default"))?.counts).toMatchObject({ pending: 0, active: 1, archived: 1 });
      const unreadable = { unreadable: expect.stringContaining("headers"), taskId: bad.message.id, state: "archived" };
      expect(await broker.get("default", [bad.message.id])).toMatchObject([unreadable]);
      expect((await broker.list({ queue: "default", state: "archived", limit: 9 })).tasks).toMatchObject([unreadable]);
      const selection = { kind: "ids", queue: "default", taskIds: [bad.message.id] } as const;
      expect(await broker.change(selection, "delete", 9)).toMatchObject({ changed: 1 });
    });

    it("that can't be stored fails alone", async () => {
      const broker = open();
      const outcomes = await broker.enqueue([placedNow(), placedNow({ maxRetry: 1.5 }), placedNow()]);
      expect(outcomes.map(({ kind }) => kind)).toEqual(["accepted", "failed", "accepted"]);
      expect(outcomes[1]).toMatchObject({ error: { code: "store_rejected" } });
      expect((await broker.queue("default"))?.counts.pending).toBe(2);
    });

    it("that can't be stored fails alone among many, beside ids that are taken and tasks placed otherwise", async () => {
      const broker = open();
      const first = placedNow();
      await broker.enqueue([first]);
      const items = Array.from({ length: 80 }, (_, number) => {
        if (number === 3) return first;
        if (number === 5) return placedAt(Date.now() + 60_000, { id: "later" });
        if (number === 7 || number === 40) return placedNow({ id: "twice" });
        if (number === 20) return placedNow({ maxRetry: 1.5 });
        return number === 50 ? unique(placedNow()) : placedNow({ queue: number % 4 === 0 ? "other" : "default" });
      });
      const expected: string[] = items.map((_, number) => (number === 3 || number === 40 ? "id_taken" : "accepted"));
      const outcomes = await broker.enqueue(items);
      expect(outcomes.map(({ kind }) => kind)).toEqual(expected.with(20, "failed"));
      expect(outcomes[5]).toEqual({ kind: "accepted", state: "scheduled" });
      const written = items.filter((_, number) => ![3, 5, 20, 40].includes(number)).map(({ message }) => message);
      const ids = (queue: string) => written.filter((message) => message.queue === queue).map(({ id }) => id);
      expect(idsOf(await claimed(broker))).toEqual([first.message.id, ...ids("default")]);
      expect(idsOf(await claimed(broker, { queues: [{ queue: "other", limit: 100 }] }))).toEqual(ids("other"));
      expect((await broker.queue("default"))?.counts).toMatchObject({ pending: 0, scheduled: 1 });
      const raw = new DatabaseSync(path);
      expect(raw.prepare("SELECT count(*) AS count FROM tasks").get()).toEqual({ count: 78 });
      raw.close();
    });

    it("that can't be stored undoes its own call and no other of the same commit", async () => {
      const broker = open();
      const [first, second] = [placedNow(), placedNow()];
      const turn = { entryId: "hourly", turnAt: 1, firedBy: "a scheduler", item: placedNow({ maxRetry: 1.5 }) };
      const answers = await Promise.allSettled([
        broker.enqueue([first]),
        broker.fireTurn(turn),
        broker.enqueue([second, first]),
      ]);
      expect(answers).toMatchObject([
        { value: [{ kind: "accepted" }] },
        { reason: { code: "store_rejected" } },
        { value: [{ kind: "accepted" }, { kind: "id_taken" }] },
      ]);
      expect((await broker.queue("default"))?.counts.pending).toBe(2);
      expect(idsOf(await claimed(broker, { limit: 3 }))).toEqual([first.message.id, second.message.id]);
      expect(await broker.fireTurn({ ...turn, item: placedNow() })).toMatchObject({ kind: "fired" });
    });

    it("that is done twice in one call is settled once", async () => {
      const broker = open();
      await broker.enqueue([placedNow(), placedNow()]);
      const [one, other] = (await broker.claim(aClaim({ limit: 2 }))).tasks.map((task) => ({
        task,
        outcome: { kind: "done" } as const,
      }));
      if (one === undefined || other === undefined) throw new Error("expected two tasks");
      expect((await broker.settle([one, other, one])).results.toSorted()).toEqual(["lost", "settled", "settled"]);
      const numbers = await broker.queue("default");
      expect(numbers).toMatchObject({ processedTotal: 2, counts: { active: 0, pending: 0 } });
    });
  });

  describe("tasks of one claim", () => {
    beforeEach(makeFolder);
    afterEach(cleanup);

    it("come whole and in order, whatever is set in them and wherever they lie", async () => {
      const broker = open();
      const deadlineAt = Date.now() + 60_000;
      const items = [
        placedNow({ payload: undefined, retentionMs: 5 }),
        placedNow({ headers: { trace: "1" } }),
        placedNow({ maxRetry: 0, timeoutMs: 0 }),
        placedNow({ deadlineAt, payload: new Uint8Array() }),
        placedNow({ retried: 2, lastError: "no", lastFailedAt: 7, completedAt: 8 }),
        placedNow({ unknownFields: [{ no: 99, wireType: 2, data: new Uint8Array([1]) }] }),
        placedNow({ type: "other" }),
      ];
      await broker.enqueue(items);
      const whole = await claimed(broker);
      expect(whole.map(({ message }) => message)).toEqual(items.map(({ message }) => message));
      for (const task of [...whole].reverse()) await settled(broker, task, { kind: "handed_back" });
      const [, , gap] = items;
      await broker.change({ kind: "ids", queue: "default", taskIds: [gap?.message.id ?? ""] }, "archive", 1);
      const again = await claimed(broker);
      expect(again.map(({ message }) => message)).toEqual(items.toSpliced(2, 1).map(({ message }) => message));
      expect(again.every(({ pendingSince }) => pendingSince !== undefined)).toBe(true);
    });

    it("are settled but for the one that is lost, and so are those of other calls of the same commit", async () => {
      const broker = open();
      await broker.enqueue(Array.from({ length: 6 }, () => placedNow()));
      const done = (tasks: Awaited<ReturnType<typeof claimed>>) =>
        broker.settle(tasks.map((task) => ({ task, outcome: { kind: "done" } as const })));
      const [some, others] = [await claimed(broker, { limit: 3 }), await claimed(broker, { limit: 3 })];
      const raw = new DatabaseSync(path);
      raw.prepare("UPDATE tasks SET lease_token = 'another' WHERE id = ?").run(idsOf(some)[1] ?? "");
      raw.close();
      expect(await Promise.all([done(others), done(some)])).toMatchObject([
        { results: ["settled", "settled", "settled"] },
        { results: ["settled", "lost", "settled"] },
      ]);
      const numbers = await broker.queue("default");
      expect(numbers).toMatchObject({ processedTotal: 5, counts: { active: 1, pending: 0 } });
    });
  });

  describe("another process's lock", () => {
    let foreign: DatabaseSync;
    beforeEach(async () => {
      makeFolder();
      await open().ready();
      foreign = new DatabaseSync(path);
      foreign.exec("BEGIN IMMEDIATE");
    });
    afterEach(async () => {
      foreign.close();
      await cleanup();
    });

    it("is waited for without blocking the event loop", async () => {
      const broker = open();
      const item = placedNow();
      let accepted = false;
      const enqueueing = broker.enqueue([item]).then((outcomes) => {
        accepted = true;
        return outcomes;
      });
      let turns = 0;
      await expect.poll(() => ++turns, { interval: 5 }).toBeGreaterThan(10);
      expect(accepted).toBe(false);
      expect(await stateOf(broker, item.message)).toBeUndefined();
      foreign.exec("COMMIT");
      expect(await enqueueing).toEqual([{ kind: "accepted", state: "pending" }]);
    });

    it("ends the wait with a code that says that nothing was written", async () => {
      const broker = open({ commandTimeoutMs: 60_000 });
      await expect(broker.enqueue([placedNow()], { timeoutMs: 30 })).rejects.toMatchObject({
        code: "broker_unavailable",
        message: expect.stringContaining("nothing was written"),
      });
      const stop = new AbortController();
      const refused = expect(broker.claim(aClaim(), { signal: stop.signal })).rejects.toMatchObject({
        code: "cancelled",
      });
      setTimeout(() => stop.abort(), 20);
      await refused;
      foreign.exec("COMMIT");
      expect(await broker.queues()).toEqual([]);
    });

    it("does not keep close() from ending", async () => {
      const broker = open();
      const refused = expect(broker.enqueue([placedNow()])).rejects.toMatchObject({ code: "closed" });
      await new Promise((resolve) => setImmediate(resolve));
      await broker.close();
      await refused;
    });
  });

  describe("several processes on one file", () => {
    const script = fileURLToPath(new URL("./support/sqlite-process.ts", import.meta.url));
    const children: ChildProcess[] = [];
    beforeEach(makeFolder);
    afterEach(async () => {
      await Promise.all(children.splice(0).map(killed));
      await cleanup();
    });

    /** Starts a process; what it confirms is added to `ids`. */
    const start = (role: "producer" | "worker" | "holder", ids: string[] = []): ChildProcess => {
      const child = fork(script, [role, path], { execArgv: ["--conditions=source"] });
      children.push(child);
      child.on("message", (message) => {
        if (Array.isArray(message)) ids.push(...message);
      });
      return child;
    };

    it("start at once on a file that is not there yet", async () => {
      const workers = [start("worker"), start("worker"), start("worker"), start("worker")];
      for (const message of await Promise.all(workers.map((worker) => once(worker, "message")))) {
        expect(message[0]).toBe("ready");
      }
      expect(await open().queues()).toEqual([]);
    });

    it("give each task to exactly one of them", async () => {
      const [accepted, done]: [string[], string[]] = [[], []];
      const workers = [start("worker", done), start("worker", done)];
      const producers = [start("producer", accepted), start("producer", accepted)];
      await expect.poll(() => accepted.length, { timeout: 12_000 }).toBeGreaterThan(1_500);
      await Promise.all(producers.map(stopped));
      await expect.poll(() => done.length, { timeout: 12_000 }).toBe(accepted.length);
      expect(new Set(done)).toEqual(new Set(accepted));
      const broker = open();
      expect(await broker.queue("default")).toMatchObject({
        counts: { pending: 0, active: 0 },
        processedTotal: accepted.length,
      });
      await Promise.all(workers.map(stopped));
    });

    it("lose no accepted task when one is killed in the middle of writing", async () => {
      for (let round = 0; round < 3; round++) {
        const accepted: string[] = [];
        const producer = start("producer", accepted);
        await expect.poll(() => accepted.length, { timeout: 10_000, interval: 5 }).toBeGreaterThan(200);
        await killed(producer);
        const broker = open();
        const found = await broker.get("default", accepted);
        expect(found.filter((task) => task?.state === "pending")).toHaveLength(accepted.length);
      }
      const raw = new DatabaseSync(path);
      expect(raw.prepare("PRAGMA integrity_check").all()).toEqual([{ integrity_check: "ok" }]);
      const counted = raw.prepare("SELECT count(*) AS count FROM tasks WHERE state = 'pending'").get();
      expect(raw.prepare("SELECT pending AS count FROM queues").get()).toEqual(counted);
      raw.close();
    });

    it("get back what a killed one held, once its leases are over", async () => {
      const clock = new FakeClock(Date.now());
      const broker = open({ clock });
      const items = Array.from({ length: 50 }, () => placedNow());
      await broker.enqueue(items);
      const holder = start("holder");
      const [held] = await once(holder, "message");
      expect(held).toEqual(idsOf(items));
      await killed(holder);
      const request = { queue: "default", limit: 100, serverId: "recoverer", leaseMs: 30_000 };
      expect((await broker.takeOver(request)).tasks).toEqual([]);
      clock.advance(120_000);
      const { tasks } = await broker.takeOver(request);
      expect(new Set(idsOf(tasks.map(({ task }) => task)))).toEqual(new Set(idsOf(items)));
      expect(new Set(tasks.map(({ previousServerId }) => previousServerId))).toEqual(new Set(["holder"]));
    });

    it("wake each other within milliseconds", async () => {
      const done: string[] = [];
      const worker = start("worker", done);
      await once(worker, "message");
      const broker = open();
      const delays: number[] = [];
      for (let round = 0; round < 10; round++) {
        const startedAt = performance.now();
        const heard = once(worker, "message");
        await broker.enqueue([{ message: aTask(), placement: { kind: "now" } }]);
        await heard;
        delays.push(performance.now() - startedAt);
      }
      expect(delays.sort((one, other) => one - other)[5]).toBeLessThan(100);
      expect(done).toHaveLength(10);
    });
  });
});

async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.send("stop");
  await exited;
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}
