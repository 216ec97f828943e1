import { JOB_ID_PATTERN } from "@hikyaku/contract";
import { expect, it } from "vitest";
import { newJobId, readJobId } from "./job-id.ts";

it("makes ids that the server takes, each another one, which sort by time", () => {
  const ids = Array.from({ length: 100 }, (_, index) => newJobId(1_790_000_000_000 + index));
  for (const id of ids) expect(id).toMatch(JOB_ID_PATTERN);
  expect(new Set(ids).size).toBe(100);
  expect(ids.toSorted()).toEqual(ids);
  expect(ids[0]?.slice(0, 13)).toBe("01a0c450-6c00");
  expect(ids[0]?.[14]).toBe("7");
});

it.each([
  ["  01a0c4a3-8c00-7000-8000-000000000001\n", "01a0c4a3-8c00-7000-8000-000000000001"],
  [" 01A0C4A3-8C00-7000-8000-00000000000F ", "01a0c4a3-8c00-7000-8000-00000000000f"],
  ["Job-A", "Job-A"],
  ["ｊｏｂ-1", "job-1"],
  ["", undefined],
  [" ", undefined],
  ["a,b", undefined],
  ["a b", undefined],
  ["x".repeat(201), undefined],
])("reads %j as the id %j", (text, id) => {
  expect(readJobId(text)).toBe(id);
});
