import { describe, expect, it, onTestFinished } from "vitest";
import type { Broker } from "../src/broker/broker.ts";
import { countPlaces } from "../src/broker/statistics-counts.ts";
import type { StatisticsReport } from "../src/broker/statistics-facet.ts";
import { Client } from "../src/client/client.ts";
import { HikyakuError } from "../src/errors.ts";
import { Inspector } from "../src/inspector/inspector.ts";
import { silentLogger } from "../src/runtime/logger.ts";
import { Scheduler } from "../src/scheduler/scheduler.ts";
import { processStatistics } from "../src/statistics/process-statistics.ts";
import { StatisticsWriter } from "../src/statistics/statistics-writer.ts";
import { defineTask } from "../src/task/task.ts";
import { SkipRetry } from "../src/worker/handling/verdict-errors.ts";
import { claimed, placedNow } from "./support/builders.ts";
import { FakeClock } from "./support/fake-clock.ts";
import { startChildServer } from "./worker/child-process.ts";
import { aClient, aServer, closedAtEnd, Happenings, stores } from "./worker/stores.ts";

const mail = defineTask({ type: "mail", maxRetry: 1 });
const none = { enqueued: 0, started: 0, succeeded: 0, failed: 0, retried: 0, archived: 0, lost: 0 };

/** The counts of all that was reported in the last hour, without the histograms. */
async function reported(broker: Broker, type?: string) {
  const { total } = await new Inspector({ broker }).statistics({
    queue: "default",
    ...(type !== undefined && { type }),
  });
  const { lateness, succeededRun, failedRun, ...counts } = total;
  return { ...counts, late: lateness.count, ran: [succeededRun.count, failedRun.count] };
}

/** The broker, with this in place of its `addStatistics`. */
function reportingThrough(broker: Broker, addStatistics: Broker["addStatistics"]): Broker {
  return new Proxy(broker, {
    get(target, name) {
      const found: unknown = name === "addStatistics" ? addStatistics : Reflect.get(target, name);
      return typeof found === "function" ? found.bind(target) : found;
    },
  });
}

