import { describe, expect, it } from "vitest";
import { durationMs } from "./duration.ts";
import { retryDelayFunction } from "./task/retry-delay.ts";

describe("a duration", () => {
  it("is at most 292 years, which every date can be moved by", () => {
    expect(durationMs("in", { ms: 9_223_372_036_000 })).toBe(9_223_372_036_000);
    for (const ms of [9_223_372_036_001, Number.MAX_SAFE_INTEGER, Number.POSITIVE_INFINITY]) {
      expect(() => durationMs("in", { ms })).toThrow(/option "in": expected at most 9223372036000 ms \(292 years\)/);
    }
    expect(() => retryDelayFunction("retryDelay", ["1s", "300000d"])).toThrow(/retryDelay\[1\].*292 years/);
  });
});
