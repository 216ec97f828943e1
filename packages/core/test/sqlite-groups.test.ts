import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { beforeEach, describe, expect, it } from "vitest";
import type { Broker } from "../src/broker/broker.ts";
import type { AggregationSet } from "../src/broker/group-facet.ts";
import { sqliteBroker } from "../src/broker/sqlite/index.ts";
import { aTask } from "./support/builders.ts";
import { FakeClock } from "./support/fake-clock.ts";

/** What lies in the file while groups are collected; the promises behind it are in the broker contract. */
describe("groups in SQLite", () => {
  let path: string;
  let broker: Broker;
  let clock: FakeClock;

  beforeEach(() => {
    const folder = mkdtempSync(join(tmpdir(), "hikyaku-sqlite-groups-"));
    path = join(folder, "tasks.db");
    clock = new FakeClock();
    broker = sqliteBroker({ path, clock });
    return async () => {
      await broker.close();
      rmSync(folder, { recursive: true });
    };
  });

  async function group(...ids: string[]): Promise<void> {
    await broker.enqueue(ids.map((id) => ({ message: aTask({ id, group: "letters" }), placement: { kind: "group" } })));
    clock.advance(60_000);
  }

  async function taken(): Promise<AggregationSet> {
    const limits = { maxSize: undefined, maxDelayMs: undefined, gracePeriodMs: 60_000 };
    const set = await broker.collect({ queue: "default", group: "letters", limits, holdMs: 120_000 });
    if (set === undefined) throw new Error("expected a ripe group");
    return set;
  }

  function change(sql: string, ...values: string[]): void {
    const raw = new DatabaseSync(path);
    raw.prepare(sql).run(...values);
    raw.close();
  }

  it("archives a row that is no message as it is, and aggregates the rest", async () => {
    await group("good", "bad");
    change("UPDATE tasks SET headers = 'nonsense' WHERE id = ?", "bad");
    const set = await taken();
    expect(set.messages.map(({ id }) => id)).toEqual(["good"]);
    expect(set.setAside).toMatchObject([{ queue: "default", taskId: "bad", reason: "unreadable" }]);
    expect(await broker.finish(set, undefined)).toMatchObject({ kind: "finished" });
    expect((await broker.queue("default"))?.counts).toMatchObject({ aggregating: 0, archived: 1 });
  });

  it("removes what is left of a large set whose process died while it removed the rows", async () => {
    await group("one", "two");
    const { setId } = await taken();
    change("UPDATE aggregation_sets SET deadline_at = NULL WHERE set_id = ?", setId);
    expect(await broker.reclaim("default", 10)).toEqual({ sets: 0, tasks: 0 });
    expect(await broker.get("default", ["one", "two"])).toEqual([undefined, undefined]);
    expect((await broker.queue("default"))?.counts).toMatchObject({ aggregating: 0 });
    const raw = new DatabaseSync(path);
    expect(raw.prepare("SELECT count(*) AS count FROM aggregation_sets").get()).toEqual({ count: 0 });
    raw.close();
  });

  it("keeps a set over a restart, and takes it back on time", async () => {
    await group("one");
    const set = await taken();
    await broker.close();
    broker = sqliteBroker({ path, clock });
    expect(await broker.groups("default")).toEqual([]);
    clock.advance(120_000);
    expect(await broker.reclaim("default", 10)).toEqual({ sets: 1, tasks: 1 });
    expect(await broker.finish(set, undefined)).toEqual({ kind: "lost" });
    expect(await broker.groups("default")).toMatchObject([{ group: "letters", size: 1 }]);
  });
});
