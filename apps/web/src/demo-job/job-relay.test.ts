import { describe, expect, it } from "vitest";
import { anAttempt, at, aView, aWorker, START_MS } from "../../test/a-view.ts";
import { cardOf } from "./job-card-state.ts";
import { relayOf } from "./job-relay.ts";
import type { SessionJob } from "./session-jobs.ts";

const fresh = { queue: undefined, answeredAtMs: START_MS, failure: undefined, silentUntilMs: undefined };
const backingOff = (until: number) => ({ reason: "backing_off", since: null, until: at(until) }) as const;

function relay(job: Partial<SessionJob>, seconds: number) {
  const whole: SessionJob = { jobId: "job-1", request: {}, sentAtMs: START_MS, fate: "registered", ...job };
  const nowMs = START_MS + seconds * 1000;
  return relayOf(whole, cardOf(whole, fresh, nowMs), nowMs);
}
const seen = (view: Parameters<typeof aView>[0], seconds = 0) => relay({ view: aView(view) }, seconds);

/** One word a segment: what its line is like, and what it is about. */
const drawn = (segments: ReturnType<typeof relay>) =>
  segments.map(({ line, label }) => `${line}:${label.code}${label.code === "attempt" ? ` ${label.number}` : ""}`);
const lengths = (segments: ReturnType<typeof relay>) =>
  segments.map(({ lead }) => ("ms" in lead ? lead.ms : undefined));
const courierAt = (segments: ReturnType<typeof relay>) => segments.findIndex(({ courier }) => courier);

describe("the relay of a job", () => {
  it("is divided at now while it counts down, and the courier goes on", () => {
    const early = seen({}, 19);
    expect(drawn(early)).toEqual(["wait:waited", "wait:to_its_time", "ahead:prints"]);
    expect(lengths(early)).toEqual([19_000, 161_000, undefined]);
    expect(courierAt(early)).toBe(0);
    expect(seen({}, 90)[0]?.weight).toBeGreaterThan(early[0]?.weight ?? 0);
    expect(early.at(-1)?.takers).toBe(1);
  });

  it("shows how long nobody has taken it", () => {
    const segments = seen({ state: "pending", waiting: { reason: "no_worker", since: at(180), until: null } }, 255);
    expect(drawn(segments)).toEqual(["wait:waited", "wait:due", "ahead:prints"]);
    expect(segments[1]?.lead).toEqual({ kind: "so_far", ms: 75_000 });
    expect(segments[2]?.lead).toEqual({ kind: "obstacle", state: "no_worker" });
  });

  it("shows who runs it, where, and since when", () => {
    const running = { started_at: at(180.013), worker: aWorker, lost: false, lease_ends_at: null };
    const segments = seen({ state: "active", running }, 181.013);
    expect(drawn(segments)).toEqual(["wait:waited", "wait:after_its_time", "running:attempt 1"]);
    expect(lengths(segments)).toEqual([180_000, 13, 1000]);
    expect(segments[2]?.worker?.pid).toBe(3286);
    expect(courierAt(segments)).toBe(2);
  });

  it("shows a run whose start is not told yet", () => {
    const running = { started_at: null, worker: null, lost: false, lease_ends_at: null };
    const segments = seen({ state: "active", running }, 181);
    expect(drawn(segments)).toEqual(["wait:waited", "running:attempt 1"]);
    expect(segments[1]?.lead).toEqual({ kind: "none" });
  });

  it("shows each attempt with its end, and the next one", () => {
    const attempts = [anAttempt(1, "retry", [180, 180.021]), anAttempt(2, "retry", [221, 221.018])];
    const segments = seen({ state: "retry", retried: 2, attempts, waiting: backingOff(271) }, 233.018);
    expect(drawn(segments)).toEqual([
      "wait:waited",
      "failed:attempt 1",
      "wait:backed_off",
      "failed:attempt 2",
      "wait:backed_off",
      "ahead:attempt 3",
    ]);
    expect(segments[3]?.sameWorker).toBe(true);
    expect(lengths(segments).at(-1)).toBe(37_982);
  });

  it("numbers the attempts as the API does, also those that used up no retry", () => {
    const attempts = [anAttempt(1, "handed_back", [180, 181]), anAttempt(2, "completed", [182, 183])];
    const segments = seen({ state: "completed", attempts, printed_at: at(183) }, 200);
    expect(drawn(segments)).toEqual([
      "wait:waited",
      "handed_back:attempt 1",
      "wait:between",
      "ok:attempt 2",
      "end:printed",
    ]);
  });

  it("numbers an attempt that was lost before any retry was used up", () => {
    const attempts = [anAttempt(1, "lost", [180, 181])];
    const segments = seen({ state: "pending", retried: 0, attempts }, 182);
    expect(drawn(segments)).toContain("failed:attempt 1");
    expect(drawn(segments).at(-1)).toBe("ahead:attempt 2");
  });

  it("draws the first and the last of many attempts, and counts those between", () => {
    const attempts = Array.from({ length: 9 }, (_, index) =>
      anAttempt(index + 1, "retry", [180 + index, 180.5 + index]),
    );
    const segments = seen({ state: "archived", max_retry: 8, retried: 8, attempts, archived_at: at(189) }, 200);
    expect(drawn(segments)).toEqual([
      "wait:waited",
      "failed:attempt 1",
      "wait:more_attempts",
      "failed:attempt 9",
      "end:archived",
    ]);
    expect(segments[2]?.label).toEqual({ code: "more_attempts", count: 7 });
  });

  it("leaves out what lies before the attempts that are still told", () => {
    const attempts = [anAttempt(31, "retry", [180, 181]), anAttempt(32, "archived", [190, 191])];
    const segments = seen({ state: "archived", max_retry: 31, retried: 31, attempts, archived_at: at(191) }, 200);
    expect(drawn(segments)[0]).toBe("failed:attempt 31");
  });

  it("stops at the store for a job that is not known to be registered", () => {
    const failure = { reason: "store_silent", waitedMs: 5000, atMs: START_MS + 5000 } as const;
    const perhaps = relay({ fate: "perhaps", failure }, 20);
    expect(drawn(perhaps)).toEqual(["wait:no_answer", "wait:waiting_if_stored", "ahead:prints_if_stored"]);
    expect(perhaps[0]).toMatchObject({ courier: true, atMs: START_MS, note: "sent" });
    const refused = relay({ fate: "not_stored", failure: { ...failure, reason: "store_away" } }, 20);
    expect(drawn(refused)).toEqual(["wait:refused", "wait:waiting", "ahead:prints"]);
    expect(refused[2]?.lead).toEqual({ kind: "none" });
  });

  it("of a job from elsewhere tells nothing that is not known", () => {
    const segments = relay({ elsewhere: true, view: aView({ registered_at: null, due_at: null }) }, 20);
    expect(segments[0]).toMatchObject({ lead: { kind: "none" }, note: undefined });
  });
});
