import { describe, expect, it } from "vitest";
import type { TaskMessage } from "../../broker/task-message.ts";
import { HikyakuError } from "../../errors.ts";
import { defaultMessage } from "../../task/default-message.ts";
import { decideOutcome, defaultRetryDelayMs, type OutcomePolicy, type Verdict, verdictAfterAbort } from "./outcome.ts";
import { Revoke, SkipRetry } from "./verdict-errors.ts";

const now = 1_800_000_000_000;
const policy: OutcomePolicy = {
  retryDelayMs: () => 7_000,
  isFailure: () => true,
  maxLostAttempts: 3,
  cancelledTasks: "archive",
};

function aMessage(overrides: Partial<TaskMessage> = {}): TaskMessage {
  const message = { id: "1", type: "email:send", queue: "default", maxRetry: 25, timeoutMs: 60_000 };
  return defaultMessage({ ...message, ...overrides });
}

function outcomeOf(verdict: Verdict, message: Partial<TaskMessage> = {}, own: Partial<OutcomePolicy> = {}) {
  return decideOutcome(aMessage(message), verdict, { ...policy, ...own }, now, () => 0);
}

/** Things that throw when they are looked at. */
const trapped = (): never => {
  throw new Error("do not look");
};
const traps: unknown[] = [
  Object.defineProperty({}, "toJSON", { get: trapped }),
  Object.defineProperty(new Error("x"), "message", { get: trapped }),
  Object.defineProperty(new Error("x"), "name", { get: trapped }),
  Object.defineProperty(new Error("x"), "cause", { get: trapped }),
  new Proxy(new Error("x"), { getPrototypeOf: trapped, get: trapped }),
];

const failed = (error: unknown): Verdict => ({ kind: "failure", error });

describe("what becomes of a task", () => {
  it("is done after success, and completed with its result when it has a retention", () => {
    const result = new Uint8Array([1]);
    expect(outcomeOf({ kind: "success", result })).toEqual({ kind: "done" });
    expect(outcomeOf({ kind: "success", result }, { retentionMs: 1 })).toEqual({ kind: "completed", result });
  });

  it("is a counted retry after any thrown value, at the policy's moment, with its text", () => {
    expect(outcomeOf(failed(new Error("boom")))).toEqual({
      kind: "retry",
      at: now + 7_000,
      counted: true,
      error: "boom",
    });
    for (const thrown of [undefined, null, 0, "text", { a: 1 }, Symbol("s"), () => 1, Object.create(null), ...traps]) {
      expect(outcomeOf(failed(thrown))).toMatchObject({ kind: "retry", error: expect.any(String) });
    }
  });

  it("is archived when its retries are used up, also with none to begin with", () => {
    expect(outcomeOf(failed(new Error("boom")), { retried: 25 })).toEqual({ kind: "archived", error: "boom" });
    expect(outcomeOf(failed("boom"), { maxRetry: 0 })).toEqual({ kind: "archived", error: "boom" });
  });

  it("is archived by SkipRetry and done by Revoke, also when they are the cause of another error", () => {
    expect(outcomeOf(failed(new SkipRetry("no use")))).toEqual({ kind: "archived", error: "no use" });
    expect(outcomeOf(failed(new Error("wrapped", { cause: new SkipRetry() })))).toEqual({
      kind: "archived",
      error: "wrapped",
    });
    expect(outcomeOf(failed(new Revoke()))).toEqual({ kind: "done" });
    expect(outcomeOf(failed(new Error("wrapped", { cause: new Revoke() })), { retried: 25 })).toEqual({ kind: "done" });
  });

  it("is a retry without limit, spending nothing, while the error is declared no failure", () => {
    const own = { isFailure: () => false };
    expect(outcomeOf(failed("not now"), { retried: 25 }, own)).toMatchObject({ kind: "retry", counted: false });
    expect(outcomeOf(failed(new SkipRetry()), {}, own)).toMatchObject({ kind: "archived" });
  });

  it("is handed back when its worker died, until that happened too often while it ran alone", () => {
    expect(outcomeOf({ kind: "lost", lostAttempts: 1, lostAlone: 0 }, { maxRetry: 0 })).toEqual({
      kind: "handed_back",
    });
    expect(outcomeOf({ kind: "lost", lostAttempts: 9, lostAlone: 0 })).toEqual({ kind: "handed_back" });
    expect(outcomeOf({ kind: "lost", lostAttempts: 4, lostAlone: 2 })).toEqual({ kind: "handed_back" });
    expect(outcomeOf({ kind: "lost", lostAttempts: 5, lostAlone: 3 })).toEqual({
      kind: "archived",
      error: "asynq: task lease expired: its worker died or stalled 3 times while it ran alone",
    });
  });

  it("is a counted retry after many deaths where nobody ever ran it alone, and archived when there is none left", () => {
    const verdict: Verdict = { kind: "lost", lostAttempts: 12, lostAlone: 2 };
    const error = "asynq: task lease expired: its worker died or stalled 10 times, and nobody ran it alone";
    expect(outcomeOf(verdict, {}, { isFailure: () => false })).toMatchObject({ kind: "retry", counted: true, error });
    expect(outcomeOf(verdict, { retried: 25 })).toEqual({ kind: "archived", error });
  });

  it("is archived when it was cancelled, or a counted retry where the server is told so", () => {
    const verdict: Verdict = { kind: "cancelled", error: new Error("stop"), stored: "context canceled" };
    expect(outcomeOf(verdict)).toEqual({ kind: "archived", error: "context canceled" });
    expect(outcomeOf(verdict, {}, { cancelledTasks: "retry" })).toMatchObject({
      kind: "retry",
      counted: true,
      error: "context canceled",
    });
    expect(outcomeOf(verdict, { retried: 25 }, { cancelledTasks: "retry" })).toMatchObject({ kind: "archived" });
  });

  it("is handed back unfinished and archived when hopeless", () => {
    expect(outcomeOf({ kind: "unfinished" })).toEqual({ kind: "handed_back" });
    expect(outcomeOf({ kind: "hopeless", error: new HikyakuError("invalid_payload", "no fit") })).toEqual({
      kind: "archived",
      error: "no fit",
    });
  });
});

