import { describe, expect, it } from "vitest";
import { nextAskInMs, type PaceFacts, withAsk } from "./follow-pace.ts";

const facts = (more: Partial<PaceFacts> = {}): PaceFacts => ({
  nowMs: 0,
  changedAtMs: 0,
  expectedAtMs: [],
  askedAtMs: [],
  failures: 0,
  silentUntilMs: undefined,
  ...more,
});

/** Asks as often as the pace allows for an hour, and returns when. `tell` says what each question meets. */
function askedInAnHour(tell: (nowMs: number) => Partial<PaceFacts>): readonly number[] {
  let askedAtMs: readonly number[] = [];
  for (let nowMs = 0; nowMs < 3_600_000; ) {
    askedAtMs = withAsk(askedAtMs, nowMs);
    nowMs += nextAskInMs(facts({ nowMs, askedAtMs, ...tell(nowMs) }));
  }
  return askedAtMs;
}

const mostInAMinute = (askedAtMs: readonly number[]) =>
  Math.max(...askedAtMs.map((from) => askedAtMs.filter((atMs) => atMs >= from && atMs < from + 60_000).length));

describe("the page asks what became of its jobs", () => {
  it("each second while something happens, and ever less while nothing does", () => {
    expect(nextAskInMs(facts())).toBe(1000);
    expect(nextAskInMs(facts({ nowMs: 40_000 }))).toBe(5000);
    expect(nextAskInMs(facts({ nowMs: 900_000 }))).toBe(15_000);
  });

  it("right after a job's time, and each second until its end is known", () => {
    const quiet = { nowMs: 100_000, changedAtMs: 0 };
    expect(nextAskInMs(facts({ ...quiet, expectedAtMs: [103_000] }))).toBe(3150);
    expect(nextAskInMs(facts({ ...quiet, expectedAtMs: [99_000] }))).toBe(1000);
    expect(nextAskInMs(facts({ ...quiet, expectedAtMs: [80_000] }))).toBe(12_500);
  });

  it("slower when no answer comes, and not before the server wants to be asked again", () => {
    expect([1, 2, 3, 4, 9].map((failures) => nextAskInMs(facts({ failures })))).toEqual([
      2000, 4000, 8000, 15_000, 15_000,
    ]);
    expect(nextAskInMs(facts({ failures: 1, silentUntilMs: 37_000 }))).toBe(37_000);
  });

  it("never more than 30 times a minute and 900 times an hour, whatever happens", () => {
    const busy = askedInAnHour((nowMs) => ({ changedAtMs: nowMs, expectedAtMs: [nowMs] }));
    expect(mostInAMinute(busy)).toBeLessThanOrEqual(30);
    expect(busy.length).toBeLessThanOrEqual(900);
    const soon = askedInAnHour((nowMs) => ({ changedAtMs: nowMs, expectedAtMs: [nowMs + 1] }));
    expect(mostInAMinute(soon)).toBeLessThanOrEqual(30);
    expect(soon.length).toBeLessThanOrEqual(900);
  });

  it("some 240 times an hour while nothing changes", () => {
    expect(askedInAnHour(() => ({ changedAtMs: 0 })).length).toBeLessThan(290);
  });
});
