import { expect, it } from "vitest";
import { parseSessionJobs, SESSION_JOBS_KEPT, withSessionJob } from "./session-jobs.ts";

const aJob = (jobId: string) => ({ jobId, message: "hello", maxRetry: 10, dueAtMs: 0 });

it("puts the newest first and keeps only so many", () => {
  const full = Array.from({ length: SESSION_JOBS_KEPT }, (_, index) => aJob(`old-${index}`));
  const next = withSessionJob(full, aJob("new"));
  expect(next).toHaveLength(SESSION_JOBS_KEPT);
  expect(next[0]?.jobId).toBe("new");
  expect(next.at(-1)?.jobId).toBe(`old-${SESSION_JOBS_KEPT - 2}`);
});

it("reads back what was stored", () => {
  expect(parseSessionJobs(JSON.stringify([aJob("a")]))).toEqual([aJob("a")]);
});

it.each([null, "", "{", "{}", '[{"jobId":1}]'])("starts empty from %j", (text) => {
  expect(parseSessionJobs(text)).toEqual([]);
});
