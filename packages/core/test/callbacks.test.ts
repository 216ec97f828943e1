import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { Broker } from "../src/broker/broker.ts";
import { sqliteBroker } from "../src/broker/sqlite/index.ts";
import { Inspector } from "../src/inspector/inspector.ts";
import { jsonLogger, type Logger } from "../src/runtime/logger.ts";
import { Scheduler, type SchedulerOptions } from "../src/scheduler/scheduler.ts";
import { shardedQueue } from "../src/sharding/sharded-queue.ts";
import { defineTask, type TaskConfig } from "../src/task/task.ts";
import type { ServerOptions } from "../src/worker/server-options.ts";
import { stateOf } from "./support/builders.ts";
import { FakeClock } from "./support/fake-clock.ts";
import { aClient, aServer, closedAtEnd, stores } from "./worker/stores.ts";

/** How a function that somebody hands to the library can fail it. */
const failures: readonly { readonly how: string; readonly bad: () => never }[] = [
  {
    how: "throws",
    bad: () => {
      throw new Error("own fault");
    },
  },
  { how: "rejects", bad: (() => Promise.reject(new Error("own fault"))) as unknown as () => never },
];

/** Lines, by their messages, that a logger got. */
function heard(): Logger & { readonly lines: string[] } {
  const lines: string[] = [];
  const add = (message: string): void => void lines.push(message);
  return { lines, debug: add, info: add, warn: add, error: add };
}

/** What was written on standard error, and which promises nobody looked after: each of those ends a process. */
function watched() {
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => void unhandled.push(reason);
  process.on("unhandledRejection", note);
  onTestFinished(() => void process.off("unhandledRejection", note));
  const written: string[] = [];
  const stderr = vi.spyOn(process.stderr, "write").mockImplementation((text) => written.push(String(text)) > 0);
  onTestFinished(() => stderr.mockRestore());
  return { unhandled, written };
}

function count(lines: readonly string[], what: RegExp): number {
  return lines.filter((line) => what.test(line)).length;
}

async function becomesState(broker: Broker, task: { id: string; queue: string }, state: string): Promise<void> {
  await vi.waitFor(async () => expect(await stateOf(broker, task)).toBe(state), { timeout: 10_000, interval: 5 });
}

interface ServerCase {
  readonly name: string;
  readonly options?: (bad: () => never) => Partial<ServerOptions>;
  readonly config?: (bad: () => never) => Partial<TaskConfig>;
  readonly says: RegExp;
}

const ofServers: readonly ServerCase[] = [
  { name: "onError", options: (onError) => ({ onError }), says: /^onError failed$/ },
  { name: "isFailure", options: (isFailure) => ({ isFailure }), says: /^isFailure gave no answer/ },
  { name: "retryDelay", options: (retryDelay) => ({ retryDelay }), says: /^retryDelay gave no delay/ },
  { name: "a definition's retryDelay", config: (retryDelay) => ({ retryDelay }), says: /^retryDelay gave no delay/ },
  { name: "onHealth", options: (onHealth) => ({ onHealth }), says: /^onHealth threw$/ },
  { name: "random", options: (random) => ({ random }), says: /^random gave no number/ },
];