describe("the verdict of a handler that threw after its signal fired", () => {
  const reason = new Error("stop");

  it("carries the wire format's text when it only passes the abort on", () => {
    const passedOn = { kind: "failure", error: reason };
    expect(verdictAfterAbort(reason, "deadline", reason)).toEqual({ ...passedOn, stored: "context deadline exceeded" });
    const abortError = new DOMException("aborted", "AbortError");
    expect(verdictAfterAbort(abortError, "cancelled", reason)).toEqual({
      kind: "cancelled",
      error: reason,
      stored: "context canceled",
    });
    const wrapped = new Error("query failed", { cause: reason });
    expect(verdictAfterAbort(wrapped, "deadline", reason)).toMatchObject({ stored: "context deadline exceeded" });
  });

  it("is the handler's own where it says something else", () => {
    const own = new SkipRetry("final");
    expect(verdictAfterAbort(own, "cancelled", reason)).toEqual({ kind: "failure", error: own });
    expect(verdictAfterAbort("other", "deadline", reason)).toEqual({ kind: "failure", error: "other" });
  });

  it("stays cancelled whatever else is thrown, and keeps what that was", () => {
    const own = new Error("connection cut");
    expect(verdictAfterAbort(own, "cancelled", reason)).toEqual({
      kind: "cancelled",
      error: own,
      stored: "context canceled: connection cut",
    });
  });

  it("blames nobody when the server stops, except that final words hold", () => {
    expect(verdictAfterAbort(new Error("cut off"), "shutdown", reason)).toEqual({ kind: "unfinished" });
    expect(verdictAfterAbort(new Revoke(), "shutdown", reason)).toMatchObject({ kind: "failure" });
  });
});

describe("the default retry delay", () => {
  const delaySeconds = (retried: number, random: number): number =>
    defaultRetryDelayMs({ type: "t", queue: "q", taskId: "1", retried, maxRetry: 25, error: undefined }, () => random) /
    1_000;

  it.each([
    [0, 15, 44],
    [1, 16, 74],
    [2, 31, 118],
    [5, 640, 814],
    [24, 331_791, 332_516],
  ])("after %i retries lies between %i and %i seconds", (retried, least, most) => {
    expect(delaySeconds(retried, 0)).toBe(least);
    expect(delaySeconds(retried, 0.999_999)).toBe(most);
  });

  it("is at most 292 years, so that there is a date for every retry", () => {
    expect(delaySeconds(2_147_483_646, 0)).toBe(9_223_372_036);
    expect(new Date(Date.now() + 1_000 * delaySeconds(2_147_483_646, 0)).getFullYear()).toBeLessThan(3_000);
  });
});
