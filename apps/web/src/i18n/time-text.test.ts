import { describe, expect, it } from "vitest";
import { distanceText, momentText } from "./time-text.ts";

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

  it("shows the date only when it is another day", () => {
    const noon = new Date(2026, 0, 15, 12, 0, 0).getTime();
    expect(momentText(noon + 5000, noon, "en-GB")).toBe("12:00:05");
    expect(momentText(noon + 24 * 3600 * 1000, noon, "en-GB")).toBe("16 Jan 2026, 12:00:00");
  });
});
