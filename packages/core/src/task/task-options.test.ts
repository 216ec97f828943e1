import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isHikyakuError } from "../errors.ts";
import { type EnqueueOptions, resolveOptions, resolveTaskOptions, type TaskOptions } from "./task-options.ts";

const now = Date.UTC(2026, 0, 1);
const resolve = (options?: EnqueueOptions, task: TaskOptions = {}) =>
  resolveOptions(resolveTaskOptions(task), options, now);

/** The message with which these options, right or wrong in type, are refused. */
function refusal(options: Record<string, unknown>): string {
  try {
    resolve(options as EnqueueOptions);
  } catch (error) {
    if (isHikyakuError(error, "invalid_option")) return error.message;
    throw error;
  }
  throw new Error("expected a refusal");
}

describe("resolveOptions", () => {
  it("fills in the library's defaults", () => {
    expect(resolve()).toEqual({
      queue: "default",
      maxRetry: 25,
      timeoutMs: 1_800_000,
      deadlineAt: undefined,
      retentionMs: 0,
      uniqueForMs: undefined,
      group: "",
      headers: {},
      taskId: undefined,
      dueAt: now,
      placement: { kind: "now" },
    });
  });

  it("takes the definition's options, and those of the call before them", () => {
    const task: TaskOptions = { queue: "critical", maxRetry: 5, timeout: "30s", retention: "1h", uniqueFor: "1m" };
    expect(resolve(undefined, task)).toMatchObject({ queue: "critical", maxRetry: 5, timeoutMs: 30_000 });
    expect(resolve({ queue: "low", maxRetry: 0, timeout: "1m", retention: "0s" }, task)).toMatchObject({
      queue: "low",
      maxRetry: 0,
      timeoutMs: 60_000,
      retentionMs: 0,
      uniqueForMs: 60_000,
    });
  });

  it("takes an option that is undefined for one that is left out", () => {
    const options = { queue: undefined, in: undefined, at: undefined, taskId: undefined } as unknown as EnqueueOptions;
    expect(resolve(options, { queue: "critical" })).toEqual(resolve(undefined, { queue: "critical" }));
  });

  it("limits an attempt to 30 minutes only where neither timeout nor deadline does", () => {
    const deadline = new Date(now + 60_000);
    expect(resolve({ deadline })).toMatchObject({ timeoutMs: 0, deadlineAt: now + 60_000 });
    expect(resolve({ deadline, timeout: "5s" })).toMatchObject({ timeoutMs: 5_000, deadlineAt: now + 60_000 });
    expect(resolve({ deadline }, { timeout: "5s" })).toMatchObject({ timeoutMs: 5_000, deadlineAt: now + 60_000 });
  });

  it("places a task now, at its moment, or in its group", () => {
    expect(resolve({ in: "3m" })).toMatchObject({ dueAt: now + 180_000, placement: { kind: "at", at: now + 180_000 } });
    expect(resolve({ at: new Date(now + 1) }).placement).toEqual({ kind: "at", at: now + 1 });
    expect(resolve({ group: "g" }).placement).toEqual({ kind: "group" });
    expect(resolve({ group: "g", in: "1s" })).toMatchObject({ group: "g", placement: { kind: "at", at: now + 1_000 } });
  });

  it("takes a moment that has passed, and no delay, for now", () => {
    expect(resolve({ at: new Date(now - 1) })).toMatchObject({ dueAt: now, placement: { kind: "now" } });
    expect(resolve({ at: new Date(now) }).placement).toEqual({ kind: "now" });
    expect(resolve({ in: "0s" }).placement).toEqual({ kind: "now" });
  });

  it("adds the call's headers to the definition's, which they win over", () => {
    const { headers } = resolve({ headers: { b: "call", c: "" } }, { headers: { a: "task", b: "task" } });
    expect(headers).toEqual({ a: "task", b: "call", c: "" });
    expect(Object.isFrozen(headers)).toBe(true);
  });

  it("keeps a header that is named like a part of every object", () => {
    const headers = JSON.parse('{"__proto__":"x"}') as Record<string, string>;
    expect(Object.entries(resolve({ headers }).headers)).toEqual([["__proto__", "x"]]);
  });

  it.each([
    [{ maxRetry: -1 }, 'option "maxRetry": expected a whole number from 0 to 2147483647, got -1'],
    [{ maxRetry: 2 ** 31 }, "got 2147483648"],
    [{ maxRetry: 1.5 }, "got 1.5"],
    [{ maxRetry: "3" }, 'got "3"'],
    [{ queue: " " }, 'option "queue": expected a text that is not blank, got " "'],
    [{ queue: "a{b" }, "a queue name without { and }"],
    [{ queue: "a}b" }, "a queue name without { and }"],
    [{ queue: "q".repeat(1_025) }, "at most 1024 bytes in UTF-8, got 1025"],
    [{ queue: "飛".repeat(342) }, "at most 1024 bytes in UTF-8, got 1026"],
    [{ queue: "\ud800" }, "valid Unicode"],
    [{ queue: 7 }, 'option "queue": expected a text, got 7'],
    [{ taskId: "" }, 'option "taskId": expected a text that is not blank'],
    [{ group: "" }, 'option "group": expected a text that is not blank'],
    [{ group: "g:0199e0a4-6b52-7c1e-9f57-2d8c4be0f3aa" }, "does not end in a colon and a UUID"],
    [{ timeout: "0s" }, 'option "timeout": expected more than 0'],
    [{ timeout: 30 }, 'option "timeout": expected a duration'],
    [{ timeout: "300000d" }, "292 years"],
    [{ uniqueFor: "999ms" }, 'option "uniqueFor": expected at least one second, got "999ms"'],
    [{ in: "-1s" }, 'option "in": expected a duration'],
    [{ in: "1s", at: new Date(now) }, 'options "in" and "at": expected one of them, got both'],
    [{ at: new Date(Number.NaN) }, 'option "at": expected a valid Date before the year 10000, got an invalid Date'],
    [{ at: now }, 'option "at": expected a Date'],
    [{ at: new Date(8.64e15) }, "before the year 10000"],
    [{ deadline: new Date(now) }, "it could never run"],
    [{ deadline: new Date(now + 1_000), in: "2s" }, "it could never run"],
    [{ headers: { a: 1 } }, 'option "headers.a": expected a text, got 1'],
    [{ headers: { a: "\udc00" } }, "valid Unicode"],
    [{ headers: { a: "x".repeat(65_536) } }, "at most 65536 bytes"],
    [{ headers: [] }, 'option "headers": expected an object of texts'],
    [{ retries: 3 }, 'enqueue: unknown option "retries"'],
    [{ max_retry: 3 }, 'unknown option "max_retry"; did you mean "maxRetry"?'],
    [{ quue: "x" }, 'did you mean "queue"?'],
    [{ delay: "1s" }, "known are queue, maxRetry"],
  ])("refuses %j", (options, message) => {
    expect(refusal(options)).toContain(message);
  });

  it("gives back every valid choice unchanged, and never one that is due in the past", () => {
    const name = fc.stringMatching(/^[a-z][a-z:_ -]{0,30}$/);
    const seconds = fc.integer({ min: 1, max: 1_000_000 });
    fc.assert(
      fc.property(
        fc.record({ queue: name, taskId: name, maxRetry: fc.nat(), timeout: seconds, in: seconds, retention: seconds }),
        (choice) => {
          const resolved = resolve({
            ...choice,
            timeout: `${choice.timeout}s`,
            in: { ms: choice.in },
            retention: `${choice.retention}s`,
          });
          expect(resolved).toMatchObject({
            queue: choice.queue,
            taskId: choice.taskId,
            maxRetry: choice.maxRetry,
            timeoutMs: choice.timeout * 1_000,
            retentionMs: choice.retention * 1_000,
            dueAt: now + choice.in,
          });
        },
      ),
    );
  });

  it("answers any input with options or with invalid_option", () => {
    const odd = fc.oneof(fc.anything(), fc.date({ noInvalidDate: false }), fc.string({ unit: "binary" }));
    const name = fc.constantFrom(
      "queue",
      "maxRetry",
      "timeout",
      "deadline",
      "retention",
      "in",
      "at",
      "taskId",
      "group",
    );
    fc.assert(
      fc.property(name, odd, (option, value) => {
        try {
          const resolved = resolve({ [option]: value });
          expect(resolved.dueAt).toBeGreaterThanOrEqual(now);
          expect(resolved.queue.isWellFormed()).toBe(true);
        } catch (error) {
          if (!isHikyakuError(error, "invalid_option")) throw error;
        }
      }),
    );
  });
});
