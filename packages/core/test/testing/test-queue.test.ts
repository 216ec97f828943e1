import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import {
  Client,
  defineTask,
  type HandlerContext,
  isHikyakuError,
  parseResult,
  Schedules,
  type Server,
  SkipRetry,
  sleep,
} from "hikyaku";
import { type TestQueue, type TestQueueOptions, testQueue } from "hikyaku/testing";
import { describe, expect, expectTypeOf, it, onTestFinished } from "vitest";
import { z } from "zod";

const mail = defineTask({ type: "email:send", payload: z.object({ user: z.number() }) });
const report = defineTask({ type: "report:make", result: z.object({ pages: z.number() }), retention: "1h" });

const noon = new Date("2026-03-01T12:00:00.250Z");

async function aQueue(options: TestQueueOptions = {}): Promise<TestQueue> {
  const queue = await testQueue({ now: noon, ...options });
  onTestFinished(() => queue.close());
  return queue;
}

/** Seconds after the start of the test's time, for each attempt. */
function moments(queue: TestQueue): number[] {
  return queue.attempts().map(({ startedAt }) => (startedAt.getTime() - noon.getTime()) / 1_000);
}

function stopped({ signal }: Pick<HandlerContext, "signal">): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

describe("what a handler says of its task", () => {
  it("is read from the queue's client, while the handler runs and after", async () => {
    const queue = await aQueue({
      register: (server) =>
        server.handle(report, async ({ progress, log }) => {
          progress(50);
          log("half", { pages: 1 });
          await sleep(queue.clock, 60_000);
          log("all");
          return { pages: 2 };
        }),
    });
    const task = await queue.client.enqueue(report);
    await queue.advance("2s");
    expect(await queue.client.progress(task)).toMatchObject({ done: 50, total: 100 });
    expect((await queue.client.log(task)).lines).toMatchObject([{ number: 1, text: "half", fields: { pages: 1 } }]);
    await queue.advance("2m");
    expect((await queue.client.log(task)).lines.map(({ text }) => text)).toEqual(["half", "all"]);
  });
});

