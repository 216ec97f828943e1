import { setImmediate as nextTurn } from "node:timers/promises";
import { redisServerPath, startRedisServer, startTcpProxy } from "@hikyaku/test-support";
import { describe, expect, it, onTestFinished } from "vitest";
import type { ServerRecord } from "../src/broker/presence-facet.ts";
import { redisBroker } from "../src/broker/redis/index.ts";
import { sqliteBroker } from "../src/broker/sqlite/index.ts";
import { Client } from "../src/client/client.ts";
import type { InspectorCallOptions } from "../src/inspector/call-budget.ts";
import { type InspectedBroker, Inspector } from "../src/inspector/inspector.ts";
import { placedAt, placedNow } from "./support/builders.ts";
import { FakeClock } from "./support/fake-clock.ts";
import { closedAtEnd, stores } from "./worker/stores.ts";

/** Every call of an inspector, with what limits it. A method that is missing here fails the first test. */
const calls: Record<
  Exclude<keyof Inspector, never>,
  (it: Inspector, limit: InspectorCallOptions) => Promise<unknown>
> = {
  queues: (it, limit) => it.queues(limit),
  queue: (it, limit) => it.queue("default", limit),
  history: (it, limit) => it.history("default", 2, limit),
  statistics: (it, limit) => it.statistics({ queue: "default" }, limit),
  tasks: (it, limit) => it.tasks({ queue: "default", state: "pending" }, limit),
  search: (it, limit) => it.search({}, limit),
  task: (it, limit) => it.task("default", "t", limit),
  taskLog: (it, limit) => it.taskLog("default", "t", limit),
  explainTasks: (it, limit) => it.explainTasks("default", ["t"], limit),
  explain: (it, limit) => it.explain("default", "t", limit),
  explainQueue: (it, limit) => it.explainQueue("default", limit),
  runTasks: (it, limit) => it.runTasks({ queue: "default", state: "archived" }, limit),
  archiveTasks: (it, limit) => it.archiveTasks({ queue: "default", ids: ["t"] }, limit),
  deleteTasks: (it, limit) => it.deleteTasks({ queue: "default", state: "pending" }, limit),
  runTask: (it, limit) => it.runTask("default", "t", limit),
  archiveTask: (it, limit) => it.archiveTask("default", "t", limit),
  deleteTask: (it, limit) => it.deleteTask("default", "t", limit),
  rescheduleTask: (it, limit) => it.rescheduleTask("default", "t", new Date(), limit),
  cancel: (it, limit) => Promise.any([it.cancel("default", "t", limit), it.cancel("t", limit)]).catch(firstOf),
  groups: (it, limit) => it.groups("default", limit),
  queuePage: (it, limit) => it.queuePage({ limit: 10 }, limit),
  pauseQueue: (it, limit) => it.pauseQueue("default", limit),
  resumeQueue: (it, limit) => it.resumeQueue("default", limit),
  removeQueue: (it, limit) => it.removeQueue("default", { ...limit, force: true }),
  editPayload: (it, limit) => it.editPayload("default", "t", 1, limit),
  releaseLock: (it, limit) => it.releaseLock({ queue: "default", type: "x" }, limit),
  servers: (it, limit) => it.servers(limit),
  quietServer: (it, limit) => it.quietServer("s", limit),
  stopServer: (it, limit) => it.stopServer("s", limit),
  evictServer: (it, limit) => it.evictServer("s", limit),
};

function firstOf({ errors }: AggregateError): never {
  throw errors[0];
}

const codeOf = (error: unknown): unknown => (error as { code?: unknown }).code;

