import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { ServerClock } from "./server-clock.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date", "performance"], now: Date.parse("2026-11-28T10:00:00Z") });
});
afterEach(() => {
  vi.useRealTimers();
});

const textOf = (clock: ServerClock) => new Date(clock.nowMs()).toISOString();

it("is the browser's clock until the server has told, then the server's", () => {
  const clock = new ServerClock();
  expect(textOf(clock)).toBe("2026-11-28T10:00:00.000Z");
  const sentAtMs = performance.now();
  vi.advanceTimersByTime(200);
  clock.observe("2026-11-28T12:30:00.000Z", sentAtMs);
  expect(textOf(clock)).toBe("2026-11-28T12:30:00.100Z");
});

it("goes on evenly when the browser's clock is set, and does not tremble with each answer", () => {
  const clock = new ServerClock();
  clock.observe("2026-11-28T12:30:00.000Z", performance.now());
  vi.setSystemTime("2020-01-01T00:00:00Z");
  vi.advanceTimersByTime(5000);
  expect(textOf(clock)).toBe("2026-11-28T12:30:05.000Z");
  const sentAtMs = performance.now();
  vi.advanceTimersByTime(100);
  clock.observe("2026-11-28T12:30:05.020Z", sentAtMs);
  expect(textOf(clock)).toBe("2026-11-28T12:30:05.100Z");
});
