import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, it, onTestFinished, vi } from "vitest";
import { sqliteBroker } from "../src/broker/sqlite/index.ts";
import { claimed, handlesOnly, leaseMs, placedAt, placedNow } from "./support/builders.ts";
import { FakeClock } from "./support/fake-clock.ts";

/** What of a plan grows with the number of tasks: all rows, all rows of a queue, or all rows of a state to be sorted. */
const grows = /^SCAN tasks|tasks_by_id \(queue=\?\)$|^USE TEMP B-TREE FOR ORDER BY$/;
/** Statements that stop after a few rows, or sort no more than a few, and so do not grow all the same. */
const bounded = [/ORDER BY number DESC LIMIT \?/, /AND due_at <= \? ORDER BY due_at, number LIMIT \?/];

const archive = { maxAgeMs: 1_000, maxCount: 1 };

it("asks SQLite for nothing in the course of work whose cost grows with the number of tasks", async () => {
  const folder = mkdtempSync(join(tmpdir(), "hikyaku-plans-"));
  const path = join(folder, "hikyaku.db");
  const clock = new FakeClock();
  const asked = new Set<string>();
  const { prepare } = DatabaseSync.prototype;
  const spy = vi.spyOn(DatabaseSync.prototype, "prepare");
  spy.mockImplementation(function (this: DatabaseSync, sql) {
    asked.add(sql);
    return prepare.call(this, sql);
  });
  const broker = sqliteBroker({ path, clock });
  onTestFinished(async () => {
    spy.mockRestore();
    await broker.close();
    rmSync(folder, { recursive: true });
  });

  await broker.enqueue(Array.from({ length: 40 }, () => placedNow()));
  await broker.enqueue([placedAt(clock.now() + 1_000), placedNow({ id: "named" }), placedNow({ type: "other" })]);
  const retry = { kind: "retry", at: clock.now() + 500, counted: true, error: "no" } as const;
  for (const outcome of [{ kind: "done" }, retry, { kind: "archived", error: "no" }] as const) {
    const tasks = await claimed(broker, { limit: 3 });
    await broker.settle(tasks.map((task) => ({ task, outcome })));
  }
  const held = await claimed(broker, { limit: 2, handles: handlesOnly(["other"]) });
  await broker.extend(
    held.map(({ lease }) => lease),
    clock.now() + leaseMs,
  );
  clock.advance(leaseMs * 3);
  await broker.forwardDue({ queue: "default", limit: 10 });
  await broker.takeOver({ queue: "default", limit: 10, serverId: "s2", leaseMs });
  await broker.sweep("default", 10, archive);
  await broker.standing("default", "named");
  let cursor: string | undefined;
  do {
    const request = { queue: "default", limit: 10, repair: true, readMessages: false, archive, graceMs: 0 };
    ({ nextCursor: cursor } = await broker.reconcile(cursor === undefined ? request : { ...request, cursor }));
  } while (cursor !== undefined);

  spy.mockRestore();
  const db = new DatabaseSync(path);
  onTestFinished(() => db.close());
  const growing: string[] = [];
  for (const sql of asked) {
    if (!/\btasks\b/.test(sql) || /^\s*(CREATE|ALTER|PRAGMA)/.test(sql) || bounded.some((known) => known.test(sql)))
      continue;
    const plan = db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all();
    const bad = plan.map(({ detail }) => String(detail)).filter((detail) => grows.test(detail));
    if (bad.length > 0) growing.push(`${bad.join("; ")}: ${sql}`);
  }
  expect(growing).toEqual([]);
  expect([...asked].filter((sql) => /\btasks\b/.test(sql)).length).toBeGreaterThan(25);
});
