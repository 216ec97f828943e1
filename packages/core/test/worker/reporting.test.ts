import { describe, expect, it, vi } from "vitest";
import type { Broker } from "../../src/broker/broker.ts";
import type { HeldReport } from "../../src/broker/report-facet.ts";
import { HikyakuError } from "../../src/errors.ts";
import { Inspector } from "../../src/inspector/inspector.ts";
import type { LogFields, Logger } from "../../src/runtime/logger.ts";
import { defineTask } from "../../src/task/task.ts";
import type { HandlerContext } from "../../src/worker/handling/handler-context.ts";
import { stateOf } from "../support/builders.ts";
import { flakyBroker } from "./flaky-broker.ts";
import { aClient, aServer, Happenings, stores } from "./stores.ts";

const work = defineTask({ type: "work", retention: "1h" });
const patience = { timeout: 10_000, interval: 10 };

type Lines = Happenings<{ readonly message: string; readonly fields: LogFields | undefined }>;

function loggerInto(lines: Lines): Logger {
  const warn = (message: string, fields?: LogFields): void => lines.add({ message, fields });
  return { debug: () => undefined, info: () => undefined, warn, error: warn };
}

/** The broker, and each of its calls that reports. */
function watched(real: Broker): { readonly broker: Broker; readonly calls: (readonly HeldReport[])[] } {
  const calls: (readonly HeldReport[])[] = [];
  const report: Broker["report"] = (reports, call) => {
    calls.push(reports);
    return real.report(reports, call);
  };
  return { broker: flakyBroker(real, { report }), calls };
}

