import { expect, it } from "vitest";
import { dateOf } from "./date-of.ts";

it.each([
  [0, 0],
  [1e18, 8.64e15],
  [Number.POSITIVE_INFINITY, 8.64e15],
  [-1e18, -8.64e15],
])("the stored moment %s becomes a date that there is", (moment, ms) => {
  expect(dateOf(moment).getTime()).toBe(ms);
});
