import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { systemClock } from "../runtime/clock.ts";
import { createTaskIds, taskIdsOf } from "./task-id.ts";

const uuidV7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe("task ids", () => {
  it("are version 7 UUIDs that carry the clock's milliseconds", () => {
    const id = createTaskIds(() => 1_700_000_000_123)();
    expect(id).toMatch(uuidV7);
    expect(Number.parseInt(id.replaceAll("-", "").slice(0, 12), 16)).toBe(1_700_000_000_123);
  });

  it("rise and never repeat, whatever the clock does", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -5_000, max: 5_000 }), { minLength: 2, maxLength: 300 }), (steps) => {
        let now = 1_700_000_000_000;
        const next = createTaskIds(() => now);
        const ids = steps.map((step) => {
          now += step;
          return next();
        });
        expect(new Set(ids).size).toBe(ids.length);
        expect(ids.toSorted()).toEqual(ids);
        for (const id of ids) expect(id).toMatch(uuidV7);
      }),
    );
  });

  it("rise and never repeat within one millisecond, past the counter's end", () => {
    const next = createTaskIds(() => 1_700_000_000_000);
    const ids = Array.from({ length: 20_000 }, next);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.toSorted()).toEqual(ids);
  });

  it("use every variant digit and do not share their random digits", () => {
    const ids = Array.from(
      { length: 2_000 },
      createTaskIds(() => 1_700_000_000_000),
    );
    expect(new Set(ids.map((id) => id[19])).size).toBe(4);
    expect(new Set(ids.map((id) => id.slice(20))).size).toBe(ids.length);
  });

  it("come from one generator per clock", () => {
    expect(taskIdsOf(systemClock)).toBe(taskIdsOf(systemClock));
  });
});