describe("the limits of an inspector's calls", () => {
  it.each(Object.entries(calls))("%s refuses a limit that nobody reads, and one that is none", async (_, call) => {
    const inspector = new Inspector({ broker: closedAtEnd(sqliteBroker({ path: ":memory:" })) });
    for (const limit of [{ whithin: "1s" }, { within: "0s" }, { within: "soon" }]) {
      await expect((async () => call(inspector, limit as InspectorCallOptions))()).rejects.toMatchObject({
        code: "invalid_option",
      });
    }
  });

  describe.runIf(redisServerPath() !== undefined)("on a Redis that hangs", () => {
    async function hanging(): Promise<Inspector> {
      const redis = await startRedisServer();
      onTestFinished(() => redis.stop());
      const inspector = new Inspector({ broker: closedAtEnd(redisBroker({ url: redis.url })) });
      expect(await inspector.queues()).toEqual([]);
      redis.pause();
      onTestFinished(() => redis.resume());
      return inspector;
    }

    it("end all of them in time, each with the code for what is known", async () => {
      const inspector = await hanging();
      const startedAt = performance.now();
      const givenUp = Object.values(calls).map((call) => call(inspector, { within: "300ms" }).catch(codeOf));
      // All were sent, and none knows what became of it. Another code would come from one that harmed the others.
      expect(new Set(await Promise.all(givenUp))).toEqual(new Set(["deadline_exceeded"]));
      // The broker's own limit is 5 s.
      expect(performance.now() - startedAt).toBeLessThan(4_000);
    });

    it("hold for all that a call asks of the store together", async () => {
      const redis = await startRedisServer();
      onTestFinished(() => redis.stop());
      const proxy = await startTcpProxy(redis.port);
      onTestFinished(() => proxy.close());
      const broker = closedAtEnd(redisBroker({ url: `redis://127.0.0.1:${proxy.port}` }));
      await broker.enqueue([placedNow({ id: "t" })]);
      const inspector = new Inspector({ broker });
      const client = new Client({ broker, within: "400ms" });
      onTestFinished(() => client.close());
      // Each of them asks twice or more, one after the other. Each answer alone comes in time.
      const { editPayload, queue, deleteTasks, pauseQueue } = calls;
      expect(await Promise.all([queue, editPayload].map((call) => call(inspector, { within: "20s" })))).toHaveLength(2);
      proxy.delayAnswers(250);
      for (const call of [editPayload, pauseQueue, deleteTasks]) {
        expect(await call(inspector, { within: "400ms" }).catch(codeOf)).toBe("deadline_exceeded");
      }
      expect(await client.cancel({ queue: "default", id: "t" }).catch(codeOf)).toBe("deadline_exceeded");
    });

    it("are ended by their signals", async () => {
      const inspector = await hanging();
      const signal = AbortSignal.timeout(100);
      // The removal of a queue waits for the slice under way, as its option says.
      const { removeQueue: _, ...others } = calls;
      const cancelled = Object.values(others).map((call) => call(inspector, { signal }).catch(codeOf));
      expect(new Set(await Promise.all(cancelled))).toEqual(new Set(["cancelled"]));
    });
  });
});

describe.each(stores)("an inspector with little time on $name", ({ open }) => {
  async function setup(tasks: number) {
    const store = await open();
    const broker = store.connect();
    await broker.enqueue(Array.from({ length: tasks }, () => placedNow()));
    await expect.poll(() => broker.queues()).toEqual(["default"]);
    const clock = new FakeClock();
    return { broker, clock, inspector: new Inspector({ broker, clock, sliceSize: 3 }) };
  }

  it("changes what it can of many tasks, and says that it did not come to the end", async () => {
    const { clock, inspector } = await setup(10);
    const report = await inspector.deleteTasks(
      { queue: "default", state: "pending" },
      { within: "1s", onProgress: () => clock.advance(600) },
    );
    expect(report).toMatchObject({ changed: 6, complete: false });
    expect((await inspector.queue("default")).counts.pending).toBe(4);
  });

  it("says how far the removal of a queue came", async () => {
    const { clock, inspector } = await setup(10);
    const removal = inspector.removeQueue("default", {
      force: true,
      within: "1s",
      onProgress: () => clock.advance(2_000),
    });
    await expect(removal).rejects.toThrow('removing queue "default" was stopped; 3 of its tasks are removed');
    await expect(removal).rejects.toMatchObject({ code: "deadline_exceeded" });
  });

  it("answers with the part of a page that it found", async () => {
    const { broker, clock } = await setup(1);
    await broker.enqueue(Array.from({ length: 2_500 }, () => placedAt(Date.now() + 3_600_000)));
    const slow: InspectedBroker = {
      ...broker,
      list: async (...args) => {
        const page = await broker.list(...args);
        clock.advance(600);
        return page;
      },
    };
    const inspector = new Inspector({ broker: slow, clock });
    const query = { queue: "default", state: "scheduled", type: "nothing" } as const;
    const page = await inspector.tasks(query, { within: "1s" });
    expect(page).toMatchObject({ tasks: [], scanned: 2_000, nextCursor: expect.any(String) });
    const rest = await inspector.tasks({ ...query, cursor: page.nextCursor ?? "" });
    expect(rest).toMatchObject({ scanned: 500, nextCursor: undefined });
  });

  it("has told a server what it had to, and waits no longer to see it obey", async () => {
    const { broker, clock, inspector } = await setup(1);
    const serverId = "s";
    await broker.announce(deafServer(serverId), [], 60_000);
    let isDone = false;
    const told = inspector.quietServer(serverId, { within: "1s", wait: "5m" }).finally(() => {
      isDone = true;
    });
    await expect.poll(() => broker.orderedServers()).toBe(1);
    while (!isDone) {
      clock.advance(50);
      await nextTurn();
    }
    const report = await told;
    expect(report).toMatchObject({ presence: "live", listens: true, acknowledged: false, status: "active" });
  });
});

/** One that told of itself once and does not listen. */
function deafServer(serverId: string): ServerRecord {
  return {
    serverId,
    host: "h",
    pid: 1,
    concurrency: 1,
    queues: { default: 1 },
    strictPriority: false,
    status: "active",
    startedAt: Date.now(),
    activeWorkers: 0,
    details: {
      version: "1.2.3",
      directory: "/srv/app",
      commandLine: "node worker.ts",
      handles: { kind: "some", exact: ["x"], prefixes: [] },
      lastClaimAt: undefined,
    },
  };
}
