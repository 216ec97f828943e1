import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Broker } from "../../src/broker/broker.ts";
import { Inspector } from "../../src/inspector/inspector.ts";
import { shardedQueue } from "../../src/sharding/sharded-queue.ts";
import { shardedQueueSummary } from "../../src/sharding/sharded-queue-summary.ts";
import { defineTask } from "../../src/task/task.ts";
import { SkipRetry } from "../../src/worker/handling/verdict-errors.ts";
import { flakyBroker } from "../worker/flaky-broker.ts";
import { aClient, aServer, Happenings, stores } from "../worker/stores.ts";
import { disorderIn, handlerThatLogs, ordered, readLog, step } from "./ordered-queue.ts";

const program = fileURLToPath(new URL("child-worker.ts", import.meta.url));
const keys = ["ada", "bob", "cyd", "dan", "eve", "fay"];

function aLogFile(): string {
  const folder = mkdtempSync(join(tmpdir(), "hikyaku-order-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "log");
  writeFileSync(file, "");
  return file;
}

/** Starts a worker process; `hanging` resolves once it has begun a task that it will never finish. */
function startChild(address: string, logFile: string, hangsAt: number) {
  const child = spawn(process.execPath, ["--conditions=source", program, address, logFile, String(hangsAt)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  const hanging = Promise.withResolvers<void>();
  void exited.then(() => hanging.reject(new Error("the worker process ended before it hung")));
  const kill = async (): Promise<void> => {
    child.kill("SIGKILL");
    await exited;
  };
  onTestFinished(kill);
  createInterface(child.stdout).on("line", () => hanging.resolve());
  return { hanging: hanging.promise, kill };
}

function startServers(
  broker: Broker,
  count: number,
  logFile: string,
  misfortune: () => Error | undefined = () => undefined,
) {
  const ended = new Happenings<number>();
  for (let index = 0; index < count; index++) {
    const server = aServer(broker, {
      queues: { steps: 1 },
      shardedQueues: [ordered],
      concurrency: 8,
      lease: "4s",
    });
    const log = handlerThatLogs(logFile, `server ${index}`);
    server.handle(step, async ({ payload }) => {
      const error = misfortune();
      await log(payload, error && (() => Promise.reject(error)));
      ended.add(payload.number);
    });
    server.start();
  }
  return ended;
}

async function enqueueSteps(broker: Broker, perKey: number): Promise<void> {
  const requests = Array.from({ length: perKey }, (_, number) => keys.map((key) => step.with({ key, number }))).flat();
  const results = await aClient(broker).enqueueMany(requests);
  expect(results.every(({ ok }) => ok)).toBe(true);
}

describe.each(stores)("an ordered queue on $name", ({ open }) => {
  it("keeps each key in order over several servers, and through the death of one in the middle", async () => {
    const store = await open();
    const logFile = aLogFile();
    await enqueueSteps(store.connect(), 15);
    const child = startChild(store.address, logFile, 3);
    await child.hanging;
    startServers(store.connect(), 3, logFile);
    const ends = (): readonly string[] =>
      readLog(logFile).flatMap(({ what, key, number }) => (what === "end" ? [`${key} ${number}`] : []));
    const done = (): number => new Set(ends()).size;
    await expect.poll(done, { timeout: 20_000, interval: 20 }).toBeGreaterThan(keys.length * 3);
    await child.kill();
    const total = keys.length * 15;
    await expect.poll(done, { timeout: 40_000, interval: 50 }).toBe(total);
    const lines = readLog(logFile);
    expect(disorderIn(lines, "child")).toEqual([]);
    // What the child never finished began again: the task that it hung in, and perhaps one in each other shard.
    const again = lines.filter(({ what }) => what === "begin").length - total;
    expect(again).toBeGreaterThanOrEqual(1);
    expect(again).toBeLessThanOrEqual(ordered.shards);
  }, 80_000);

  it("strict: a task that fails runs again before any other of its shard", async () => {
    const store = await open();
    const logFile = aLogFile();
    let begun = 0;
    await enqueueSteps(store.connect(), 4);
    const misfortune = (): Error | undefined => (++begun % 5 === 0 ? new Error("not now") : undefined);
    const ended = startServers(store.connect(), 2, logFile, misfortune);
    await ended.reach(keys.length * 4);
    const lines = readLog(logFile);
    expect(lines.filter(({ what }) => what === "fail").length).toBeGreaterThanOrEqual(4);
    expect(disorderIn(lines, undefined)).toEqual([]);
  }, 30_000);

  it("goes on with the next task when one is archived", async () => {
    const broker = (await open()).connect();
    await enqueueSteps(broker, 2);
    let begun = 0;
    const ended = startServers(broker, 1, aLogFile(), () => (++begun === 1 ? new SkipRetry("no use") : undefined));
    await ended.reach(keys.length * 2 - 1);
    const { counts } = await shardedQueueSummary(new Inspector({ broker }), ordered);
    expect(counts.archived).toBe(1);
  });

  it("loose: a task that waits for its retry is overtaken", async () => {
    const broker = (await open()).connect();
    const loose = shardedQueue("loose", { shards: 1, ordered: "loose" });
    const task = defineTask({ type: "loose", queue: loose, retryDelay: ["200ms"] });
    const client = aClient(broker);
    for (const number of [0, 1, 2]) await client.enqueue(task, number, { shardKey: "k" });
    const begun = new Happenings<unknown>();
    const server = aServer(broker, { queues: { loose: 1 }, shardedQueues: [loose] });
    server.handle(task, ({ payload, retried }) => {
      begun.add(payload);
      if (payload === 0 && retried === 0) throw new Error("not now");
    });
    server.start();
    expect(await begun.reach(4)).toEqual([0, 1, 2, 0]);
  });

  it("is handed on by a server that works on it alone without a wait after each task", async () => {
    const real = (await open()).connect();
    await enqueueSteps(real, 50);
    let waits = 0;
    const counting: Partial<Broker> = {
      waitForWork: (...args) => {
        waits++;
        return real.waitForWork(...args);
      },
    };
    await startServers(flakyBroker(real, counting), 1, aLogFile()).reach(keys.length * 50);
    expect(waits).toBeLessThan(keys.length * 5);
  }, 30_000);
});

describe.each(stores)("a server with sharded queues on $name", ({ open }) => {
  const emails = shardedQueue("emails", { shards: 4 });
  const send = defineTask({ type: "send", queue: emails });

  it("works on the shards that it is told, and on other queues beside them", async () => {
    const broker = (await open()).connect();
    const client = aClient(broker);
    await client.enqueueMany(Array.from({ length: 80 }, (_, number) => send.with({ number })));
    await client.enqueue(send, {}, { queue: "default" });
    const { shards } = await shardedQueueSummary(new Inspector({ broker }), emails);
    const [first, , third] = shards.map(({ size }) => size);
    const ran = new Happenings<string>();
    const server = aServer(broker, {
      queues: { emails: 3, default: 1 },
      shardedQueues: [{ queue: emails, shards: [0, 2] }],
    });
    server.handle(send, ({ queue }) => ran.add(queue));
    server.start();
    const queues = await ran.reach((first ?? 0) + (third ?? 0) + 1);
    await server.stop();
    expect(new Set(queues)).toEqual(new Set(["emails:0", "emails:2", "default"]));
    expect(server.status().counts.settled).toBe((first ?? 0) + (third ?? 0) + 1);
  });

  it("warns once of a queue that has the name of a shard and is none", async () => {
    const broker = (await open()).connect();
    await aClient(broker).enqueue(send, {}, { queue: "emails:4" });
    const warnings = new Happenings<unknown>();
    const quiet = (): void => undefined;
    const logger = {
      debug: quiet,
      info: quiet,
      error: quiet,
      warn: (_: string, fields: unknown) => warnings.add(fields),
    };
    const server = aServer(broker, { queues: { emails: 1 }, shardedQueues: [emails], logger });
    server.handle(send, () => undefined);
    server.start();
    expect(await warnings.reach(1)).toEqual([{ queue: "emails:4", shardedQueue: "emails", shards: 4 }]);
  });
});
