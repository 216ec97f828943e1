import { TestClock } from "hikyaku/testing";
import { expect, it } from "vitest";

it("stands still until it is moved, and then fires each timer at its own moment, those of the background at the end", () => {
  const clock = new TestClock(new Date("2026-03-01T12:00:00Z"));
  const fired: string[] = [];
  const note = (name: string) => () => fired.push(`${name} ${new Date(clock.now()).toISOString().slice(11, 19)}`);
  clock.setTimer(note("late"), 60_000);
  clock.setTimer(note("early"), 1_000);
  clock.background.setTimer(note("background"), 2_000);
  const cancelled = clock.setTimer(note("cancelled"), 1_500);
  cancelled.cancel();
  expect(clock.nextTimerAt()).toBe(Date.parse("2026-03-01T12:00:01Z"));
  clock.advance("1m");
  expect(fired).toEqual(["early 12:00:01", "late 12:01:00", "background 12:01:00"]);
  expect(clock.monotonic()).toBe(60_000);
  clock.advanceTo(new Date("2026-03-01T13:00:00Z"));
  expect(new Date(clock.now()).toISOString()).toBe("2026-03-01T13:00:00.000Z");
});

it("leaves the timers of the background out where it is asked for the next one", () => {
  const clock = new TestClock();
  clock.background.setTimer(() => undefined, 5);
  expect(clock.nextTimerAt()).toBeUndefined();
  expect(clock.nextTimerAt({ background: true })).toBe(clock.now() + 5);
  expect(clock.timers).toBe(1);
});

it("never goes back", () => {
  const clock = new TestClock(1_000);
  expect(() => clock.advanceTo(999)).toThrow("expected a moment from 1970-01-01T00:00:01.000Z on");
  expect(() => clock.advance({ ms: -1 })).toThrow('option "by"');
});
