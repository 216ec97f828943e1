import { beforeEach, describe, expect, it } from "vitest";
import type { Broker } from "../src/broker/broker.ts";
import { redisBroker } from "../src/broker/redis/index.ts";
import { sqliteBroker } from "../src/broker/sqlite/index.ts";
import { Client } from "../src/client/client.ts";
import { checkStore } from "../src/doctor/check-store.ts";
import { durationMs } from "../src/duration.ts";
import { Inspector } from "../src/inspector/inspector.ts";
import { Scheduler } from "../src/scheduler/scheduler.ts";
import { Schedules } from "../src/scheduler/schedules.ts";
import { shardedQueue } from "../src/sharding/sharded-queue.ts";
import { changeShardOrder, pauseShards } from "../src/sharding/sharded-queue-summary.ts";
import { defineTask } from "../src/task/task.ts";
import { testQueue } from "../src/testing/test-queue.ts";
import { Server } from "../src/worker/server.ts";
import { aClient, aServer, closedAtEnd, stores } from "./worker/stores.ts";

interface Setup {
  readonly broker: Broker;
  readonly client: Client;
  readonly inspector: Inspector;
  readonly schedules: Schedules;
  /** Options with a slip; what they would have said is passed over unless they are refused. */
  readonly slip: never;
}

type Call = (setup: Setup) => unknown;

const task = defineTask({ type: "mail" });
const pending = { queue: "default", state: "pending" } as const;

/** All that takes options, conditions or a description made of several parts. */
const calls: Readonly<Record<string, Call>> = {
  "new Client": ({ slip }) => new Client(slip),
  "Client.enqueue": ({ client, slip }) => client.enqueue(task, {}, slip),
  "Client.enqueueMany": ({ client, slip }) => client.enqueueMany([], slip),
  "a request of enqueueMany": async ({ client, slip }) => {
    const [result] = await client.enqueueMany([{ ...task.with({}), ...(slip as object) }]);
    if (result?.ok === false) throw result.error;
  },
  "Client.waitForResult": ({ client, slip }) =>
    client.waitForResult({ queue: "default", id: "x", definition: task }, slip),
  "Client.close": ({ client, slip }) => client.close(slip),
  defineTask: ({ slip }) => defineTask({ type: "a", ...(slip as object) }),
  shardedQueue: ({ slip }) => shardedQueue("a", { shards: 2, ...(slip as object) }),
  "new Server": ({ broker, slip }) => new Server({ broker, ...(slip as object) }),
  "archiveByQueue of a server": ({ broker, slip }) => new Server({ broker, archiveByQueue: { default: slip } }),
  "shardedQueues of a server": ({ broker, slip }) =>
    new Server({
      broker,
      queues: { a: 1 },
      shardedQueues: [{ queue: shardedQueue("a", { shards: 2 }), shards: [0], ...(slip as object) }],
    }),
  "Server.handle": ({ broker, slip }) => aServer(broker).handle(task, () => undefined, slip),
  "Server.handleRaw": ({ broker, slip }) =>
    aServer(broker).handleRaw({ prefix: "a", ...(slip as object) }, () => undefined),
  "Server.aggregate": ({ broker, slip }) => aServer(broker).aggregate(task, () => task.with({}), slip),
  "Server.stop": ({ broker, slip }) => aServer(broker).stop(slip),
  "new Inspector": ({ broker, slip }) => new Inspector({ broker, ...(slip as object) }),
  "Inspector.tasks": ({ inspector, slip }) => inspector.tasks({ ...pending, ...(slip as object) }),
  "Inspector.explainTasks": ({ inspector, slip }) => inspector.explainTasks("default", [], slip),
  "Inspector.runTasks": ({ inspector, slip }) =>
    inspector.runTasks({ queue: "default", state: "retry", ...(slip as object) }),
  "Inspector.archiveTasks": ({ inspector, slip }) => inspector.archiveTasks({ ...pending, ...(slip as object) }),
  "Inspector.deleteTasks": ({ inspector, slip }) => inspector.deleteTasks({ ...pending, ...(slip as object) }),
  "Inspector.deleteTasks by id": ({ inspector, slip }) =>
    inspector.deleteTasks({ queue: "default", ids: ["kept"], ...(slip as object) }),
  "options of Inspector.deleteTasks": ({ inspector, slip }) => inspector.deleteTasks(pending, slip),
  "Inspector.removeQueue": ({ inspector, slip }) => inspector.removeQueue("default", slip),
  "Inspector.releaseLock": ({ inspector, slip }) =>
    inspector.releaseLock({ queue: "default", type: "mail", ...(slip as object) }),
  "Inspector.quietServer": ({ inspector, slip }) => inspector.quietServer("x", slip),
  "Inspector.stopServer": ({ inspector, slip }) => inspector.stopServer("x", slip),
  "Inspector.evictServer": ({ inspector, slip }) => inspector.evictServer("x", slip),
  checkStore: ({ broker, slip }) => checkStore(broker, slip),
  "archive of checkStore": ({ broker, slip }) => checkStore(broker, { archive: slip }),
  "new Schedules": ({ broker, slip }) => new Schedules({ broker, ...(slip as object) }),
  "Schedules.add": ({ schedules, slip }) => schedules.add("a", "@daily", task.with({}), slip),
  "Schedules.upsert": ({ schedules, slip }) => schedules.upsert("a", "@daily", task.with({}), slip),
  "Schedules.change": ({ schedules, slip }) => schedules.change("a", slip),
  "Schedules.history": ({ schedules, slip }) => schedules.history("a", slip),
  "a request of Schedules.add": ({ schedules, slip }) =>
    schedules.add("a", "@daily", { ...task.with({}), ...(slip as object) }),
  "catchUp of Schedules.add": ({ schedules, slip }) =>
    schedules.add("a", "@daily", task.with({}), { catchUp: { all: 3, ...(slip as object) } }),
  "new Scheduler": ({ broker, slip }) => new Scheduler({ broker, ...(slip as object) }),
  "Scheduler.register": ({ broker, slip }) => new Scheduler({ broker }).register("@daily", task.with({}), slip),
  redisBroker: ({ slip }) => redisBroker(slip),
  "tls of redisBroker": ({ slip }) => redisBroker({ tls: slip }),
  sqliteBroker: ({ slip }) => sqliteBroker({ path: ":memory:", ...(slip as object) }),
  testQueue: ({ slip }) => testQueue(slip),
  "a duration": ({ slip }) => durationMs("in", { ms: 5, ...(slip as object) }),
};

