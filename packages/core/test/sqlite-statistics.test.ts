import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, it, onTestFinished } from "vitest";
import { sqliteBroker } from "../src/broker/sqlite/index.ts";
import { noCounts } from "../src/broker/statistics-counts.ts";
import { periodBegin } from "../src/broker/statistics-resolution.ts";
import { FakeClock } from "./support/fake-clock.ts";

const hourMs = 3_600_000;
const archive = { maxCount: 10, maxAgeMs: 90 * 24 * hourMs };

it("a sweep removes statistics that are kept no more, some with each, and those of a clock that was ahead", async () => {
  const folder = mkdtempSync(join(tmpdir(), "hikyaku-statistics-"));
  const path = join(folder, "tasks.db");
  const clock = new FakeClock();
  const broker = sqliteBroker({ path, clock });
  const db = new DatabaseSync(path);
  onTestFinished(async () => {
    db.close();
    await broker.close();
    rmSync(folder, { recursive: true });
  });
  let sequence = 0;
  const count = async (at = clock.now()): Promise<void> => {
    const minute = periodBegin("minute", at);
    const cells = ["default", "low"].map((queue) => ({ queue, type: "mail", minute, counts: noCounts() }));
    await broker.addStatistics({ writer: "a", sequence: ++sequence, cells });
  };
  const rows = (resolution: string): number =>
    Number(db.prepare("SELECT count(*) AS count FROM statistics WHERE resolution = ?").get(resolution)?.["count"]);
  await count();
  clock.advance(9 * hourMs);
  await count();
  // Each of two queues has a row for the type, and one for all types.
  expect([rows("minute"), rows("ten_minutes")]).toEqual([8, 8]);
  await broker.sweep("default", 3, archive);
  expect(rows("minute")).toBe(5);
  await broker.sweep("default", 100, archive);
  expect([rows("minute"), rows("ten_minutes")]).toEqual([4, 8]);
  const days = rows("day");
  await count(clock.now() + 100 * 24 * hourMs);
  expect([rows("minute"), rows("ten_minutes"), rows("day")]).toEqual([8, 12, days + 4]);
  await broker.sweep("default", 100, archive);
  expect([rows("minute"), rows("ten_minutes"), rows("day")]).toEqual([4, 8, days]);
});
