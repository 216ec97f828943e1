import { describe, expect, it } from "vitest";
import { FakeClock } from "../../../test/support/fake-clock.ts";
import type { LogFields, Logger } from "../../runtime/logger.ts";
import { TaskLog } from "./task-log.ts";

function setup() {
  const clock = new FakeClock();
  const lines: { level: string; message: string; fields: LogFields | undefined }[] = [];
  const add = (level: string) => (message: string, fields?: LogFields) => void lines.push({ level, message, fields });
  const logger: Logger = { debug: add("debug"), info: add("info"), warn: add("warn"), error: add("error") };
  return { clock, lines, log: new TaskLog(logger, clock) };
}

describe("the log of single tasks", () => {
  it("says how many lines of which type it left out, at the level of the lines, when ten seconds are over", () => {
    const { clock, lines, log } = setup();
    for (let index = 0; index < 1_000; index++) log.warn("archived", { type: "t", taskId: `${index}` });
    expect(lines).toHaveLength(20);
    clock.advance(10_000);
    expect(lines).toHaveLength(21);
    expect(lines[20]).toEqual({
      level: "warn",
      message: "archived: 980 more such lines were left out",
      fields: { leftOut: 980, byType: { t: 980 }, forMs: 10_000 },
    });
    log.warn("archived", { type: "t" });
    expect(lines[21]).toMatchObject({ message: "archived" });
  });

  it("writes the first line of a type also when another type has used up the lines", () => {
    const { lines, log } = setup();
    for (let index = 0; index < 100; index++) log.warn("archived", { type: "noisy" });
    log.warn("archived", { type: "rare" });
    expect(lines.at(-1)).toMatchObject({ message: "archived", fields: { type: "rare" } });
  });

  it("stays bounded where each task has a type of its own, and loses count of none", () => {
    const { clock, lines, log } = setup();
    for (let index = 0; index < 5_000; index++) log.info("failed", { type: `type-${index}` });
    clock.advance(10_000);
    expect(lines).toHaveLength(51);
    const told = lines.at(-1)?.fields?.["byType"] as Record<string, number>;
    expect(Object.keys(told)).toHaveLength(51);
    expect(Object.values(told).reduce((sum, count) => sum + count, 0)).toBe(4_950);
  });

  it("counts each wording for itself, and tells at once when it is flushed", () => {
    const { clock, lines, log } = setup();
    for (let index = 0; index < 30; index++) {
      log.warn("archived", { type: "t" });
      log.info("failed", { type: "t" });
    }
    log.flush();
    expect(lines.slice(40)).toMatchObject([
      { level: "warn", message: "archived: 10 more such lines were left out" },
      { level: "info", message: "failed: 10 more such lines were left out" },
    ]);
    clock.advance(60_000);
    expect(lines).toHaveLength(42);
  });

  it("tells before the next line when the ten seconds are over and nobody woke the timer", () => {
    const { lines, log, clock } = setup();
    log.warn("archived", { type: "t" });
    clock.advance(9_000);
    for (let index = 0; index < 19; index++) log.warn("archived", { type: "t" });
    clock.advance(2_000);
    log.warn("archived", { type: "t" });
    expect(lines).toHaveLength(21);
  });
});