describe.each(failures)("a function of the user that $how", ({ bad }) => {
  async function setup() {
    const broker = closedAtEnd(sqliteBroker({ path: ":memory:" }));
    await broker.ready();
    return { broker, client: aClient(broker), ...watched() };
  }

  it.each(ofServers)("is logged once and stops no work: $name", async ({ options, config, says }) => {
    const { broker, client, unhandled } = await setup();
    const logger = heard();
    const fails = defineTask({ type: "fails", ...config?.(bad) });
    const works = defineTask({ type: "works", retention: "1h" });
    const server = aServer(broker, { logger, ...options?.(bad) });
    server.handle(works, () => undefined);
    server.handle(fails, () => {
      throw new Error("of the task");
    });
    server.start();
    await becomesState(broker, await client.enqueue(fails), "retry");
    await becomesState(broker, await client.enqueue(works), "completed");
    await server.stop();
    await nextTurn();
    expect(count(logger.lines, says)).toBe(1);
    expect(unhandled).toEqual([]);
  });

  it("is no reason to lose a line: what a logger fails to write is on standard error", async () => {
    const { broker, client, unhandled, written } = await setup();
    const fails = defineTask({ type: "fails", maxRetry: 0 });
    const again = defineTask({ type: "again" });
    const logger = { debug: bad, info: bad, warn: bad, error: bad };
    const server = aServer(broker, { logger });
    const handler = (): never => {
      throw new Error("of the task");
    };
    server.handle(fails, handler).handle(again, handler).start();
    await becomesState(broker, await client.enqueue(again), "retry");
    await becomesState(broker, await client.enqueue(again), "retry");
    await becomesState(broker, await client.enqueue(fails), "archived");
    await server.stop();
    await nextTurn();
    expect(count(written, /the logger failed at a line.*own fault/)).toBe(1);
    expect(count(written, /a task failed for good.*"loggerError":"own fault"/)).toBe(1);
    expect(unhandled).toEqual([]);
  });

  it.each<{ name: string; options: Partial<SchedulerOptions>; says: RegExp }>([
    { name: "beforeEnqueue", options: { beforeEnqueue: bad }, says: /^a hook of the scheduler failed$/ },
    { name: "afterEnqueue", options: { afterEnqueue: bad }, says: /^a hook of the scheduler failed$/ },
    { name: "provider", options: { provider: bad }, says: /^asking the provider for entries failed/ },
  ])("is logged once and stops no turn: $name", async ({ options, says }) => {
    const clock = new FakeClock();
    const broker = closedAtEnd(sqliteBroker({ path: ":memory:", clock }));
    const { unhandled } = watched();
    const logger = heard();
    const scheduler = new Scheduler({ broker, clock, logger, closeTimeout: { ms: 1 }, ...options });
    await scheduler.register("@every 1s", defineTask({ type: "tick" }).with());
    scheduler.start();
    const turns = async () => (await broker.queue("default"))?.counts.pending ?? 0;
    await vi.waitFor(
      async () => {
        clock.advance(20);
        expect(await turns()).toBeGreaterThan(0);
      },
      { timeout: 10_000, interval: 5 },
    );
    await vi.waitFor(() => expect(count(logger.lines, says)).toBe(1));
    await nextTurn();
    expect(unhandled).toEqual([]);
    const closing = scheduler.close();
    clock.advance(1_000);
    await closing;
  });

  it("is told on standard error where it writes the lines of a logger: jsonLogger", async () => {
    const { broker, client, unhandled, written } = await setup();
    const task = defineTask({ type: "wrong", maxRetry: 0 });
    aServer(broker, { logger: jsonLogger("info", bad) })
      .handle(task, () => {
        throw new Error("no");
      })
      .start();
    await becomesState(broker, await client.enqueue(task), "archived");
    await vi.waitFor(() => expect(count(written, /a task failed for good.*"loggerError":"own fault"/)).toBe(1));
    expect(unhandled).toEqual([]);
  });

  it.each(["deleteTasks", "removeQueue"])("stops no change of many tasks: onProgress of %s", async (method) => {
    const { broker, client, unhandled, written } = await setup();
    const task = await client.enqueue(defineTask({ type: "any" }));
    const inspector = new Inspector({ broker });
    if (method === "removeQueue") await inspector.removeQueue("default", { force: true, onProgress: bad });
    else await inspector.deleteTasks({ queue: "default", ids: [task.id] }, { onProgress: bad });
    await nextTurn();
    expect(await broker.get("default", [task.id])).toEqual([undefined]);
    expect(count(written, /onProgress failed.*own fault/)).toBe(1);
    expect(unhandled).toEqual([]);
  });

  it("refuses the enqueue: shardKey", async () => {
    const { client, unhandled } = await setup();
    const task = defineTask({ type: "any", queue: shardedQueue("emails", { shards: 2 }), shardKey: bad });
    await expect(client.enqueue(task)).rejects.toThrow(/shardKey of "any" gave no key/);
    await nextTurn();
    expect(unhandled).toEqual([]);
  });

  it.each(stores)("keeps news from nobody else, on $name", async ({ open }) => {
    const store = await open();
    const { unhandled, written } = watched();
    const broker = store.connect();
    broker.onReachability(bad);
    let changes = 0;
    broker.onReachability(() => changes++);
    await broker.ready();
    const listening = new Promise((resolve) => {
      broker.listen(bad);
      broker.listen((signal) => void (signal.kind === "cancel" && resolve(signal.taskId)));
    });
    let heardIt: unknown;
    void listening.then((taskId) => {
      heardIt = taskId;
    });
    // What is said before the store's answer to the first listener goes unheard.
    await vi.waitFor(
      async () => {
        await broker.send({ kind: "cancel", taskId: "t1" });
        expect(heardIt).toBe("t1");
      },
      { timeout: 10_000, interval: 20 },
    );
    await broker.close();
    await nextTurn();
    expect(changes).toBeGreaterThan(0);
    expect(count(written, /a listener of onReachability failed.*own fault/)).toBe(changes);
    expect(count(written, /a listener of signals failed.*own fault/)).toBeGreaterThan(0);
    expect(unhandled).toEqual([]);
  });
});
