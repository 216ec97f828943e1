import { describe, expect, it } from "vitest";
import { anAttempt, at, aView, aWorker, START_MS } from "../../test/a-view.ts";
import { cardOf } from "./job-card-state.ts";
import type { FollowState } from "./job-follower.ts";
import type { SessionJob } from "./session-jobs.ts";

const fresh: FollowState = {
  queue: { paused: false, workers: 1 },
  answeredAtMs: START_MS,
  failure: undefined,
  silentUntilMs: undefined,
};
const stale: FollowState = { ...fresh, failure: { kind: "unreachable" } };
const afterSeconds = (seconds: number) => START_MS + seconds * 1000;
const waiting = (reason: "not_due" | "backing_off", until: number) => ({ reason, since: null, until: at(until) });

const aJob = (more: Partial<SessionJob> = {}): SessionJob => ({
  jobId: "job-1",
  request: { message: "hello" },
  sentAtMs: START_MS,
  fate: "registered",
  ...more,
});
const seen = (view: Parameters<typeof aView>[0], seconds = 0, follow = fresh) =>
  cardOf(aJob({ view: aView(view) }), follow, afterSeconds(seconds));

describe("the card of a job says", () => {
  it("that it is on its way, perhaps stored, or not stored", () => {
    expect(cardOf(aJob({ fate: "sending" }), fresh, START_MS).state).toBe("sending");
    const failure = { reason: "store_silent", waitedMs: 5000, atMs: START_MS } as const;
    expect(cardOf(aJob({ fate: "perhaps", failure }), fresh, START_MS)).toEqual({
      state: "perhaps",
      sentence: { code: "perhaps" },
      message: "hello",
    });
    expect(cardOf(aJob({ fate: "perhaps", missingSinceMs: 1 }), fresh, START_MS).sentence.code).toBe("perhaps_missing");
    const away = { ...failure, reason: "store_away" as const };
    expect(cardOf(aJob({ fate: "not_stored", failure: away }), fresh, START_MS)).toMatchObject({
      state: "not_stored",
      sentence: { code: "not_stored", reason: "store_away" },
    });
  });

  it("that the store answers again, once the server has said so since", () => {
    const failure = { reason: "store_away", waitedMs: 5, atMs: START_MS } as const;
    const job = aJob({ fate: "not_stored", failure });
    const wellAt = (storeWellAtMs: number) => cardOf(job, { ...fresh, storeWellAtMs }, afterSeconds(20)).sentence.code;
    expect(wellAt(afterSeconds(-1))).toBe("not_stored");
    expect(wellAt(afterSeconds(10))).toBe("store_back");
  });

  it("when it prints, before the server told anything of it and afterwards", () => {
    const counting = { code: "counting", inMs: 161_000, atMs: afterSeconds(180), but: undefined };
    expect(cardOf(aJob(), fresh, afterSeconds(19)).sentence).toEqual(counting);
    expect(seen({ waiting: waiting("not_due", 180) }, 19)).toMatchObject({ state: "scheduled", sentence: counting });
  });

  it("before its time already that nobody will take it", () => {
    expect(seen({ waiting: waiting("not_due", 180), workers: 0 }).sentence).toMatchObject({ but: "no_worker" });
    const paused = { ...fresh, queue: { paused: true, workers: 1 } };
    expect(seen({ waiting: waiting("not_due", 180) }, 0, paused).sentence).toMatchObject({ but: "queue_paused" });
  });

  it.each([
    ["queue_paused", "paused"],
    ["no_worker", "no_worker"],
    ["workers_quiet", "quiet"],
    ["type_not_handled", "not_handled"],
    ["runs_apart", "waiting"],
    ["workers_busy", "waiting"],
    ["in_line", "waiting"],
  ] as const)("why it waits once its time has come: %s", (reason, state) => {
    const card = seen({ state: "pending", waiting: { reason, since: at(180), until: null } }, 255);
    expect(card).toMatchObject({ state, sentence: { code: "due", forMs: 75_000, why: reason } });
  });

  it("that nobody takes it, also while the store has not moved it into the line", () => {
    const view = { state: "scheduled", waiting: waiting("not_due", 180), workers: 0 } as const;
    expect(seen(view, 190)).toMatchObject({
      state: "no_worker",
      sentence: { code: "due", forMs: 10_000, why: "no_worker" },
    });
    const moved = { ...view, waiting: { reason: "no_worker", since: at(180), until: null } } as const;
    expect(seen(moved, 190).state).toBe("no_worker");
    expect(seen({ ...view, workers: 1 }, 181)).toMatchObject({ state: "waiting", sentence: { why: "in_line" } });
  });

  it("that it is to run apart, also once a worker holds it", () => {
    const view = {
      state: "active",
      running: null,
      waiting: { reason: "runs_apart", since: null, until: null },
    } as const;
    expect(seen(view, 200)).toMatchObject({ state: "waiting", sentence: { code: "due", why: "runs_apart" } });
  });

  it("where it runs, and that its worker is not heard of any more", () => {
    const run = { started_at: at(180), worker: aWorker, lost: false, lease_ends_at: at(210) };
    expect(seen({ state: "active", running: run }, 181)).toMatchObject({
      state: "running",
      sentence: { code: "running", attempt: 1, of: 11, worker: { pid: 3286 } },
    });
    expect(seen({ state: "active", running: { ...run, lost: true } }, 205)).toMatchObject({
      state: "lost",
      sentence: { code: "lost", untilMs: afterSeconds(210) },
    });
  });

  it("who takes what a lost worker ran, once its lease has ended, and no promise that is past", () => {
    const run = { started_at: at(180), worker: aWorker, lost: true, lease_ends_at: at(210) };
    expect(seen({ state: "active", running: run, workers: 0 }, 215)).toMatchObject({
      state: "no_worker",
      sentence: { code: "due", forMs: 5000, why: "no_worker" },
    });
    const about = { state: "lost", sentence: { code: "lost_due", worker: { pid: 3286 } } };
    expect(seen({ state: "active", running: run, workers: 1 }, 215)).toMatchObject(about);
    expect(seen({ state: "active", running: run, workers: null }, 215).sentence).toMatchObject({
      code: "lost",
      untilMs: undefined,
    });
  });

  it("which attempt failed and when the next one comes", () => {
    const attempts = [anAttempt(1, "retry", [180, 181]), anAttempt(2, "lost", [200, 231])];
    expect(seen({ state: "retry", retried: 2, attempts, waiting: waiting("backing_off", 269) }, 231)).toMatchObject({
      state: "retry",
      sentence: { code: "backing_off", attempt: 2, of: 11, outcome: "lost", inMs: 38_000, atMs: afterSeconds(269) },
    });
  });

  it("that nobody takes the next attempt either", () => {
    const due = { reason: "no_worker", since: at(220), until: null } as const;
    const attempts = [anAttempt(1, "retry", [180, 181])];
    expect(seen({ state: "retry", retried: 1, attempts, waiting: due }, 231)).toMatchObject({
      state: "no_worker",
      sentence: { code: "due_again", attempt: 2, of: 11, why: "no_worker" },
    });
  });

  it("who printed it, and how long after its time", () => {
    const attempts = [anAttempt(1, "completed", [180.013, 180.017])];
    expect(seen({ state: "completed", attempts, printed_at: at(180.015) }).sentence).toEqual({
      code: "printed",
      atMs: afterSeconds(180.015),
      worker: aWorker,
      lateMs: 15,
      attempt: 1,
    });
    const twice = [anAttempt(1, "retry", [180, 181]), anAttempt(2, "completed", [199, 200])];
    const second = { state: "completed", attempts: twice, printed_at: at(200), retried: 1 } as const;
    expect(seen(second).sentence).toMatchObject({ lateMs: undefined, attempt: 2 });
  });

  it("that it was printed at its time where the moment tells no more", () => {
    for (const printed of [180, 179.999]) {
      const attempts = [anAttempt(1, "completed", [printed, printed])];
      expect(seen({ state: "completed", attempts, printed_at: at(printed) }).sentence).toMatchObject({ lateMs: 0 });
    }
  });

  it("after which attempt it was archived", () => {
    const card = seen({ state: "archived", max_retry: 2, retried: 2, archived_at: at(92) });
    expect(card.sentence).toEqual({ code: "archived", atMs: afterSeconds(92), attempt: 3, of: 3 });
  });

  it("that the store does not hold it any more", () => {
    expect(cardOf(aJob({ missingSinceMs: 1, view: aView() }), fresh, START_MS).state).toBe("not_kept");
  });

  it("nothing that it can't know: after its time, without an answer", () => {
    const view = aView({ waiting: waiting("not_due", 180) });
    expect(cardOf(aJob({ view }), stale, afterSeconds(170)).state).toBe("scheduled");
    expect(cardOf(aJob({ view }), stale, afterSeconds(185))).toMatchObject({
      state: "unknown",
      sentence: { code: "overdue_unseen", dueMs: afterSeconds(180), seenMs: START_MS },
    });
  });
});