describe("drain", () => {
  it("runs what waits and what that enqueues, and nothing before it is asked", async () => {
    const ran: string[] = [];
    const queue = await aQueue({
      register: (server) =>
        server
          .handle(mail, async ({ payload }) => {
            ran.push(`mail ${payload.user}`);
            if (payload.user === 1) await queue.client.enqueue(mail, { user: 3 });
          })
          .handle(report, () => {
            ran.push("report");
            return { pages: 2 };
          }),
    });
    await queue.client.enqueue(mail, { user: 1 });
    await queue.client.enqueue(report);
    expect(ran).toEqual([]);
    const attempts = await queue.drain();
    expect(ran).toEqual(["mail 1", "report", "mail 3"]);
    expect(attempts).toMatchObject([
      { type: "email:send", attempt: 1, outcome: "done" },
      { type: "report:make", outcome: "completed" },
      { type: "email:send", outcome: "done" },
    ]);
    expect(await queue.drain()).toEqual([]);
  });

  it("leaves time where it is: failed tasks wait for their retry, scheduled ones for their moment", async () => {
    const queue = await aQueue({
      register: (server) => server.handle(mail, () => Promise.reject(new Error("boom"))),
    });
    const failed = await queue.client.enqueue(mail, { user: 1 });
    const later = await queue.client.enqueue(mail, { user: 2 }, { in: "1ms" });
    expect(await queue.drain()).toMatchObject([{ taskId: failed.id, outcome: "retry", error: "boom" }]);
    expect(queue.attempts()[0]?.thrown).toEqual(new Error("boom"));
    expect(queue.clock.now()).toBe(noon.getTime());
    expect((await queue.stored(failed))?.state).toBe("retry");
    expect((await queue.stored(later))?.state).toBe("scheduled");
  });

  it("waits for handlers that do something real", async () => {
    const http = createServer((_, response) => setTimeout(() => response.end("hello"), 150)).listen(0, "127.0.0.1");
    onTestFinished(() => void http.close());
    await new Promise((resolve) => http.once("listening", resolve));
    const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
    const answers: string[] = [];
    const queue = await aQueue({
      register: (server) => server.handle(mail, async () => void answers.push(await (await fetch(url)).text())),
    });
    await queue.client.enqueue(mail, { user: 1 });
    await queue.drain();
    expect(answers).toEqual(["hello"]);
  });

  it("ends at its limit when a task enqueues itself", async () => {
    const again = defineTask({ type: "again" });
    const queue = await aQueue({
      register: (server) => server.handle(again, async () => void (await queue.client.enqueue(again))),
    });
    await queue.client.enqueue(again);
    const error = await queue.drain({ limit: 10 }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "wrong_state" });
    expect(String(error)).toMatch(/10 attempts were run without time moving on.*"again".*limit/);
  });

  it("names the task whose handler does not end, and what to do", async () => {
    const queue = await aQueue({ register: (server) => server.handle(mail, (context) => stopped(context)) });
    const { id } = await queue.client.enqueue(mail, { user: 1 });
    const error = await queue.drain({ within: "50ms" }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "deadline_exceeded" });
    expect(String(error)).toContain(`"email:send" (task ${id})`);
    expect(String(error)).toContain("advance");
  });

  it("refuses to pass over a queue where its own tasks wait", async () => {
    const queue = await aQueue({ register: (server) => server.handle(mail, () => undefined) });
    await queue.client.enqueue(mail, { user: 1 }, { queue: "critical" });
    await expect(queue.advance("1m")).rejects.toThrow('waits in queue "critical"');
    await expect(queue.drain()).rejects.toThrow(/"email:send" waits in queue "critical".*queues: \{ "critical": 1 \}/);
  });

  it("leaves tasks of others alone", async () => {
    const queue = await aQueue({ register: (server) => server.handle(mail, () => undefined) });
    const foreign = await queue.client.enqueue(report);
    await queue.client.enqueue(mail, { user: 1 });
    expect(await queue.drain()).toHaveLength(1);
    expect((await queue.stored(foreign))?.state).toBe("pending");
  });

  it("leaves a paused queue alone until it is resumed", async () => {
    const queue = await aQueue({ register: (server) => server.handle(mail, () => undefined) });
    await queue.client.enqueue(mail, { user: 1 });
    await queue.broker.pause("default");
    expect(await queue.drain()).toEqual([]);
    await queue.broker.resume("default");
    expect(await queue.drain()).toHaveLength(1);
  });

  it("needs a handler", async () => {
    const queue = await aQueue();
    await expect(queue.drain()).rejects.toMatchObject({ code: "invalid_option" });
  });

  it.each([1, 7, 64, 200])("runs hundreds of tasks with a concurrency of %i", async (concurrency) => {
    const queue = await aQueue({
      server: { concurrency },
      register: (server) =>
        server.handle(mail, async ({ payload }) => {
          if (payload.user < 150) await queue.client.enqueue(mail, { user: payload.user + 150 });
        }),
    });
    await queue.client.enqueueMany(Array.from({ length: 150 }, (_, user) => mail.with({ user })));
    expect(await queue.drain()).toHaveLength(300);
  });

  it("gives each queue its turn by the server's own rules", async () => {
    const queue = await aQueue({
      server: { queues: { low: 1, high: 5 }, strictPriority: true },
      register: (server) => server.handle(mail, () => undefined),
    });
    for (const name of ["low", "high", "low", "high"]) await queue.client.enqueue(mail, { user: 1 }, { queue: name });
    expect((await queue.drain()).map((attempt) => attempt.queue)).toEqual(["high", "high", "low", "low"]);
  });
});

describe("runNext", () => {
  it("runs the task that is next in line, and that one only", async () => {
    const queue = await aQueue({
      server: { concurrency: 8 },
      register: (server) => server.handle(mail, ({ payload }) => void seen.push(payload.user)),
    });
    const seen: number[] = [];
    for (const user of [1, 2, 3]) await queue.client.enqueue(mail, { user });
    expect(await queue.runNext()).toMatchObject({ type: "email:send", outcome: "done" });
    expect(seen).toEqual([1]);
    await queue.runNext();
    expect(seen).toEqual([1, 2]);
    await queue.drain();
    expect(seen).toEqual([1, 2, 3]);
    expect(await queue.runNext()).toBeUndefined();
    await queue.client.enqueue(mail, { user: 4 });
    expect(seen).toEqual([1, 2, 3]);
    expect(await queue.runNext()).toBeDefined();
    expect(seen).toEqual([1, 2, 3, 4]);
  });
});

