// What can break in a SQLite file all the same: written here by another connection, as people and other programs do. What
// the checker owes on every store is in the broker contract.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Broker } from "../src/broker/broker.ts";
import type { Finding, FindingKind } from "../src/broker/finding.ts";
import { sqliteBroker } from "../src/broker/sqlite/index.ts";
import { checkStore } from "../src/doctor/check-store.ts";
import {
  claimedOne,
  enqueuedAndClaimed,
  idsOf,
  placedAt,
  placedNow,
  settled,
  stateOf,
  unique,
} from "./support/builders.ts";
import { FakeClock } from "./support/fake-clock.ts";

const limits = { maxSize: undefined, maxDelayMs: undefined, gracePeriodMs: 0 };

describe("reconciling SQLite", () => {
  let folder: string;
  let broker: Broker;
  let clock: FakeClock;
  let raw: DatabaseSync;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "hikyaku-reconcile-"));
    const path = join(folder, "tasks.db");
    clock = new FakeClock();
    broker = sqliteBroker({ path, clock });
    await broker.ready();
    raw = new DatabaseSync(path);
  });
  afterEach(async () => {
    raw.close();
    await broker.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const look = (repair = false) => checkStore(broker, { scope: "tasks", graceMs: 0, repair });
  const kinds = (findings: readonly Finding[]) => findings.map(({ kind }) => kind).sort();
  const tables = () =>
    ["tasks", "queues", "locks", "aggregation_sets"].map((name) => raw.prepare(`SELECT * FROM ${name}`).all());

  async function isFoundAndMended(...expected: FindingKind[]): Promise<void> {
    const before = tables();
    const found = await look();
    expect(kinds(found)).toEqual([...expected].sort());
    expect(tables()).toEqual(before);
    const repaired = await look(true);
    expect(kinds(repaired)).toEqual([...expected].sort());
    expect(repaired.map(({ repair }) => repair)).toEqual(expected.map(() => "repaired"));
    expect(await look()).toEqual([]);
  }

  it("says that a queue's totals can't be right, and leaves them as they are", async () => {
    await enqueuedAndClaimed(broker);
    raw.exec("UPDATE queues SET failed = processed + 1");
    expect(await look(true)).toMatchObject([{ kind: "wrong_totals", level: "warning", repair: "by_hand" }]);
  });

  it("gives a lease to a running task that has none", async () => {
    const task = await enqueuedAndClaimed(broker);
    raw.exec("UPDATE tasks SET lease_ends_at = NULL");
    raw.exec("UPDATE queues SET active = 1");
    const found = await look(true);
    expect(kinds(found)).toEqual(["active_without_lease"]);
    expect(await look()).toEqual([]);
    clock.advance(60_000);
    const { tasks } = await broker.takeOver({ queue: "default", limit: 10, serverId: "server-b", leaseMs: 30_000 });
    expect(tasks.map(({ task: taken }) => taken.message.id)).toEqual([task.message.id]);
  });

  it("gives a place again to a task without one, and archives what nobody can place", async () => {
    const [pending, later] = [placedNow(), placedAt(clock.now() + 60_000)];
    await broker.enqueue([pending, later]);
    raw.exec("UPDATE tasks SET position = NULL, due_at = NULL");
    const found = await look(true);
    expect(kinds(found)).toEqual(["unlisted", "unlisted"]);
    expect(await look()).toEqual([]);
    expect(await stateOf(broker, later.message)).toBe("archived");
    expect((await claimedOne(broker)).message.id).toBe(pending.message.id);
  });

  it("keeps the own place of a task that has two", async () => {
    const later = placedAt(clock.now() + 60_000);
    await broker.enqueue([later]);
    raw.exec("UPDATE tasks SET position = 1");
    expect(kinds(await look(true))).toContain("listed_twice");
    expect(await look()).toEqual([]);
    expect(await stateOf(broker, later.message)).toBe("scheduled");
  });

  it("puts tasks back into their group whose set is gone", async () => {
    await broker.enqueue([{ ...placedNow({ group: "g" }), placement: { kind: "group" } }]);
    clock.advance(1_000);
    await broker.collect({ queue: "default", group: "g", limits, holdMs: 60_000 });
    raw.exec("DELETE FROM aggregation_sets");
    expect(kinds(await look(true))).toContain("lost_set");
    expect(await look()).toEqual([]);
    expect(await broker.groups("default")).toMatchObject([{ group: "g", size: 1 }]);
  });

  it("archives a task whose columns can't be read", async () => {
    const items = [placedNow({ headers: { a: "b" } }), placedNow()];
    await broker.enqueue(items);
    raw.exec("UPDATE tasks SET headers = 'no JSON' WHERE headers IS NOT NULL");
    await isFoundAndMended("unreadable");
    expect(await stateOf(broker, items[0]?.message ?? { id: "", queue: "" })).toBe("archived");
    expect((await claimedOne(broker)).message.id).toBe(idsOf(items)[1]);
  });

  it("frees locks whose owner is gone or took another lock, and leaves the others", async () => {
    const owner = unique(placedNow({ type: "kept" }));
    await broker.enqueue([owner]);
    const until = clock.now() + 60_000;
    const insert = raw.prepare("INSERT INTO locks VALUES ('default', ?, ?, ?)");
    insert.run("gone:", "nobody", until);
    insert.run("other:", owner.message.id, until);
    insert.run("over:", "nobody", clock.now() - 1);
    await isFoundAndMended("lock_without_task", "lock_without_task");
    expect(raw.prepare("SELECT scope FROM locks ORDER BY scope").all()).toHaveLength(2);
  });

  it("counts again what was counted wrong, and names a queue that is not known", async () => {
    await settled(broker, await enqueuedAndClaimed(broker), { kind: "archived", error: "x" });
    await broker.enqueue([placedNow({ queue: "other" }), placedNow({ queue: "other" })]);
    raw.exec("UPDATE queues SET pending = 7, archived = 0 WHERE name = 'default'");
    raw.exec("DELETE FROM queues WHERE name = 'other'");
    await isFoundAndMended("queue_unknown", "wrong_counts");
    expect((await broker.queue("default"))?.counts).toMatchObject({ pending: 0, archived: 1 });
    expect((await broker.queue("other"))?.counts).toMatchObject({ pending: 2 });
  });
});
