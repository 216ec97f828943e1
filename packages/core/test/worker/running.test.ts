import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it, vi } from "vitest";
import { z } from "zod";
import type { Broker } from "../../src/broker/broker.ts";
import { isHikyakuError } from "../../src/errors.ts";
import { Inspector } from "../../src/inspector/inspector.ts";
import { rawBytes } from "../../src/task/payload.ts";
import { defineTask } from "../../src/task/task.ts";
import type { HandlerContext } from "../../src/worker/handling/handler-context.ts";
import { Revoke, SkipRetry } from "../../src/worker/handling/verdict-errors.ts";
import { bytes, placedNow, stateOf, stored } from "../support/builders.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { flakyBroker } from "./flaky-broker.ts";
import { aClient, aServer, Happenings, stores } from "./stores.ts";

const mail = defineTask({ type: "email:send", payload: z.object({ user: z.number() }) });

/** Resolves when the handler's signal fires, with the code of its reason. */
function aborted({ signal }: HandlerContext<never, never> | HandlerContext): Promise<string> {
  const code = (): string => (isHikyakuError(signal.reason) ? signal.reason.code : "none");
  return new Promise((resolve) => {
    if (signal.aborted) resolve(code());
    else signal.addEventListener("abort", () => resolve(code()), { once: true });
  });
}

async function becomes(broker: Broker, task: { id: string; queue: string }, state: string | undefined): Promise<void> {
  await vi.waitFor(async () => expect(await stateOf(broker, task)).toBe(state), { timeout: 5_000, interval: 5 });
}