describe("a slip in the name of an option", () => {
  let setup: Setup;
  beforeEach(async () => {
    const broker = closedAtEnd(sqliteBroker({ path: ":memory:" }));
    const client = aClient(broker);
    await client.enqueue(task, {}, { taskId: "kept" });
    const slip = { typ: "other" } as never;
    setup = { broker, client, inspector: new Inspector({ broker }), schedules: new Schedules({ broker }), slip };
  });

  it.each(Object.entries(calls))("is refused, and nothing is done: %s", async (name, call) => {
    const message = name === "a duration" ? /expected a duration/ : /unknown option "typ"/;
    const refused = async (): Promise<unknown> => call(setup);
    await expect(refused()).rejects.toMatchObject({ code: "invalid_option", message: expect.stringMatching(message) });
    expect(await setup.broker.queue("default")).toMatchObject({ counts: { pending: 1 } });
    expect(await setup.schedules.list()).toEqual([]);
  });
});

/** All that takes a signal. A call of the port stands for all of them: they share the place where it is read. */
const heeding: Readonly<Record<string, (setup: Setup, options: never) => unknown>> = {
  "Client.enqueue": ({ client }, options) => client.enqueue(task, {}, options),
  "Client.enqueueMany": ({ client }, options) => client.enqueueMany([task.with({})], options),
  "Client.waitForResult": ({ client }, options) =>
    client.waitForResult({ queue: "default", id: "kept", definition: task }, options),
  "Inspector.queues": ({ inspector }, options) => inspector.queues(options),
  "Inspector.deleteTasks": ({ inspector }, options) => inspector.deleteTasks(pending, options),
  "Inspector.removeQueue": ({ inspector }, options) =>
    inspector.removeQueue("default", { force: true, ...(options as object) }),
  "Inspector.stopServer": ({ inspector }, options) => inspector.stopServer("x", options),
  checkStore: ({ broker }, options) => checkStore(broker, options),
  "a call of the port that reads": ({ broker }, options) => broker.queues(options),
  "a call of the port that writes": ({ broker }, options) =>
    broker.removeQueue("default", { force: true, limit: 10 }, options),
  "a call of the port that waits": ({ broker }, options) => broker.waitForWork(["empty"], options),
};

describe.each(stores)("a signal that can't fire, on $name", ({ open }) => {
  it.each(Object.entries(heeding))("is refused, and nothing is done: %s", async (_, call) => {
    const store = await open();
    const broker = store.connect();
    const client = aClient(broker);
    await client.enqueue(task, {}, { taskId: "kept" });
    const setup = { broker, client, inspector: new Inspector({ broker }), schedules: new Schedules({ broker }) };
    for (const signal of [{}, null, "x", new AbortController()]) {
      const refused = async (): Promise<unknown> => call({ ...setup, slip: undefined as never }, { signal } as never);
      const message = expect.stringMatching(/option "signal": expected an AbortSignal, got/);
      await expect(refused()).rejects.toMatchObject({ code: "invalid_option", message });
    }
    expect(await broker.queue("default")).toMatchObject({ counts: { pending: 1 }, paused: false });
  });
});

