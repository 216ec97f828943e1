import { describe, expect, it } from "vitest";
import { anAttempt, aView } from "../../test/a-view.ts";
import {
  afterAnswer,
  afterFailure,
  afterRegistration,
  canBeAsked,
  jobToSendAgain,
  LOOKED_FOR_MS,
  needsAsking,
  parseSessionJobs,
  SESSION_JOBS_KEPT,
  type SessionJob,
  sentJob,
  storedText,
  withJob,
} from "./session-jobs.ts";

const aJob = (jobId: string, more: Partial<SessionJob> = {}): SessionJob => ({
  jobId,
  request: { message: "hello" },
  sentAtMs: 1000,
  fate: "registered",
  ...more,
});
const call = { waitedMs: 1000, atMs: 2000, wasPerhaps: false };

describe("the jobs of a tab", () => {
  it("are the newest, the last one first", () => {
    const full = Array.from({ length: SESSION_JOBS_KEPT }, (_, index) => aJob(`old-${index}`));
    const next = withJob(full, aJob("new"));
    expect(next).toHaveLength(SESSION_JOBS_KEPT);
    expect(next[0]?.jobId).toBe("new");
    expect(next.at(-1)?.jobId).toBe(`old-${SESSION_JOBS_KEPT - 2}`);
  });

  it("come back from a reload with all that was known of them", () => {
    const jobs = [
      aJob("printed", { view: aView({ state: "completed" }) }),
      aJob("perhaps", { fate: "perhaps", failure: { reason: "store_silent", waitedMs: 5000, atMs: 6000 } }),
    ];
    expect(parseSessionJobs(storedText(jobs))).toEqual(jobs);
  });

  it("fit into a tab's storage, however long their errors are, and keep the one that is shown", () => {
    const failed = (number: number) => ({ ...anAttempt(number, "retry", [0, 1]), error: "x".repeat(10_000) });
    const view = aView({
      message: "y".repeat(4096),
      attempts: Array.from({ length: 20 }, (_, index) => failed(index + 1)),
    });
    const job = aJob("a", { request: { message: "y".repeat(4096) }, view });
    const text = storedText(Array.from({ length: SESSION_JOBS_KEPT }, () => job));
    expect(text.length).toBeLessThan(2_000_000);
    const errors = parseSessionJobs(text)[0]?.view?.attempts.map(({ error }) => error?.length);
    expect(errors?.at(-1)).toBe(2000);
    expect(errors?.length).toBe(20);
  });

  it("count as perhaps registered when a reload cut their call off", () => {
    const [job] = parseSessionJobs(JSON.stringify([sentJob("a", {}, 1000)]));
    expect(job).toMatchObject({ jobId: "a", fate: "perhaps", failure: { reason: "page_left" } });
  });

  it.each([null, "", "{", "{}", '[{"jobId":1}]'])("are none when %j is stored", (text) => {
    expect(parseSessionJobs(text)).toEqual([]);
  });

  it("survive an entry that can't be read", () => {
    expect(parseSessionJobs(JSON.stringify([{ jobId: 1 }, aJob("a")]))).toEqual([aJob("a")]);
  });
});

describe("a job that is perhaps registered", () => {
  const perhaps = aJob("a", { fate: "perhaps" });

  it("is sent again under its id by the same press, and another request is a new job", () => {
    expect(jobToSendAgain([perhaps], { message: "hello" })).toBe(perhaps);
    expect(jobToSendAgain([perhaps], { message: "hello", delay_seconds: 0 })).toBe(perhaps);
    expect(jobToSendAgain([perhaps], { message: "hello", delay_seconds: 5 })).toBeUndefined();
    expect(jobToSendAgain([afterRegistration(perhaps)], { message: "hello" })).toBeUndefined();
  });

  it("stays so when the next press stores nothing: the first one may have", () => {
    const again = afterFailure(
      { ...perhaps, fate: "sending" },
      { fate: "not_stored", reason: "store_away" },
      { ...call, wasPerhaps: true },
    );
    expect(again.fate).toBe("perhaps");
  });

  it("is registered as soon as the store is found to have it", () => {
    expect(afterAnswer(perhaps, aView({ state: "scheduled" }), 5000)).toMatchObject({
      fate: "registered",
      view: { state: "scheduled" },
    });
  });

  it("is looked for only for a while in a store that does not have it", () => {
    const missing = afterAnswer(perhaps, undefined, 5000);
    expect(missing.fate).toBe("perhaps");
    expect(needsAsking(missing, 5000 + LOOKED_FOR_MS)).toBe(true);
    expect(needsAsking(afterAnswer(missing, undefined, 9000), 5001 + LOOKED_FOR_MS)).toBe(false);
  });
});

describe("a job is asked about", () => {
  it("until it is printed, archived, not stored or no longer kept", () => {
    const now = 5000;
    for (const state of ["scheduled", "pending", "active", "retry"] as const) {
      expect(needsAsking(aJob("a", { view: aView({ state }) }), now), state).toBe(true);
    }
    expect(needsAsking(aJob("a", { view: aView({ state: "completed" }) }), now)).toBe(false);
    expect(needsAsking(aJob("a", { view: aView({ state: "archived" }) }), now)).toBe(false);
    expect(needsAsking(aJob("a", { fate: "not_stored" }), now)).toBe(false);
    expect(needsAsking(afterAnswer(aJob("a"), undefined, now), now)).toBe(false);
    expect(needsAsking(aJob("a"), now)).toBe(true);
    expect(needsAsking(sentJob("a", {}, 0), now), "its own call is under way").toBe(false);
  });

  it("an archived one is asked about all the same when others are: somebody may run it again", () => {
    expect(canBeAsked(aJob("a", { view: aView({ state: "archived" }) }))).toBe(true);
    expect(canBeAsked(aJob("a", { view: aView({ state: "completed" }) }))).toBe(false);
    expect(canBeAsked(sentJob("a", {}, 0))).toBe(false);
  });
});

it("a call that failed late does not take back what the follower found out", () => {
  const registered = aJob("a", { view: aView({ state: "scheduled" }) });
  expect(afterFailure(registered, { fate: "perhaps", reason: "no_answer" }, call)).toBe(registered);
});