describe.each(stores)("statistics on $name", ({ open }) => {
  it("tell what became of every attempt, as sums over two servers and two clients", async () => {
    const store = await open();
    const ended = new Happenings<string>();
    const servers = [store.connect(), store.connect()].map((broker) =>
      aServer(broker, { retryDelay: ["10ms"], queues: { default: 1 } }).handle(mail, ({ payload, taskId, retried }) => {
        ended.add(taskId);
        if (payload === "fails") throw new Error("fails");
        if (payload === "fails once" && retried === 0) throw new Error("fails");
        if (payload === "hopeless") throw new SkipRetry("hopeless");
      }),
    );
    const clients = [aClient(store.connect()), aClient(store.connect())];
    for (const server of servers) server.start();
    await clients[0]?.enqueueMany(["fine", "fails", "fails once"].map((payload) => mail.with(payload)));
    await clients[1]?.enqueue(mail, "hopeless");
    await ended.reach(6);
    for (const server of servers) await server.stop();
    for (const client of clients) await client.close();
    expect(await reported(store.connect())).toEqual({
      ...none,
      enqueued: 4,
      started: 6,
      succeeded: 2,
      failed: 4,
      retried: 2,
      archived: 2,
      late: 6,
      ran: [2, 4],
    });
    expect((await reported(store.connect(), "mail")).started).toBe(6);
    expect((await reported(store.connect(), "other")).started).toBe(0);
  });

  it("of one call that enqueues several types are told apart, and what the store refused is left out", async () => {
    const store = await open();
    const broker = store.connect();
    const client = aClient(broker);
    const types = ["a", "a", "b", "a", "b", "b"].map((type) => defineTask({ type }));
    const once = defineTask({ type: "once" }).with({}, { taskId: "only-one" });
    await client.enqueueMany([...types.map((each) => each.with({})), once, once]);
    await client.close();
    const { parts } = await new Inspector({ broker }).statistics({ parts: true });
    expect(parts?.map(({ type, enqueued }) => [type, enqueued])).toEqual([
      ["a", 3],
      ["b", 3],
      ["once", 1],
    ]);
  });

  it("count the tasks of schedules and of groups, and those that were archived from a group", async () => {
    const store = await open();
    const broker = store.connect();
    const digest = defineTask({ type: "digest" });
    const scheduler = new Scheduler({ broker, logger: silentLogger });
    onTestFinished(() => scheduler.close());
    const fired = Promise.withResolvers<void>();
    const ran = new Happenings<string>();
    await scheduler.register("@every 1s", defineTask({ type: "tick" }).with({}));
    const server = aServer(broker)
      .handle(digest, () => ran.add("digest"))
      .handle("tick", () => fired.resolve())
      .aggregate(mail, ({ tasks }) => digest.with(tasks.length), { maxSize: 2 });
    server.start();
    scheduler.start();
    const client = aClient(broker);
    await client.enqueueMany([mail.with(1, { group: "letters" }), mail.with(2, { group: "letters" })]);
    await ran.reach(1);
    await fired.promise;
    await scheduler.close();
    await server.stop();
    await client.close();
    expect(await reported(broker, "mail")).toMatchObject({ enqueued: 2, started: 0 });
    expect(await reported(broker, "digest")).toMatchObject({ enqueued: 1, started: 1, succeeded: 1 });
    expect((await reported(broker, "tick")).enqueued).toBeGreaterThanOrEqual(1);
  });

  it("leave out what a server had not reported when it died, and count what it lost", async () => {
    const clock = new FakeClock();
    const store = await open();
    const broker = store.connect({ clock });
    await broker.enqueue([placedNow({ type: "mail" })]);
    // It claimed, perhaps began, and never reported anything.
    expect(await claimed(broker, { serverId: "dead" })).toHaveLength(1);
    clock.advance(40_000);
    const ran = new Happenings<string>();
    const server = aServer(broker, { clock }).handle(mail, ({ taskId }) => ran.add(taskId));
    server.start();
    await expect
      .poll(
        async () => {
          clock.advance(500);
          return ran.all.length;
        },
        { timeout: 20_000, interval: 20 },
      )
      .toBe(1);
    await server.stop();
    const { total } = await new Inspector({ broker, clock }).statistics({ queue: "default" });
    expect(total).toMatchObject({ enqueued: 0, started: 1, succeeded: 1, lost: 1 });
    expect(total.failedRun.count).toBe(0);
  });

  it("keep what a process had reported before it was killed, beside those of who takes its tasks over", async () => {
    const store = await open();
    const broker = store.connect();
    const stuck = defineTask({ type: "stuck" });
    const child = startChildServer(store.address, "stuck");
    const client = aClient(broker);
    await client.enqueue(stuck, {});
    await child.lines.reach(1);
    await expect.poll(async () => (await reported(broker, "stuck")).started, { timeout: 30_000, interval: 50 }).toBe(1);
    // Its next report is some seconds away.
    await client.enqueue(stuck, {});
    await child.lines.reach(2);
    child.kill("SIGKILL");
    await child.exited;
    const ran = new Happenings<string>();
    const server = aServer(broker, { lease: "2s" }).handle(stuck, ({ taskId }) => ran.add(taskId));
    server.start();
    await ran.reach(2);
    await server.stop();
    const { started, lost, succeeded } = await reported(broker, "stuck");
    expect({ lost, succeeded }).toEqual({ lost: 2, succeeded: 2 });
    // On a machine that stood still meanwhile, it may have reported the second one too.
    expect([3, 4]).toContain(started);
  });

  it("are counted once although answers are lost, and go on when the store is back", async () => {
    const store = await open();
    const broker = store.connect();
    const reports: StatisticsReport[] = [];
    const unreliable = reportingThrough(broker, async (report, call) => {
      reports.push(report);
      if (reports.length === 1) throw new HikyakuError("broker_unavailable", "away");
      await broker.addStatistics(report, call);
      if (reports.length === 2) throw new HikyakuError("answer_lost", "lost");
    });
    const writer = new StatisticsWriter(unreliable, new FakeClock());
    const now = Date.now();
    await broker.enqueue([placedNow()]);
    writer.tally.enqueued({ queue: "default", type: "mail" }, now);
    await expect(writer.write()).rejects.toMatchObject({ code: "broker_unavailable" });
    writer.tally.enqueued({ queue: "default", type: "mail" }, now);
    await expect(writer.write()).rejects.toMatchObject({ code: "answer_lost" });
    await writer.write();
    expect(reports.map(({ sequence }) => sequence)).toEqual([1, 1, 1, 2]);
    expect(await reported(broker)).toMatchObject({ enqueued: 2 });
    await writer.write();
    expect(reports).toHaveLength(4);
  });

  it("are neither counted nor written where they are switched off", async () => {
    const store = await open();
    const broker = store.connect();
    const refusing = reportingThrough(broker, async () => expect.unreachable("a report"));
    const ran = new Happenings<string>();
    const server = aServer(refusing, { statistics: false }).handle(mail, ({ taskId }) => ran.add(taskId));
    const client = new Client({ broker: refusing, statistics: false });
    server.start();
    await client.enqueue(mail, {});
    await ran.reach(1);
    await server.stop();
    await client.close();
    expect(await reported(broker)).toMatchObject(none);
  });

  it("of a client are written ten seconds after its first task, and not at all by one that enqueues nothing", async () => {
    const clock = new FakeClock();
    const store = await open();
    const broker = store.connect({ clock });
    const client = new Client({ broker, clock });
    onTestFinished(() => client.close());
    const inspector = new Inspector({ broker, clock });
    clock.advance(60_000);
    await client.enqueue(mail, {});
    clock.advance(9_999);
    expect((await inspector.statistics()).total.enqueued).toBe(0);
    clock.advance(1);
    await expect.poll(async () => (await inspector.statistics()).total.enqueued).toBe(1);
  });

  it("are read as points over a range, also where nothing happened, and in parts", async () => {
    const clock = new FakeClock(Date.UTC(2026, 10, 28, 12, 0, 30));
    const store = await open();
    const broker = store.connect({ clock });
    const inspector = new Inspector({ broker, clock });
    await broker.enqueue([placedNow(), placedNow({ queue: "low" })]);
    const writer = new StatisticsWriter(broker, clock);
    for (const [queue, type] of [
      ["default", "mail"],
      ["default", "sms"],
      ["low", "mail"],
    ] as const) {
      writer.tally.enqueued({ queue, type }, clock.now());
    }
    await writer.write();
    const statistics = await inspector.statistics({ parts: true });
    expect(statistics).toMatchObject({ resolution: "minute", total: { enqueued: 3 } });
    expect(statistics.from.toISOString()).toBe("2026-11-28T11:00:00.000Z");
    expect(statistics.to.toISOString()).toBe("2026-11-28T12:01:00.000Z");
    expect(statistics.points).toHaveLength(61);
    expect(statistics.points.at(-1)).toMatchObject({ at: new Date("2026-11-28T12:00:00Z"), enqueued: 3 });
    expect(statistics.parts?.map(({ queue, type, enqueued }) => [queue, type, enqueued])).toEqual([
      ["default", "mail", 1],
      ["default", "sms", 1],
      ["low", "mail", 1],
    ]);
    const from = new Date(clock.now() - 24 * 3_600_000);
    expect(await inspector.statistics({ queue: "low", from })).toMatchObject({
      resolution: "ten_minutes",
      total: { enqueued: 1 },
    });
    const short = await inspector.statistics({ from, resolution: "minute" });
    // Minutes are kept for eight hours.
    expect(short.from.toISOString()).toBe("2026-11-28T04:00:00.000Z");
    expect((await inspector.statistics({ from: new Date(clock.now() - 80 * 86_400_000) })).resolution).toBe("day");
    for (const query of [
      { from: new Date(clock.now()), to: new Date(clock.now()) },
      { resolution: "hour" },
      { from: "yesterday" },
      { parts: 1 },
      { since: 1 },
    ]) {
      await expect(inspector.statistics(query as never)).rejects.toMatchObject({ code: "invalid_option" });
    }
    await expect(inspector.statistics({ queue: "none" })).rejects.toMatchObject({ code: "queue_not_found" });
  });

  it("of the process only grow, whoever counted and whether or not the store took them", async () => {
    const store = await open();
    const broker = store.connect();
    const away = reportingThrough(closedAtEnd(broker), async () => {
      throw new HikyakuError("broker_unavailable", "away");
    });
    const writer = new StatisticsWriter(away, new FakeClock());
    const type = `process-${store.address}`;
    writer.tally.enqueued({ queue: "default", type }, Date.now());
    await expect(writer.write()).rejects.toThrow("away");
    await expect(writer.write()).rejects.toThrow("away");
    expect(processStatistics().filter((each) => each.type === type)).toMatchObject([{ queue: "default", enqueued: 1 }]);
  });
});

it("has a place in the array for each count, and none twice", () => {
  expect(new Set(Object.values(countPlaces)).size).toBe(Object.keys(countPlaces).length);
});