describe("an argument that can't be used", () => {
  const cases: readonly [name: string, call: (inspector: Inspector, broker: Broker) => unknown, message: RegExp][] = [
    [
      "state",
      (inspector) => inspector.tasks({ queue: "default", state: "pendin" as never }),
      /"state": expected one of/,
    ],
    ["state", (inspector) => inspector.deleteTasks({ queue: "default", state: "pendin" as never }), /"state"/],
    ["state", (inspector) => inspector.deleteTasks({ queue: "default" } as never), /"state": .*got nothing/],
    ["type", (inspector) => inspector.deleteTasks({ ...pending, type: 5 as never }), /"type": expected a text, got 5/],
    ["from", (inspector) => inspector.tasks({ ...pending, from: "2026" as never }), /"from": expected a valid Date/],
    ["before", (inspector) => inspector.tasks({ ...pending, before: new Date(Number.NaN) }), /"before"/],
    ["payload", (inspector) => inspector.tasks({ ...pending, payload: {} as never }), /"payload": expected a text or/],
    ["cursor", (inspector) => inspector.tasks({ ...pending, cursor: 1 as never }), /"cursor"/],
    ["query", (inspector) => inspector.tasks(undefined as never), /expected an object with options/],
    [
      "ids",
      (inspector) => inspector.deleteTasks({ queue: "default", ids: "kept" as never }),
      /"ids": expected an array/,
    ],
    ["id", (inspector) => inspector.deleteTask("default", 5 as never), /"id": expected a text/],
    ["queue", (inspector) => inspector.task({} as never, "x"), /"queue": expected a text/],
    ["taskId", (inspector) => inspector.cancel(5 as never), /"taskId": expected a text/],
    ["days", (inspector) => inspector.history("default", 0), /"days": expected an integer from 1 to \d+, got 0/],
    ["scope", (_, broker) => checkStore(broker, { scope: "lives" as never }), /"scope": expected one of all, tasks/],
    ["queues", (_, broker) => checkStore(broker, { queues: "default" as never }), /"queues": expected an array/],
    ["graceMs", (_, broker) => checkStore(broker, { graceMs: Number.NaN }), /"graceMs"/],
    ["limit", (_, broker) => new Schedules({ broker }).history("a", { limit: 0 }), /"limit": expected an integer/],
    ["task", (_, broker) => aClient(broker).cancel({} as never), /"queue": expected a text, got nothing/],
    ["options", (_, broker) => aClient(broker).enqueue(task, {}, null as never), /expected an object with options/],
    ["pattern", (_, broker) => aServer(broker).handle("a" as never, () => undefined, { prefix: false }), /"prefix"/],
    ["force", (inspector) => inspector.removeQueue("default", { force: "no" as never }), /"force": expected/],
    ["force", (inspector) => inspector.evictServer("s", { force: 1 as never }), /"force": expected/],
    ["queue", (inspector) => inspector.removeQueue(5 as never), /"queue": expected a text, got 5/],
    ["queue", (inspector) => inspector.history(5 as never, 2), /"queue": expected a text, got 5/],
    ["ids", (inspector) => inspector.explainTasks("default", "kept" as never), /"ids": expected an array/],
    ["ids", (inspector) => inspector.explainTasks("default", [5 as never]), /"ids": expected a text, got 5/],
    ["onProgress", (inspector) => inspector.deleteTasks(pending, { onProgress: 5 as never }), /"onProgress": expected/],
    ["id", (_, broker) => new Schedules({ broker }).remove(5 as never), /"id": expected a text, got 5/],
    ["id", (_, broker) => new Schedules({ broker }).history(5 as never), /"id": expected a text, got 5/],
    ["queue", (_, broker) => changeShardOrder(broker, null as never), /queue: expected what shardedQueue made/],
    ["queue", (_, broker) => pauseShards(broker, { queues: ["default"] } as never), /expected what shardedQueue made/],
    ["clock", (_, broker) => new Client({ broker, clock: {} as never }), /"clock": expected a clock/],
    ["clock", (_, broker) => new Inspector({ broker, clock: {} as never }), /"clock": expected a clock/],
    ["clock", (_, broker) => new Schedules({ broker, clock: {} as never }), /"clock": expected a clock/],
    ["clock", (_, broker) => checkStore(broker, { clock: {} as never }), /"clock": expected a clock/],
    ["logger", (_, broker) => new Scheduler({ broker, logger: {} as never }), /"logger": expected an object with/],
    ["broker", () => checkStore({} as never), /"broker": expected a broker, got \{\}/],
    ["broker", () => new Inspector({} as never), /"broker": expected a broker, got nothing/],
    ["broker", () => new Schedules({} as never), /"broker": expected a broker, got nothing/],
  ];

  it.each(cases)("is named, and the store goes on: %s", async (_, call, message) => {
    const broker = closedAtEnd(sqliteBroker({ path: ":memory:" }));
    await aClient(broker).enqueue(task, {}, { taskId: "kept" });
    const refused = async (): Promise<unknown> => call(new Inspector({ broker }), broker);
    await expect(refused()).rejects.toMatchObject({ code: "invalid_option", message: expect.stringMatching(message) });
    expect(broker.reachability()).toMatchObject({ reachable: true });
    expect(await broker.queue("default")).toMatchObject({ counts: { pending: 1 } });
  });
});
