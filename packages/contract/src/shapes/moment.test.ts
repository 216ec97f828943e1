import { expect, it } from "vitest";
import { moment, momentText } from "./moment.ts";

it.each([
  [0, "1970-01-01T00:00:00.000Z"],
  [253_402_300_799_999, "9999-12-31T23:59:59.999Z"],
  [253_402_300_800_000, "9999-12-31T23:59:59.999Z"],
  [Number.POSITIVE_INFINITY, "9999-12-31T23:59:59.999Z"],
  [-1e18, "0001-01-01T00:00:00.000Z"],
  [new Date(8.64e15), "9999-12-31T23:59:59.999Z"],
  [new Date(-8.64e15), "0001-01-01T00:00:00.000Z"],
])("the moment %s is told as RFC 3339 can say it", (at, text) => {
  expect(moment.parse(momentText(at))).toBe(text);
});