describe.each(stores)("a server on $name", ({ open }) => {
  async function setup() {
    const store = await open();
    const broker = store.connect();
    return { store, broker, client: aClient(broker) };
  }

  it("runs a task with its parsed payload and everything that belongs to it, then removes it", async () => {
    const { broker, client } = await setup();
    const seen = new Happenings<object>();
    const server = aServer(broker).handle(mail, (context) => {
      const { payload, type, taskId, queue, headers, attempt, retried, maxRetry } = context;
      seen.add({ payload, type, taskId, queue, headers: { ...headers }, attempt, retried, maxRetry });
    });
    server.start();
    const task = await client.enqueue(mail, { user: 42 }, { taskId: "m1", headers: { a: "b" }, maxRetry: 3 });
    expect(await seen.reach(1)).toEqual([
      {
        payload: { user: 42 },
        type: "email:send",
        taskId: "m1",
        queue: "default",
        headers: { a: "b" },
        attempt: 1,
        retried: 0,
        maxRetry: 3,
      },
    ]);
    await becomes(broker, { id: task.id, queue: "default" }, undefined);
    await vi.waitFor(() => expect(server.status()).toMatchObject({ running: 0, counts: { settled: 1, failed: 0 } }));
  });

  it("works on a queue of any name, says so, and is told what was taken from it", async () => {
    const { broker, client } = await setup();
    const queue = "__proto__";
    const held = Promise.withResolvers<void>();
    const seen = new Happenings<string>();
    const server = aServer(broker, { queues: JSON.parse(`{"${queue}":1}`) as Record<string, number> });
    server.handle(mail, (context) => {
      seen.add(context.queue);
      return held.promise;
    });
    server.start();
    await client.enqueue(mail, { user: 1 }, { queue });
    expect(await seen.reach(1)).toEqual([queue]);
    const inspector = new Inspector({ broker });
    await vi.waitFor(async () => {
      const [told] = await inspector.servers();
      expect(Object.entries(told?.queues ?? {})).toEqual([[queue, 1]]);
    }, 10_000);
    const { tasks } = await inspector.evictServer(server.serverId, { force: true, wait: "0s" });
    expect(Object.entries(tasks)).toEqual([[queue, 1]]);
    held.resolve();
  });

  it("deals with answers that arrive together in turns: what one brought about leaves before the next one's tasks run", async () => {
    const { broker, client } = await setup();
    await client.enqueueMany(Array.from({ length: 100 }, () => mail.with({ user: 1 })));
    const log: ("call" | "run")[] = [];
    const held: (() => void)[] = [];
    let ran = 0;
    const together = async <Answer>(answer: Promise<Answer>): Promise<Answer> => {
      log.push("call");
      const got = await answer;
      // Both calls of a busy server answer at once, as when the store worked on both before it answered.
      await new Promise<void>((resolve) => {
        held.push(resolve);
        const isBusy = log.length > 1;
        if (held.length === 2 || !isBusy || ran >= 80) for (const release of held.splice(0)) release();
      });
      return got;
    };
    const pairing = flakyBroker(broker, {
      pacing: "apart",
      claim: (...args) => together(broker.claim(...args)),
      settle: (...args) => together(broker.settle(...args)),
    });
    const done = Promise.withResolvers<void>();
    aServer(pairing, { concurrency: 20 })
      .handle(mail, () => {
        log.push("run");
        ran += 1;
        if (ran === 100) done.resolve();
      })
      .start();
    await done.promise;
    const stretches = log
      .join("")
      .split("call")
      .map((runs) => runs.length / "run".length);
    expect(Math.max(...stretches)).toBe(10);
  });

  it("keeps what the handler returned, and who ran it, for a task with a retention", async () => {
    const { broker, client } = await setup();
    const server = aServer(broker).handle(mail, ({ payload }) => ({ sentTo: payload.user }));
    server.start();
    const { id } = await client.enqueue(mail, { user: 42 }, { retention: "1h" });
    await becomes(broker, { id, queue: "default" }, "completed");
    const task = await stored(broker, { id, queue: "default" });
    expect(Buffer.from(task.result ?? []).toString()).toBe('{"sentTo":42}');
    expect(task.attempts).toMatchObject([{ serverId: server.serverId, pid: process.pid, outcome: "completed" }]);
  });

  it("retries a failure after its delay, counting up, and archives it when the retries are used up", async () => {
    const { broker, client } = await setup();
    const attempts = new Happenings<{ attempt: number; at: number }>();
    const failed = new Happenings<unknown>();
    aServer(broker, {
      retryDelay: ({ retried }) => ({ ms: 100 * (retried + 1) }),
      onError: (error) => failed.add(error),
    })
      .handle(mail, ({ attempt }) => {
        attempts.add({ attempt, at: Date.now() });
        throw new Error(`boom ${attempt}`);
      })
      .start();
    const { id } = await client.enqueue(mail, { user: 1 }, { maxRetry: 2 });
    await becomes(broker, { id, queue: "default" }, "archived");
    const [first, second, third] = attempts.all;
    expect(attempts.all.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(100);
    expect((third?.at ?? 0) - (second?.at ?? 0)).toBeGreaterThanOrEqual(200);
    expect(failed.all).toHaveLength(3);
    const { message } = await stored(broker, { id, queue: "default" });
    expect(message).toMatchObject({ retried: 2, lastError: "boom 3" });
  });

  it("waits as the task's definition says before a retry, else as its own option says", async () => {
    const { broker, client } = await setup();
    const asked: string[] = [];
    aServer(broker, {
      retryDelay: ({ type }) => {
        asked.push(type);
        return "3h";
      },
    })
      .handle(defineTask({ type: "list", retryDelay: ["1h", "2h"] }), () => Promise.reject(new Error("boom")))
      .handle(
        defineTask({ type: "function:", retryDelay: ({ error }) => ({ ms: Number((error as Error).message) }) }),
        () => Promise.reject(new Error("7200000")),
        { prefix: true },
      )
      .handle(defineTask({ type: "broken", retryDelay: () => "soon" as never }), () =>
        Promise.reject(new Error("boom")),
      )
      .handle(mail, () => Promise.reject(new Error("boom")))
      .start();
    const delayHours = async (type: string, retried = 0): Promise<number> => {
      const { message } = placedNow({ type, retried });
      await broker.enqueue([{ message, placement: { kind: "now" } }]);
      await becomes(broker, message, "retry");
      return Math.round(((await stored(broker, message)).dueAt ?? 0) / 3_600_000 - Date.now() / 3_600_000);
    };
    expect([await delayHours("list"), await delayHours("list", 1), await delayHours("list", 9)]).toEqual([1, 2, 2]);
    expect(await delayHours("function:x")).toBe(2);
    expect(asked).toEqual([]);
    expect([await delayHours("broken"), await delayHours("email:send")]).toEqual([3, 3]);
    expect(asked).toEqual(["broken", "email:send"]);
    await client.close();
  });

  it("waits the default delay before a retry, by its clock", async () => {
    const clock = new FakeClock();
    const broker = (await open()).connect({ clock });
    const ran = new Happenings<number>();
    aServer(broker, { clock, random: () => 0, shutdownTimeout: "1h", abortGrace: "1h" })
      .handleRaw("t", ({ attempt }) => {
        ran.add(clock.now());
        if (attempt === 1) throw new Error("boom");
      })
      .start();
    const item = placedNow({ type: "t" });
    await broker.enqueue([item]);
    const runs = async (times: number): Promise<void> => {
      while (ran.all.length < times) {
        clock.advance(50);
        await turn();
      }
    };
    await runs(1);
    await becomes(broker, item.message, "retry");
    const { dueAt = 0 } = await stored(broker, item.message);
    expect(dueAt - (ran.all[0] ?? 0)).toBe(15_000);
    // The clock goes on while a store on a network answers, so only the earliest moment is exact.
    await runs(2);
    expect(ran.all[1]).toBeGreaterThanOrEqual(dueAt);
  });

  it("keeps a result that the handler writes while it runs, and refuses one after the end", async () => {
    const { broker, client } = await setup();
    const contexts = new Happenings<{ writeResult(result: unknown): Promise<void> }>();
    const gate = Promise.withResolvers<void>();
    aServer(broker, { shutdownTimeout: "5s" })
      .handle(mail, async (context) => {
        const { writeResult } = context;
        await writeResult({ progress: 50 });
        contexts.add(context);
        await gate.promise;
      })
      .start();
    const { id } = await client.enqueue(mail, { user: 1 }, { retention: "1h" });
    const [context] = await contexts.reach(1);
    gate.resolve();
    await becomes(broker, { id, queue: "default" }, "completed");
    const { result } = await stored(broker, { id, queue: "default" });
    expect(Buffer.from(result ?? []).toString()).toBe('{"progress":50}');
    await expect(context?.writeResult(1)).rejects.toMatchObject({ code: "wrong_state" });
  });

  it("takes any thrown value for a failure", async () => {
    const { broker } = await setup();
    const trapped = (): never => {
      throw new Error("do not look");
    };
    const trap = new Proxy(new Error("x"), { getPrototypeOf: trapped, get: trapped });
    const thrown: unknown[] = [undefined, null, 0, "text", { a: 1 }, Symbol("s"), Object.create(null), trap];
    const pick = (type: string): unknown => thrown[Number(type.split(":")[1])];
    const failed = new Happenings<unknown>();
    aServer(broker, { onError: (error) => failed.add(error) })
      .handleRaw({ prefix: "rejects:" }, async ({ type }) => {
        throw pick(type);
      })
      .handleRaw({ prefix: "throws:" }, ({ type }) => {
        throw pick(type);
      })
      .handleRaw("returns a trap", () => new Proxy({}, { has: trapped }))
      .start();
    const types = thrown.flatMap((_, index) => [`rejects:${index}`, `throws:${index}`]);
    const items = [...types, "returns a trap"].map((type) => placedNow({ type }));
    await broker.enqueue(items);
    for (const { message } of items) {
      await becomes(broker, message, "retry");
      expect((await stored(broker, message)).message.lastError).not.toBe("");
    }
    expect(failed.all).toHaveLength(items.length);
  });

  it("archives at SkipRetry, drops at Revoke, spends nothing on what is no failure", async () => {
    const { broker } = await setup();
    aServer(broker, { isFailure: (error) => error !== "not now", retryDelay: () => "1h" })
      .handleRaw("skip", () => Promise.reject(new SkipRetry("final")))
      .handleRaw("revoke", () => Promise.reject(new Revoke()))
      .handleRaw("later", () => Promise.reject("not now"))
      .start();
    const [skip, revoke, later] = ["skip", "revoke", "later"].map((type) => placedNow({ type, maxRetry: 0 }).message);
    if (skip === undefined || revoke === undefined || later === undefined) throw new Error("expected three tasks");
    await broker.enqueue([skip, revoke, later].map((message) => ({ message, placement: { kind: "now" } })));
    await becomes(broker, skip, "archived");
    await becomes(broker, revoke, undefined);
    await becomes(broker, later, "retry");
    expect((await stored(broker, later)).message).toMatchObject({ retried: 0, lastError: "not now" });
    expect((await stored(broker, skip)).message.lastError).toBe("final");
  });

  it("archives a payload that does not fit, at once and with the reasons, without calling the handler", async () => {
    const { broker } = await setup();
    let called = false;
    const server = aServer(broker).handle(mail, () => {
      called = true;
    });
    server.start();
    const wrong = placedNow({ payload: bytes('{"user":"x"}') });
    const noJson = placedNow({ payload: bytes("{") });
    await broker.enqueue([wrong, noJson]);
    await becomes(broker, wrong.message, "archived");
    await becomes(broker, noJson.message, "archived");
    expect((await stored(broker, wrong.message)).message.lastError).toContain("user: ");
    expect(called).toBe(false);
  });

  it("leaves tasks without a handler where they are, and runs the ones behind them", async () => {
    const { broker } = await setup();
    const ran = new Happenings<string>();
    aServer(broker)
      .handleRaw("known", ({ taskId }) => void ran.add(taskId))
      .start();
    const unknown = placedNow({ type: "unknown" });
    const known = placedNow({ type: "known" });
    await broker.enqueue([unknown, known]);
    expect(await ran.reach(1)).toEqual([known.message.id]);
    expect(await stateOf(broker, unknown.message)).toBe("pending");
  });

  it("takes the handler of the exact type, else the one of the longest prefix", async () => {
    const { broker } = await setup();
    const ran = new Happenings<string>();
    aServer(broker)
      .handleRaw({ prefix: "" }, ({ type }) => void ran.add(`any ${type}`))
      .handleRaw({ prefix: "a:" }, ({ type }) => void ran.add(`a: ${type}`))
      .handle(defineTask({ type: "a:b", payload: rawBytes }), ({ type }) => void ran.add(`exact ${type}`))
      .start();
    await broker.enqueue(["a:b", "a:c", "z"].map((type) => placedNow({ type })));
    expect([...(await ran.reach(3))].sort()).toEqual(["a: a:c", "any z", "exact a:b"]);
  });

  it("starts a due task at its time and not at the next look, never early", async () => {
    const { broker, client } = await setup();
    const lateMs = new Happenings<number>();
    const at = defineTask({ type: "at", payload: z.object({ due: z.number() }) });
    aServer(broker)
      .handle(at, ({ payload }) => void lateMs.add(Date.now() - payload.due))
      .start();
    const start = Date.now();
    for (let index = 0; index < 9; index++) {
      const due = start + 100 + index * 300;
      await client.enqueue(at, { due }, { at: new Date(due) });
    }
    const late = await lateMs.reach(9);
    expect(Math.min(...late)).toBeGreaterThanOrEqual(0);
    // Spread over more than the two seconds between two looks of no cause: those would find half of them a second late. A busy
    // machine is late itself.
    expect([...late].sort((one, other) => one - other)[4]).toBeLessThan(500);
  });

  it("looks for due tasks again once it listens, since words about them were missed before", async () => {
    const { store } = await setup();
    const real = store.connect();
    const handlers: Parameters<Broker["listen"]>[0][] = [];
    const looked = new Happenings<string>();
    const broker = flakyBroker(real, {
      listen: (handler) => {
        handlers.push(handler);
        return () => undefined;
      },
      forwardDue: (request, call) => {
        looked.add(request.queue);
        return real.forwardDue(request, call);
      },
    });
    aServer(broker)
      .handleRaw("any", () => undefined)
      .start();
    await looked.reach(1);
    const saidAt = performance.now();
    for (const handler of handlers) handler({ kind: "listening" });
    await looked.reach(2);
    expect(performance.now() - saidAt).toBeLessThan(1_000);
  });

  it("fires the signal at the deadline and stores the wire format's text", async () => {
    const { broker, client } = await setup();
    const codes = new Happenings<string>();
    aServer(broker)
      .handle(mail, async (context) => {
        codes.add(await aborted(context));
        context.signal.throwIfAborted();
      })
      .start();
    const { id } = await client.enqueue(mail, { user: 1 }, { timeout: "1s" });
    expect(await codes.reach(1)).toEqual(["deadline_exceeded"]);
    await becomes(broker, { id, queue: "default" }, "retry");
    expect((await stored(broker, { id, queue: "default" })).message).toMatchObject({
      lastError: "context deadline exceeded",
      retried: 1,
    });
  });

  it("does not call the handler of a task whose deadline has passed", async () => {
    const { broker } = await setup();
    let called = false;
    const late = placedNow({ deadlineAt: Date.now() - 5_000, timeoutMs: 0 });
    aServer(broker)
      .handle(mail, () => {
        called = true;
      })
      .start();
    await broker.enqueue([late]);
    await becomes(broker, late.message, "retry");
    expect((await stored(broker, late.message)).message.lastError).toBe("context deadline exceeded");
    expect(called).toBe(false);
  });

  it("cancels running tasks by id, in whichever queue, and honours what the handler says then", async () => {
    const { broker } = await setup();
    const running = new Happenings<string>();
    const codes = new Happenings<string>();
    aServer(broker, { queues: { one: 1, two: 1 } })
      .handleRaw("waits", async (context) => {
        running.add(context.queue);
        codes.add(await aborted(context as HandlerContext));
        if (context.queue === "one") throw new SkipRetry("cancelled for good");
        context.signal.throwIfAborted();
      })
      .start();
    const same = ["one", "two"].map((queue) => placedNow({ id: "same", type: "waits", queue }));
    await broker.enqueue(same);
    await running.reach(2);
    await broker.send({ kind: "cancel", taskId: "same" });
    expect(await codes.reach(2)).toEqual(["cancelled", "cancelled"]);
    await becomes(broker, { id: "same", queue: "one" }, "archived");
    await becomes(broker, { id: "same", queue: "two" }, "archived");
    expect((await stored(broker, { id: "same", queue: "one" })).message.lastError).toBe("cancelled for good");
    expect((await stored(broker, { id: "same", queue: "two" })).message.lastError).toBe("context canceled");
  });

  it("ends the attempt of a handler that ignores its signal, and keeps the slot until it returns", async () => {
    const { broker, client } = await setup();
    const release = Promise.withResolvers<void>();
    const running = new Happenings<number>();
    const server = aServer(broker, { concurrency: 1, abortGrace: "50ms", retryDelay: () => "1h" }).handle(
      mail,
      async ({ payload }) => {
        running.add(payload.user);
        if (payload.user === 1) await release.promise;
      },
    );
    server.start();
    const { id } = await client.enqueue(mail, { user: 1 }, { timeout: "1s" });
    await running.reach(1);
    await client.enqueue(mail, { user: 2 });
    await becomes(broker, { id, queue: "default" }, "retry");
    expect(server.status().running).toBe(1);
    expect(running.all).toEqual([1]);
    release.resolve();
    expect(await running.reach(2)).toEqual([1, 2]);
  });

  it("never runs more than its concurrency, nor holds tasks that it can't run yet", async () => {
    const { broker } = await setup();
    const gate = Promise.withResolvers<void>();
    const started = new Happenings<string>();
    let most = 0;
    let now = 0;
    const server = aServer(broker, { concurrency: 3, shutdownTimeout: "5s" }).handleRaw("t", async ({ taskId }) => {
      most = Math.max(most, ++now);
      started.add(taskId);
      await gate.promise;
      now--;
    });
    const items = Array.from({ length: 20 }, () => placedNow({ type: "t" }));
    await broker.enqueue(items);
    server.start();
    await started.reach(3);
    expect((await broker.queue("default"))?.counts).toMatchObject({ active: 3, pending: 17 });
    gate.resolve();
    await started.reach(20);
    expect(most).toBe(3);
  });

  it("empties strict queues from the top, and an empty or paused queue starves nobody", async () => {
    const { broker } = await setup();
    const ran = new Happenings<string>();
    await broker.enqueue(
      ["low", "paused", "high", "low", "high", "high"].map((queue) => placedNow({ type: "t", queue })),
    );
    await broker.pause("paused");
    const server = aServer(broker, {
      concurrency: 1,
      strictPriority: true,
      queues: { low: 1, empty: 9, paused: 8, high: 5 },
    });
    server.handleRaw("t", ({ queue }) => void ran.add(queue)).start();
    expect(await ran.reach(5)).toEqual(["high", "high", "high", "low", "low"]);
    await broker.resume("paused");
    expect((await ran.reach(6)).at(-1)).toBe("paused");
  });
});