describe.each(stores)("what handlers say of their tasks on $name", ({ open }) => {
  async function setup(use: (real: Broker) => Broker = (real) => real) {
    const real = (await open()).connect();
    const inspector = new Inspector({ broker: real });
    const ended = (task: { id: string; queue: string }, state: string | undefined) =>
      vi.waitFor(async () => expect(await stateOf(real, task)).toBe(state), patience);
    return { real, broker: use(real), inspector, client: aClient(real), ended };
  }

  it("can be read while the handler runs and after, by anybody", async () => {
    const { broker, inspector, client, ended } = await setup();
    const gate = Promise.withResolvers<void>();
    const server = aServer(broker).handle(work, async ({ progress, log }) => {
      progress(25);
      progress({ done: 1, total: 3, message: "first" });
      log("begun", { n: 1 });
      await gate.promise;
      log("over");
      progress({ done: 3, total: 3 });
    });
    server.start();
    const task = await client.enqueue(work, undefined);
    await vi.waitFor(async () => {
      const told = { done: 1, total: 3, message: "first", serverId: server.serverId, attempt: 1 };
      expect(await client.progress(task)).toMatchObject(told);
    }, patience);
    const { lines, endCursor, nextCursor, dropped } = await client.log(task);
    expect(lines).toEqual([
      { number: 1, at: expect.any(Date), serverId: server.serverId, attempt: 1, text: "begun", fields: { n: 1 } },
    ]);
    expect({ nextCursor, dropped }).toEqual({ nextCursor: undefined, dropped: 0 });
    gate.resolve();
    await ended(task, "completed");
    expect(await inspector.task(task.queue, task.id)).toMatchObject({ progress: { done: 3, total: 3 } });
    const since = await inspector.taskLog(task.queue, task.id, { cursor: endCursor });
    expect(since.lines.map(({ number, text }) => ({ number, text }))).toEqual([{ number: 2, text: "over" }]);
  });

  it("is all there when the task has ended, however soon that is, and goes with the task", async () => {
    const { broker, client, ended } = await setup();
    aServer(broker)
      .handle(work, ({ progress, log }) => {
        log("one");
        progress(100);
        log("two");
      })
      .start();
    const task = await client.enqueue(work, undefined);
    await ended(task, "completed");
    expect((await client.log(task)).lines.map(({ text }) => text)).toEqual(["one", "two"]);
    expect(await client.progress(task)).toMatchObject({ done: 100, total: 100 });
    const gone = await client.enqueue(work, undefined, { retention: "0s" });
    await ended(gone, undefined);
    await expect(client.log(gone)).rejects.toMatchObject({ code: "task_not_found" });
    await expect(client.progress(gone)).rejects.toMatchObject({ code: "task_not_found" });
  });

  it("goes on from attempt to attempt, and stays with a task that failed", async () => {
    const { broker, client, inspector, ended } = await setup();
    aServer(broker)
      .handle(work, ({ log, attempt }) => {
        log(`attempt ${attempt}`);
        throw new Error("no");
      })
      .start();
    const task = await client.enqueue(work, undefined, { maxRetry: 1 });
    await ended(task, "retry");
    await inspector.runTask(task.queue, task.id);
    await ended(task, "archived");
    const { lines } = await client.log(task);
    expect(lines.map(({ text, attempt }) => [text, attempt])).toEqual([
      ["attempt 1", 1],
      ["attempt 2", 2],
    ]);
  });

  it("is bounded: a handler that never stops talking keeps its newest lines, and the others are counted", async () => {
    const { broker, client, ended } = await setup();
    aServer(broker)
      .handle(work, ({ log }) => {
        for (let line = 1; line <= 20_000; line++) log(`line ${line}`);
      })
      .start();
    const task = await client.enqueue(work, undefined);
    await ended(task, "completed");
    const { lines, dropped, nextCursor } = await client.log(task, { limit: 150 });
    expect({ dropped, first: lines[0]?.text, number: lines[0]?.number }).toEqual({
      dropped: 19_800,
      first: "line 19801",
      number: 19_801,
    });
    const rest = await client.log(task, { cursor: nextCursor ?? "" });
    expect([...lines, ...rest.lines]).toHaveLength(200);
    expect(rest.lines.at(-1)?.text).toBe("line 20000");
  });

  it("may be anything: what is too long is cut with a mark, and what can't be kept is told", async () => {
    const { broker, client, ended } = await setup();
    const told: Lines = new Happenings();
    const circle: { self?: unknown } = {};
    circle.self = circle;
    const trap = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error("do not look");
        },
      },
    );
    aServer(broker, { logger: loggerInto(told) })
      .handle(work, ({ progress, log }) => {
        progress({ done: 5 });
        for (const wrong of [Number.NaN, "half", circle, null, { done: "1" }]) progress(wrong as number);
        log("x".repeat(10_000_000));
        log("\u001b[2J\u0000\ud800", { circle, big: 1n, error: new Error("why") });
        log("fields", { text: "y".repeat(1_000_000) });
        log(new Error("an error") as unknown as string, "no object" as never);
        log("trap", trap);
        log("list", [1, 2] as never);
        log("number", { toJSON: () => 5 });
        log("nothing", { toJSON: () => undefined });
      })
      .start();
    const task = await client.enqueue(work, undefined);
    await ended(task, "completed");
    expect(await client.progress(task)).toMatchObject({ done: 5, total: undefined });
    const { lines } = await client.log(task);
    expect(lines[0]?.text).toBe(`${"x".repeat(4_000)}… (the first 4000 of 10000000 characters)`);
    expect(lines[1]).toMatchObject({ text: "\u001b[2J\u0000\ud800", fields: { big: "1", error: "why" } });
    expect(lines[1]?.fields?.["circle"]).toMatch(/can't be shown/);
    expect(Object.keys(lines[2]?.fields ?? {})).toEqual(["…"]);
    expect(lines[3]).toMatchObject({ text: "an error", fields: { value: "no object" } });
    const nameless = { list: { value: [1, 2] }, number: { value: 5 }, nothing: undefined };
    expect(Object.fromEntries(lines.slice(4).map(({ text, fields }) => [text, fields]))).toEqual(nameless);
    const messages = told.all.map(({ message }) => message);
    expect(messages.filter((message) => message.startsWith("progress was not kept"))).toHaveLength(5);
    expect(messages.filter((message) => message.startsWith("a log line was not kept"))).toHaveLength(1);
  });

  it("goes together for all tasks of a server, and a server whose handlers say nothing asks the store nothing", async () => {
    const { real, client, ended } = await setup();
    const { broker, calls } = watched(real);
    const [begun, gate] = [new Happenings<void>(), Promise.withResolvers<void>()];
    aServer(broker, { concurrency: 10 })
      .handle(work, async ({ log, payload }) => {
        for (let line = 0; payload === "talk" && line < 50; line++) log(`line ${line}`);
        begun.add();
        await gate.promise;
      })
      .start();
    const silent = await client.enqueue(work, "");
    await begun.reach(1);
    const talking = await client.enqueueMany(
      Array.from({ length: 8 }, () => ({ task: work, payload: "talk", options: {} })),
    );
    await begun.reach(9);
    await vi.waitFor(() => expect(calls.flat()).toHaveLength(8), patience);
    expect(calls.length).toBeLessThanOrEqual(3);
    gate.resolve();
    await ended(silent, "completed");
    for (const result of talking) if (result.ok) await ended(result.task, "completed");
    const leases = new Set(calls.flat().map(({ lease }) => lease.taskId));
    expect(leases.has(silent.id)).toBe(false);
  });

  it("waits for a store that fails, and hinders no handler", async () => {
    let isAway = true;
    const refused = new Happenings<void>();
    const { broker, client, ended } = await setup((real) =>
      flakyBroker(real, {
        report: async (reports, call) => {
          if (!isAway) return real.report(reports, call);
          refused.add();
          throw new HikyakuError("store_rejected", "no memory");
        },
      }),
    );
    const gate = Promise.withResolvers<void>();
    aServer(broker)
      .handle(work, async ({ log, progress }) => {
        for (let line = 1; line <= 300; line++) log(`line ${line}`);
        progress(1);
        await gate.promise;
      })
      .start();
    const task = await client.enqueue(work, undefined);
    await refused.reach(2);
    expect(await client.progress(task)).toBeUndefined();
    isAway = false;
    await vi.waitFor(async () => expect(await client.progress(task)).toMatchObject({ done: 1 }), patience);
    expect(await client.log(task)).toMatchObject({ dropped: 100, lines: { length: 200 } });
    gate.resolve();
    await ended(task, "completed");
    expect(await client.log(task)).toMatchObject({ dropped: 100, lines: { length: 200 } });
  });

  it("counts no more once the attempt is over: it is told in the server's log", async () => {
    const { broker, client, ended } = await setup();
    const [contexts, told]: [Happenings<HandlerContext>, Lines] = [new Happenings(), new Happenings()];
    aServer(broker, { logger: loggerInto(told) })
      .handle(work, (context) => contexts.add(context))
      .start();
    const task = await client.enqueue(work, undefined);
    await ended(task, "completed");
    const [context] = await contexts.reach(1);
    context?.log("late");
    context?.progress(50);
    expect(told.all.map(({ message }) => message)).toEqual(
      Array(2).fill("a handler reported after its attempt was over; it was not kept"),
    );
    expect((await client.log(task)).lines).toEqual([]);
  });

  it("is written by middleware as well", async () => {
    const { broker, client, ended } = await setup();
    aServer(broker)
      .use(async ({ log }, next) => {
        log("before");
        await next({});
        log("after");
      })
      .handle(work, ({ log }) => log("handler"))
      .start();
    const task = await client.enqueue(work, undefined);
    await ended(task, "completed");
    expect((await client.log(task)).lines.map(({ text }) => text)).toEqual(["before", "handler", "after"]);
  });

  it("includes where in the code an error came from, with its causes", async () => {
    const { broker, client, inspector, ended } = await setup();
    aServer(broker)
      .handle(work, ({ payload }) => {
        if (payload === "text") throw "no error at all";
        throw new Error(`${"m".repeat(100_000)} end`, { cause: new TypeError("the cause") });
      })
      .start();
    const task = await client.enqueue(work, "error", { maxRetry: 0 });
    const text = await client.enqueue(work, "text", { maxRetry: 0 });
    await ended(task, "archived");
    await ended(text, "archived");
    const found = await inspector.task(task.queue, task.id);
    const [attempt] = found.kind === "task" ? found.attempts : [];
    expect(attempt?.stack).toMatch(
      /^Error: m{1000}… \(the first 1000 of 100004 characters\)\n +at .*reporting\.test\.ts/,
    );
    expect(attempt?.stack).toMatch(/\ncaused by: TypeError: the cause\n +at /);
    expect(attempt?.stack?.length).toBeLessThan(4_200);
    expect(await inspector.task(text.queue, text.id)).toMatchObject({ attempts: [{ stack: undefined }] });
  });
});