describe("advance", () => {
  it("runs a scheduled task at its moment and not a millisecond before", async () => {
    const queue = await aQueue({ register: (server) => server.handle(mail, () => undefined) });
    await queue.client.enqueue(mail, { user: 1 }, { in: "3m" });
    expect(await queue.advance({ ms: 179_999 })).toEqual([]);
    expect(await queue.advance("1ms")).toMatchObject([{ outcome: "done" }]);
    expect(moments(queue)).toEqual([180]);
  });

  it("runs what waits before time moves, then everything at its own moment", async () => {
    const queue = await aQueue({
      register: (server) =>
        server.handle(mail, async ({ payload }) => {
          if (payload.user < 3) await queue.client.enqueue(mail, { user: payload.user + 1 }, { in: "90s" });
        }),
    });
    await queue.client.enqueue(mail, { user: 1 });
    await queue.client.enqueue(mail, { user: 10 }, { in: "100s" });
    await queue.advance("1h");
    expect(moments(queue)).toEqual([0, 90, 100, 180]);
    expect(queue.clock.now()).toBe(noon.getTime() + 3_600_000);
  });

  it("tries again after the server's delays, until the task is archived", async () => {
    const queue = await aQueue({
      server: { retryDelay: ({ retried }) => ({ ms: 1_000 * 10 ** retried }) },
      register: (server) => server.handle(mail, () => Promise.reject(new Error("boom"))),
    });
    const task = await queue.client.enqueue(mail, { user: 1 }, { maxRetry: 3 });
    await queue.advance("1d");
    expect(moments(queue)).toEqual([0, 1, 11, 111]);
    expect(queue.attempts(mail).map(({ attempt, outcome }) => [attempt, outcome])).toEqual([
      [1, "retry"],
      [2, "retry"],
      [3, "retry"],
      [4, "archived"],
    ]);
    expect((await queue.stored(task))?.message).toMatchObject({ retried: 3, lastError: "boom" });
  });

  it("ends an attempt at its timeout", async () => {
    const queue = await aQueue({ register: (server) => server.handle(mail, (context) => stopped(context)) });
    await queue.client.enqueue(mail, { user: 1 }, { timeout: "45s", maxRetry: 0 });
    expect(await queue.advance("44s")).toEqual([]);
    const [attempt] = await queue.advance("2s");
    expect(attempt).toMatchObject({ outcome: "archived", error: "context deadline exceeded" });
    expect(attempt?.endedAt).toEqual(new Date(noon.getTime() + 45_000));
  });

  it("settles for a handler that ignores its signal, after the server's grace", async () => {
    const release = Promise.withResolvers<void>();
    onTestFinished(() => release.resolve());
    const queue = await aQueue({
      server: { abortGrace: "7s" },
      patience: "5ms",
      register: (server) => server.handle(mail, () => release.promise),
    });
    await queue.client.enqueue(mail, { user: 1 }, { timeout: "10s" });
    const [attempt] = await queue.advance("20s");
    expect(attempt?.endedAt).toEqual(new Date(noon.getTime() + 17_000));
    release.resolve();
  });

  it("keeps the lease of a handler that takes its whole half hour", async () => {
    const queue = await aQueue({
      patience: "5ms",
      register: (server) => server.handle(mail, () => sleep(queue.clock, 29 * 60_000)),
    });
    await queue.client.enqueue(mail, { user: 1 });
    expect(await queue.advance("30m")).toMatchObject([{ attempt: 1, outcome: "done" }]);
    expect(queue.attempts()[0]?.endedAt).toEqual(new Date(noon.getTime() + 29 * 60_000));
  });

  it("can be called while a drain waits for a handler that looks at the clock", async () => {
    const queue = await aQueue({ register: (server) => server.handle(mail, () => sleep(queue.clock, 60_000)) });
    await queue.client.enqueue(mail, { user: 1 });
    const draining = queue.drain();
    await queue.advance("1m");
    expect(await draining).toMatchObject([{ outcome: "done" }]);
  });

  it("waits for a handler that does something real before it moves time on", async () => {
    const queue = await aQueue({
      patience: "5s",
      register: (server) => server.handle(mail, () => new Promise((resolve) => setTimeout(resolve, 120))),
    });
    await queue.client.enqueue(mail, { user: 1 }, { in: "1m" });
    const [attempt] = await queue.advance("1h");
    expect(attempt?.endedAt).toEqual(new Date(noon.getTime() + 60_000));
  });

  it("passes a year as fast as a minute", async () => {
    const queue = await aQueue({ register: (server) => server.handle(mail, () => undefined) });
    await queue.client.enqueue(mail, { user: 1 }, { in: "300d" });
    const startedAt = performance.now();
    expect(await queue.advance("365d")).toHaveLength(1);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });

  it("makes one task of a group when its time has come, and runs that", async () => {
    const digest = defineTask({ type: "email:digest", payload: z.object({ users: z.array(z.number()) }) });
    const queue = await aQueue({
      register: (server) =>
        server
          .aggregate(mail, ({ tasks }) => digest.with({ users: tasks.map(({ payload }) => payload.user) }), {
            gracePeriod: "30s",
          })
          .handle(digest, ({ payload }) => void digests.push(payload.users)),
    });
    const digests: number[][] = [];
    for (const user of [1, 2, 3]) await queue.client.enqueue(mail, { user }, { group: "team" });
    expect(await queue.drain()).toEqual([]);
    expect(await queue.advance("29s")).toEqual([]);
    await queue.advance("1h");
    expect(digests).toEqual([[1, 2, 3]]);
    expect(moments(queue)[0]).toBeGreaterThanOrEqual(30);
    expect(moments(queue)[0]).toBeLessThan(32);
    expect(queue.enqueued(digest)).toMatchObject([{ payload: { users: [1, 2, 3] } }]);
  });

  it("enqueues periodic tasks at their turns, and runs them there", async () => {
    const queue = await aQueue({
      register: (server) => server.handle(mail, () => undefined),
      scheduler: { timeZone: "Europe/Paris" },
      schedule: async (scheduler) => {
        await scheduler.register("0 9 * * *", mail.with({ user: 1 }));
        await scheduler.register("@every 36h", mail.with({ user: 2 }));
      },
    });
    await queue.advance("3d");
    expect(queue.attempts().map(({ startedAt }) => startedAt.toISOString())).toEqual([
      "2026-03-02T08:00:00.000Z",
      "2026-03-03T00:00:00.000Z",
      "2026-03-03T08:00:00.000Z",
      "2026-03-04T08:00:00.000Z",
      "2026-03-04T12:00:00.000Z",
    ]);
    expect(queue.enqueued(mail)).toHaveLength(5);
    const startedAt = performance.now();
    expect(await queue.advance("30d")).toHaveLength(50);
    expect(performance.now() - startedAt).toBeLessThan(3_000);
  });

  it("follows durable entries that are added while time stands still", async () => {
    const queue = await aQueue({
      register: (server) => server.handle(mail, () => undefined),
      schedule: () => undefined,
    });
    const schedules = new Schedules({ broker: queue.broker, clock: queue.clock });
    await schedules.add("hourly", "@hourly", mail.with({ user: 1 }));
    expect(await queue.advance("2h")).toHaveLength(2);
    await schedules.pause("hourly");
    expect(await queue.advance("2h")).toEqual([]);
  });

  it("fires timers of the test on the way, at their moment", async () => {
    const queue = await aQueue({ register: (server) => server.handle(mail, () => undefined) });
    const every = (): void => {
      queue.clock.setTimer(() => {
        void queue.client.enqueue(mail, { user: 1 });
        every();
      }, 60_000);
    };
    every();
    await queue.advance("3m");
    expect(moments(queue)).toEqual([60, 120, 180]);
  });

  it("drops what nothing keeps any more", async () => {
    const queue = await aQueue({ register: (server) => server.handle(report, () => ({ pages: 2 })) });
    const task = await queue.client.enqueue(report);
    await queue.drain();
    const stored = await queue.stored(task);
    expect(stored?.state).toBe("completed");
    expect(await parseResult(report, stored?.result)).toEqual({ pages: 2 });
    await queue.advance("59m");
    expect(await queue.stored(task)).toBeDefined();
    await queue.advance("2m");
    expect(await queue.stored(task)).toBeUndefined();
  });

  it("makes tasks due also where there is no handler", async () => {
    const queue = await aQueue();
    const task = await queue.client.enqueue(mail, { user: 1 }, { in: "3m", queue: "elsewhere" });
    await queue.advance("2m");
    expect((await queue.stored(task))?.state).toBe("scheduled");
    await queue.advanceTo(new Date(noon.getTime() + 180_000));
    expect((await queue.stored(task))?.state).toBe("pending");
    await expect(queue.advanceTo(noon)).rejects.toMatchObject({ code: "invalid_option" });
  });

  it("does not run what only the clock made due", async () => {
    const queue = await aQueue({ register: (server) => server.handle(mail, () => undefined) });
    await queue.client.enqueue(mail, { user: 1 }, { in: "1m" });
    await queue.client.enqueue(mail, { user: 2 });
    await queue.runNext();
    queue.clock.advance("2m");
    expect(queue.attempts()).toHaveLength(1);
    expect(await queue.drain()).toHaveLength(1);
    expect(moments(queue)).toEqual([0, 120]);
  });
});

