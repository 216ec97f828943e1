import { expect, it } from "vitest";
import { parseRetryAfter } from "./retry-after.ts";

const now = Date.parse("2026-01-01T00:00:00Z");

it.each([
  ["0", 0],
  [" 37 ", 37],
  ["Thu, 01 Jan 2026 00:01:30 GMT", 90],
  ["Wed, 31 Dec 2025 23:59:00 GMT", 0],
  ["", undefined],
  ["soon", undefined],
  [null, undefined],
])("Retry-After %j means %s seconds", (header, seconds) => {
  expect(parseRetryAfter(header, now)).toBe(seconds);
});
