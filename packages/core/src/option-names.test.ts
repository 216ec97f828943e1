import { describe, expect, it } from "vitest";
import { nearestName, refuseUnknownOptions, shown } from "./option-names.ts";

const known = new Set(["queue", "maxRetry", "timeout", "uniqueFor", "in", "at"]);

describe("option names", () => {
  it.each([
    ["Queue", "queue"],
    ["queu", "queue"],
    ["uqeue", "queue"],
    ["max_retry", "maxRetry"],
    ["max-retries", "maxRetry"],
    ["timeOut", "timeout"],
    ["uniqeFor", "uniqueFor"],
  ])("takes %s for %s", (name, meant) => {
    expect(nearestName(name, known)).toBe(meant);
  });

  it("guesses nothing for a name that is far from all", () => {
    expect(nearestName("priority", known)).toBeUndefined();
    expect(() => refuseUnknownOptions("enqueue", { priority: 1 }, known)).toThrow(
      'enqueue: unknown option "priority"; known are queue, maxRetry, timeout, uniqueFor, in, at',
    );
  });

  it("shows any value shortly", () => {
    const cycle: unknown[] = [];
    cycle.push(cycle);
    expect([undefined, -0.5, 10n, () => 1, new Date(Number.NaN), cycle, Symbol("x")].map(shown)).toEqual([
      "nothing",
      "-0.5",
      "10",
      "a function",
      "an invalid Date",
      "a value of type object",
      "Symbol(x)",
    ]);
    expect(shown("x".repeat(200)).length).toBeLessThan(120);
  });
});