describe("a test queue", () => {
  it("keeps uniqueness for its time", async () => {
    const queue = await aQueue();
    await queue.client.enqueue(mail, { user: 1 }, { uniqueFor: "1h" });
    const again = () => queue.client.enqueue(mail, { user: 1 }, { uniqueFor: "1h" });
    await expect(again()).rejects.toMatchObject({ code: "task_exists" });
    await queue.advance("1h");
    await expect(again()).resolves.toBeDefined();
  });

  it("cancels a running task from outside", async () => {
    const queue = await aQueue({
      server: { retryDelay: () => "1h" },
      register: (server) => server.handle(mail, (context) => stopped(context)),
    });
    const { id } = await queue.client.enqueue(mail, { user: 1 });
    const draining = queue.drain();
    await queue.advance("1s");
    await queue.broker.send({ kind: "cancel", taskId: id });
    expect(await draining).toMatchObject([{ outcome: "archived", error: "context canceled" }]);
  });

  it("tells what was enqueued, with types, whoever enqueued it", async () => {
    const queue = await aQueue();
    const other = new Client({ broker: queue.broker, clock: queue.clock });
    onTestFinished(() => other.close());
    await other.enqueue(mail, { user: 7 }, { in: "1m", headers: { tenant: "a" }, uniqueFor: "1h", maxRetry: 2 });
    await queue.client.enqueue(report, { month: "may" });
    const [first] = queue.enqueued(mail);
    expectTypeOf(first?.payload).toEqualTypeOf<{ user: number } | undefined>();
    expect(first).toMatchObject({
      type: "email:send",
      queue: "default",
      payload: { user: 7 },
      state: "scheduled",
      maxRetry: 2,
      enqueuedAt: noon,
      dueAt: new Date(noon.getTime() + 60_000),
      headers: { tenant: "a" },
      uniqueForMs: 3_600_000,
      timeoutMs: 1_800_000,
      retentionMs: 0,
      group: "",
    });
    expect(queue.enqueued()).toHaveLength(2);
    await expect(other.enqueue(mail, { user: 7 }, { uniqueFor: "1h" })).rejects.toMatchObject({ code: "task_exists" });
    expect(queue.enqueued()).toHaveLength(2);
  });

  it("passes the server's options on, and tells its own onError too", async () => {
    const errors: unknown[] = [];
    const queue = await aQueue({
      server: { onError: (error) => errors.push(error), isFailure: () => false },
      register: (server) => server.handle(mail, () => Promise.reject("not now")),
    });
    const task = await queue.client.enqueue(mail, { user: 1 });
    await queue.drain();
    expect(errors).toEqual(["not now"]);
    expect((await queue.stored(task))?.message.retried).toBe(0);
  });

  it("takes handlers by queue.server too, until the first run", async () => {
    const queue = await aQueue();
    expectTypeOf(queue.server).toEqualTypeOf<Server>();
    queue.server.handle(mail, () => undefined);
    await queue.client.enqueue(mail, { user: 1 });
    expect(await queue.drain()).toHaveLength(1);
    expect(() => queue.server.handle(report, () => ({ pages: 1 }))).toThrow("expected a server that was not started");
  });

  it("closes while a handler hangs, and handed its task back", async () => {
    const queue = await testQueue({
      register: (server) => server.handle(mail, () => new Promise<void>(() => undefined)),
    });
    await queue.client.enqueue(mail, { user: 1 });
    const draining = queue.drain({ within: "20ms" }).catch((error: unknown) => error);
    expect(await draining).toMatchObject({ code: "deadline_exceeded" });
    await queue.close();
    expect(queue.attempts()).toMatchObject([{ outcome: "handed_back" }]);
    await queue.close();
  });

  it("says when its server was stopped, instead of waiting", async () => {
    const queue = await aQueue({ register: (server) => server.handle(mail, () => undefined) });
    await queue.client.enqueue(mail, { user: 1 });
    queue.server.quiet();
    queue.server.start();
    queue.server.quiet();
    await expect(queue.drain()).rejects.toThrow("was it stopped?");
  });

  it.each([
    [{ mode: "auto" }, 'option "mode": expected "manual" or "inline", got "auto"'],
    [{ tasks: [] }, 'unknown option "tasks"'],
    [{ patience: 5 }, 'option "patience"'],
    [{ now: new Date("x") }, "expected a valid moment"],
  ])("refuses %j", async (options, message) => {
    await expect(testQueue(options as TestQueueOptions)).rejects.toThrow(message);
  });
});

