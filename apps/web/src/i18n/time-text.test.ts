import { describe, expect, it } from "vitest";
import { en } from "./messages/en.ts";
import { ja } from "./messages/ja.ts";
import { distanceText, lengthText, momentText } from "./time-text.ts";

describe("times in words", () => {
  it.each([
    [1, "in 1 second"],
    [119, "in 119 seconds"],
    [180, "in 3 minutes"],
    [7200, "in 2 hours"],
    [31_536_000, "in 365 days"],
  ])("says %i seconds as %s", (seconds, text) => {
    expect(distanceText(seconds, "en")).toBe(text);
  });

  it("speaks Japanese", () => {
    expect(distanceText(180, "ja")).toBe("3 分後");
  });

  it("shows the date only when it is another day, and the year when it is another year", () => {
    const noon = new Date(2026, 0, 15, 12, 0, 0).getTime();
    expect(momentText(noon + 5000, noon, "en-GB")).toBe("12:00:05");
    expect(momentText(noon + 24 * 3600 * 1000, noon, "en-GB")).toBe("16 Jan, 12:00:00");
    expect(momentText(noon - 20 * 24 * 3600 * 1000, noon, "en-GB")).toBe("26 Dec 2025, 12:00:00");
  });

  it("shows the time of day as workers print it, also where people count to twelve", () => {
    const night = new Date(2026, 0, 15, 0, 0, 0, 13).getTime();
    expect(momentText(night, night, "en-US", true)).toBe("00:00:00.013");
    expect(momentText(night + 15 * 3_600_000, night, "en-US")).toBe("15:00:00");
  });

  it.each([
    [0, "0 ms", "0 ミリ秒"],
    [13.4, "13 ms", "13 ミリ秒"],
    [1000, "1 s", "1 秒"],
    [1549, "1.5 s", "1.5 秒"],
    [75_000, "75 s", "75 秒"],
    [161_000, "2 min 41 s", "2 分 41 秒"],
    [180_000, "3 min", "3 分"],
    [11_100_000, "3 h 5 min", "3 時間 5 分"],
    [31_536_000_000, "365 d", "365 日"],
  ])("says a length of %i ms as %s and %s", (ms, english, japanese) => {
    // A no-break space stands between number and unit.
    expect(lengthText(ms, en.jobs.units, "en").replaceAll("\u00a0", " ")).toBe(english);
    expect(lengthText(ms, ja.jobs.units, "ja").replaceAll("\u00a0", " ")).toBe(japanese);
  });
});