describe("inline mode", () => {
  it("has run the task when enqueue comes back", async () => {
    const ran: number[] = [];
    const queue = await aQueue({
      mode: "inline",
      register: (server) => server.handle(mail, ({ payload }) => void ran.push(payload.user)),
    });
    await queue.client.enqueue(mail, { user: 1 });
    expect(ran).toEqual([1]);
    await queue.client.enqueueMany([mail.with({ user: 2 }), mail.with({ user: 3 })]);
    expect(ran).toEqual([1, 2, 3]);
  });

  it("rejects with what the handler throws; the task fails as it would elsewhere", async () => {
    const error = new TypeError("boom");
    const queue = await aQueue({
      mode: "inline",
      register: (server) =>
        server.handle(mail, ({ payload }) => {
          throw payload.user === 1 ? error : new SkipRetry("never");
        }),
    });
    await expect(queue.client.enqueue(mail, { user: 1 }, { taskId: "one" })).rejects.toBe(error);
    expect((await queue.stored({ id: "one", queue: "default" }))?.state).toBe("retry");
    await expect(queue.client.enqueue(mail, { user: 2 }, { taskId: "two" })).rejects.toBeInstanceOf(SkipRetry);
    expect((await queue.stored({ id: "two", queue: "default" }))?.state).toBe("archived");
  });

  it("runs what handlers enqueue, and throws through them", async () => {
    const queue = await aQueue({
      mode: "inline",
      register: (server) =>
        server
          .handle(report, async () => {
            await queue.client.enqueue(mail, { user: 13 });
            return { pages: 1 };
          })
          .handle(mail, () => Promise.reject(new Error("inner"))),
    });
    await expect(queue.client.enqueue(report)).rejects.toThrow("inner");
    expect(queue.attempts().map(({ type }) => type)).toEqual(["email:send", "report:make"]);
  });

  it("only enqueues what is due later; advance runs it", async () => {
    const queue = await aQueue({ mode: "inline", register: (server) => server.handle(mail, () => undefined) });
    await queue.client.enqueue(mail, { user: 1 }, { in: "1m" });
    expect(queue.attempts()).toEqual([]);
    expect(await queue.advance("1m")).toHaveLength(1);
  });

  it("refuses what the client refuses, without running anything", async () => {
    const queue = await aQueue({ mode: "inline", register: (server) => server.handle(mail, () => undefined) });
    const error = await queue.client.enqueue(mail, { user: "x" } as never).catch((thrown: unknown) => thrown);
    expect(isHikyakuError(error, "invalid_payload")).toBe(true);
    expect(queue.attempts()).toEqual([]);
  });
});
