import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Broker } from "../../src/broker/broker.ts";
import type { TaskEntry } from "../../src/broker/inspect-facet.ts";
import { HikyakuError } from "../../src/errors.ts";
import { jsonLogger, silentLogger } from "../../src/runtime/logger.ts";
import { Scheduler, type SchedulerOptions } from "../../src/scheduler/scheduler.ts";
import { Schedules } from "../../src/scheduler/schedules.ts";
import { defineTask } from "../../src/task/task.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { ShiftedClock } from "../support/shifted-clock.ts";
import { flakyBroker } from "../worker/flaky-broker.ts";
import { stores } from "../worker/stores.ts";

const report = defineTask({ type: "report:send", queue: "low", maxRetry: 5, timeout: "1m" });
const minute = 60_000;

describe.each(stores)("a scheduler on $name", { timeout: 60_000 }, ({ open }) => {
  async function setup() {
    const store = await open();
    const clock = new FakeClock();
    const broker = store.connect({ clock });
    await broker.ready();
    const scheduler = (options: Partial<SchedulerOptions> = {}): Scheduler => aScheduler(store, clock, options);
    const schedules = new Schedules({ broker, clock });
    /** The turns whose tasks are in the queue, in minutes after the clock's start, sorted. */
    const start = Math.floor(clock.now() / minute) * minute;
    const turns = async (): Promise<number[]> => {
      const { tasks } = await broker.list({ queue: "low", state: "pending", limit: 100 });
      return tasks.map((task) => (turnOf(idOf(task)) - start) / minute).sort((a, b) => a - b);
    };
    /**
     * Reads something again and again, a moment later each time: a pause after a failed call ends only with time. The moments
     * are short, since a busy disk may need hundreds of them, and what is expected belongs to a minute.
     */
    const eventually = <Value>(read: () => Value | Promise<Value>, stepMs = 10) =>
      expect.poll(
        () => {
          clock.advance(stepMs);
          return read();
        },
        { interval: 5, timeout: 20_000 },
      );
    /** Moves time, not in one leap, and waits until exactly these turns were fired. */
    const fired = async (afterMs: number, expected: number[]): Promise<void> => {
      for (let movedMs = 0; movedMs < afterMs; movedMs += 1_000) {
        clock.advance(1_000);
        await nextTurn();
      }
      await eventually(turns).toEqual(expected);
    };
    return { store, clock, broker, scheduler, schedules, eventually, fired, turns };
  }

  function aScheduler(
    store: Awaited<ReturnType<typeof open>>,
    clock: FakeClock,
    options: Partial<SchedulerOptions>,
  ): Scheduler {
    const broker = options.broker ?? store.connect({ clock });
    const made = new Scheduler({ clock, logger: silentLogger, ...options, broker });
    onTestFinished(() => made.close());
    return made;
  }

  it("enqueues a task at each turn, with the options of its request", async () => {
    const { broker, scheduler, fired, clock } = await setup();
    const one = scheduler();
    const id = await one.register("* * * * *", report.with({ day: 1 }, { headers: { from: "cron" } }));
    one.start();
    await fired(minute, [1]);
    await fired(minute, [1, 2]);
    const { tasks } = await broker.list({ queue: "low", state: "pending", limit: 1 });
    expect(tasks[0]).toMatchObject({
      message: { type: "report:send", maxRetry: 5, timeoutMs: minute, headers: { from: "cron" } },
    });
    await expect.poll(async () => (await broker.enqueueEvents(id, { limit: 10 })).events.length).toBe(2);
    const { events } = await broker.enqueueEvents(id, { limit: 10 });
    expect(turnOf(events[0]?.taskId ?? "")).toBe(Math.floor(clock.now() / minute) * minute);
  });

  it("shares its turns with other schedulers: each is fired once, and taken over without a pause", async () => {
    const { scheduler, fired } = await setup();
    const both = [scheduler(), scheduler()];
    const ids = await Promise.all(both.map((one) => one.register("* * * * *", report.with({ day: 1 }))));
    expect(ids[0]).toBe(ids[1]);
    for (const one of both) one.start();
    await fired(minute, [1]);
    await fired(minute, [1, 2]);
    await both[0]?.close();
    await fired(minute, [1, 2, 3]);
  });

  it("counts @every from when the entry was first known, also for schedulers that come later", async () => {
    const { store, clock, scheduler, eventually, fired } = await setup();
    const broker = store.connect({ clock });
    const firstTurn = Math.floor(clock.now() / 1_000) * 1_000 + 2 * minute;
    let isKnown = false;
    const first = scheduler({
      broker: flakyBroker(broker, {
        beginTurns: async (...args) => {
          const memory = await broker.beginTurns(...args);
          isKnown = true;
          return memory;
        },
      }),
    });
    await first.register("@every 2m", report.with({ day: 1 }), { id: "e" });
    first.start();
    // The second one must not be the first to tell the store.
    await eventually(() => isKnown).toBe(true);
    expect((await first.entries())[0]?.nextAt).toBe(firstTurn);
    clock.advance(minute);
    const second = scheduler();
    await second.register("@every 2m", report.with({ day: 1 }), { id: "e" });
    second.start();
    await fired(minute, [2]);
    await fired(2 * minute, [2, 4]);
  });

  describe("whose clock was hours ahead and is set right", () => {
    /** A scheduler with a clock of its own, that is ahead. */
    async function withWrongClock() {
      const all = await setup();
      const wrong = new ShiftedClock(all.clock);
      wrong.aheadMs = 180 * minute;
      const real = all.store.connect({ clock: wrong });
      let underWay = 0;
      const counted =
        <Args extends unknown[], Answer>(call: (...args: Args) => Promise<Answer>) =>
        (...args: Args): Promise<Answer> => {
          underWay++;
          return call(...args).finally(() => underWay--);
        };
      const broker = flakyBroker(real, {
        beginTurns: counted((...args) => real.beginTurns(...args)),
        fireTurn: counted((...args) => real.fireTurn(...args)),
        recordEvent: counted((...args) => real.recordEvent(...args)),
        durableEntries: counted((...args) => real.durableEntries(...args)),
      });
      /** Moves time by seconds, and lets the scheduler end in each of them what it does; then the turns that were fired. */
      const turnsAfter = async (ms: number): Promise<number[]> => {
        for (let movedMs = 0; movedMs < ms; movedMs += 1_000) {
          all.clock.advance(1_000);
          do for (let turn = 0; turn < 5; turn++) await nextTurn();
          while (underWay > 0);
        }
        return all.turns();
      };
      const warnings: string[] = [];
      const warn = (message: string): void => void warnings.push(message);
      const wronged = (options: Partial<SchedulerOptions> = {}): Scheduler =>
        all.scheduler({ clock: wrong, broker, logger: { ...silentLogger, warn }, ...options });
      return { ...all, wrong, wronged, warnings, turnsAfter };
    }

    const doubt = "a clock was ahead when a scheduler entry was worked on; its turns go on from now";

    it.each(["once", "skip", { all: 2 }] as const)(
      "fires each turn from then on of an entry that is new, catching up %o",
      async (catchUp) => {
        const { wrong, wronged, turnsAfter, warnings } = await withWrongClock();
        const one = wronged({ catchUp });
        await one.register("* * * * *", report.with({ day: 1 }), { id: "e" });
        one.start();
        expect(await turnsAfter(1_000)).toEqual([]);
        wrong.aheadMs = 0;
        expect(await turnsAfter(2 * minute)).toEqual([1, 2]);
        expect(warnings).toEqual([doubt]);
        expect(one.entries()[0]?.nextAt).toBeLessThanOrEqual(wrong.now() + minute);
      },
    );

    it("leaves no entry silent for others, who know it from the store, also after restarts", async () => {
      const { wrong, wronged, turnsAfter, warnings } = await withWrongClock();
      const begin = async (): Promise<Scheduler> => {
        const scheduler = wronged({ catchUp: { all: 5 } });
        await scheduler.register("@every 2m", report.with({ day: 1 }), { id: "e" });
        scheduler.start();
        return scheduler;
      };
      const first = await begin();
      expect(await turnsAfter(1_000)).toEqual([]);
      await first.close();
      wrong.aheadMs = 0;
      const second = await begin();
      expect(await turnsAfter(4 * minute)).toEqual([2, 4]);
      await second.close();
      expect(await turnsAfter(4 * minute)).toEqual([2, 4]);
      await begin();
      expect(await turnsAfter(minute)).toEqual([2, 4, 6, 8]);
      expect(warnings).toEqual([doubt]);
    });

    it("goes on after its clock jumped while it ran, and fires no turn again that came too early", async () => {
      const { wrong, wronged, turnsAfter, warnings } = await withWrongClock();
      wrong.aheadMs = 0;
      const one = wronged();
      await one.register("* * * * *", report.with({ day: 1 }), { id: "e" });
      one.start();
      expect(await turnsAfter(minute)).toEqual([1]);
      wrong.aheadMs = 3 * minute;
      expect(await turnsAfter(minute)).toEqual([1, 4, 5]);
      wrong.aheadMs = 0;
      expect(await turnsAfter(40_000)).toEqual([1, 2, 4, 5]);
      expect(await turnsAfter(minute)).toEqual([1, 2, 3, 4, 5]);
      expect(await turnsAfter(3 * minute)).toEqual([1, 2, 3, 4, 5, 6]);
      expect(warnings.filter((message) => message === doubt)).toHaveLength(1);
    });

    it("goes on with durable entries that were added meanwhile, and tells their next turn", async () => {
      const { store, wrong, wronged, turnsAfter } = await withWrongClock();
      const schedules = new Schedules({ broker: store.connect({ clock: wrong }), clock: wrong });
      await schedules.add("e", "* * * * *", report.with({ day: 1 }));
      wrong.aheadMs = 0;
      expect((await schedules.list())[0]?.nextAt?.getTime()).toBeLessThanOrEqual(wrong.now() + minute);
      wronged().start();
      expect(await turnsAfter(2 * minute)).toEqual([1, 2]);
    });
  });

  it("makes up for turns that were missed while no scheduler ran, as its catch-up policy says", async () => {
    for (const [catchUp, expected] of [
      ["skip", [1]],
      ["once", [1, 4]],
      [{ all: 2 }, [1, 3, 4]],
      [{ all: 10 }, [1, 2, 3, 4]],
    ] as const) {
      const { clock, scheduler, fired } = await setup();
      const before = scheduler({ catchUp });
      await before.register("* * * * *", report.with({ day: 1 }), { id: "e" });
      before.start();
      await fired(minute, [1]);
      await before.close();
      clock.advance(3 * minute);
      const after = scheduler({ catchUp });
      await after.register("* * * * *", report.with({ day: 1 }), { id: "e" });
      after.start();
      await fired(0, [...expected]);
      await fired(minute, [...expected, 5]);
    }
  });

  it("makes nothing up for an entry that is new, or whose spec is", async () => {
    const { clock, scheduler, fired } = await setup();
    const before = scheduler({ catchUp: { all: 10 } });
    await before.register("* * * * *", report.with({ day: 1 }), { id: "e" });
    before.start();
    await fired(minute, [1]);
    await before.close();
    clock.advance(3 * minute);
    const after = scheduler({ catchUp: { all: 10 } });
    await after.register("*/1 * * * *", report.with({ day: 1 }), { id: "e" });
    after.start();
    await fired(minute, [1, 5]);
  });

  it("fires a turn that the store's absence delayed, once, also when answers are lost", async () => {
    const { store, clock, scheduler, eventually, fired } = await setup();
    let calls = 0;
    const real = store.connect({ clock });
    const losing = flakyBroker(real, {
      fireTurn: async (turn, call) => {
        calls += 1;
        if (calls === 1) throw new HikyakuError("broker_unavailable", "away");
        const answer = await real.fireTurn(turn, call);
        if (calls === 2) throw new HikyakuError("deadline_exceeded", "lost");
        return answer;
      },
    });
    const results: unknown[] = [];
    const one = scheduler({ broker: losing, afterEnqueue: (_, result) => results.push(result) });
    await one.register("* * * * *", report.with({ day: 1 }));
    one.start();
    clock.advance(minute);
    await eventually(() => calls, 100).toBeGreaterThanOrEqual(3);
    await fired(0, [1]);
    await expect.poll(() => results.length, { interval: 5 }).toBe(1);
    expect(results[0]).toMatchObject({ type: "report:send", state: "pending" });
  });

  it("goes on with its other entries when one is broken", async () => {
    const { clock, scheduler, eventually, fired, broker } = await setup();
    const lines: string[] = [];
    const one = scheduler({ logger: jsonLogger("warn", (line) => lines.push(line)) });
    await one.register("* * * * *", report.with({ day: 1 }, { deadline: new Date(clock.now() + 1_000) }), {
      id: "bad",
    });
    await one.register("* * * * *", report.with({ day: 2 }), { id: "good" });
    await broker.putDurableEntry({
      entryId: "odd",
      spec: "not a spec",
      timeZone: "UTC",
      queue: "low",
      definition: "{}",
      paused: false,
      catchUp: "once",
      since: clock.now(),
      revision: 1,
    });
    one.start();
    await fired(minute, [1]);
    await fired(minute, [1, 2]);
    expect(lines.filter((line) => line.includes('"odd"'))).toHaveLength(1);
    await eventually(() => lines.filter((line) => line.includes('"bad"')).length).toBe(2);
  });

  it("follows durable entries as they are added, changed, paused, resumed and removed", async () => {
    const { clock, scheduler, schedules, eventually, fired, turns, broker } = await setup();
    const [one, two] = [scheduler(), scheduler()];
    one.start();
    two.start();
    const known = async (count: number, nextInMinutes?: number): Promise<void> => {
      const next =
        nextInMinutes === undefined ? undefined : Math.floor(clock.now() / minute) * minute + nextInMinutes * minute;
      for (const each of [one, two]) {
        await eventually(() => each.entries().map(({ nextAt }) => nextAt)).toEqual(
          Array.from({ length: count }, () => next),
        );
      }
    };
    const added = await schedules.add("nightly", "* * * * *", report.with({ day: 1 }));
    expect(added).toMatchObject({ id: "nightly", taskType: "report:send", queue: "low", paused: false, revision: 1 });
    await expect(schedules.add("nightly", "* * * * *", report.with({}))).rejects.toMatchObject({
      code: "entry_exists",
    });
    await known(1, 1);
    await fired(minute, [1]);
    await schedules.pause("nightly");
    await known(1);
    clock.advance(3 * minute);
    await schedules.resume("nightly");
    await known(1, 1);
    expect(await turns()).toEqual([1]);
    await fired(minute, [1, 5]);
    const changed = await schedules.change("nightly", { spec: "*/5 * * * *" });
    await expect(schedules.change("nightly", { spec: "@daily", revision: changed.revision - 1 })).rejects.toMatchObject(
      {
        code: "wrong_state",
      },
    );
    await known(1, 5);
    await fired(5 * minute, [1, 5, 10]);
    const task = await schedules.runNow("nightly");
    expect(await broker.get("low", [task.id])).toMatchObject([{ message: { type: "report:send" } }]);
    const { events } = await schedules.history("nightly");
    expect(events.map(({ taskId }) => taskId)).toContain(task.id);
    await schedules.remove("nightly");
    await expect(schedules.remove("nightly")).rejects.toMatchObject({ code: "entry_not_found" });
    await known(0);
    expect(await schedules.list()).toEqual([]);
  });

  it("upserts a durable entry: added once, left alone while it is so, changed where it differs", async () => {
    const { clock, schedules, store } = await setup();
    const added = await schedules.upsert("nightly", "@daily", report.with({ day: 1 }));
    expect(added).toMatchObject({ id: "nightly", spec: "@daily", catchUp: "once", revision: 1 });
    await schedules.pause("nightly");
    clock.advance(minute);
    const again = await schedules.upsert("nightly", "@daily", report.with({ day: 1 }));
    expect(again).toMatchObject({ paused: true, revision: 2 });
    const changed = await schedules.upsert("nightly", "@hourly", report.with({ day: 2 }), { catchUp: "skip" });
    expect(changed).toMatchObject({ spec: "@hourly", catchUp: "skip", paused: true, revision: 3 });
    expect(await schedules.upsert("nightly", "@hourly", report.with({ day: 2 }))).toMatchObject({ catchUp: "once" });
    const other = new Schedules({ broker: store.connect({ clock }), clock });
    const both = await Promise.all(
      [schedules, other, schedules].map((each) => each.upsert("weekly", "@weekly", report.with({ day: 7 }))),
    );
    expect(both.map(({ spec }) => spec)).toEqual(["@weekly", "@weekly", "@weekly"]);
    await expect(schedules.upsert("bad", "never", report.with({ day: 1 }))).rejects.toMatchObject({
      code: "invalid_option",
    });
    expect((await schedules.list()).map(({ id }) => id)).toEqual(["nightly", "weekly"]);
  });

  it("brings its entries in line with what its provider says", async () => {
    const { scheduler, eventually, fired } = await setup();
    let given = [{ spec: "* * * * *", request: report.with({ day: 1 }) }];
    let asked = 0;
    const one = scheduler({
      providerInterval: "1m",
      provider: () => {
        asked += 1;
        if (asked === 2) throw new Error("no answer");
        return given;
      },
    });
    one.start();
    await eventually(() => one.entries().length).toBe(1);
    await fired(minute, [1]);
    const [before] = one.entries();
    given = [
      ...given,
      { spec: "* * * * *", request: report.with({ day: 1 }, { headers: { only: "a header differs" } }) },
    ];
    await eventually(() => one.entries().length, 1_000).toBe(2);
    expect(one.entries()[0]?.entryId).toBe(before?.entryId);
    given = [];
    await eventually(() => one.entries().length, 5_000).toBe(0);
  });

  it("tells everyone of its entries until it closes", async () => {
    const { broker, scheduler, eventually } = await setup();
    const one = scheduler();
    await one.register(
      "TZ=Asia/Tokyo 0 9 * * *",
      report.with({ day: 1 }, { group: "a)b", in: "90s", uniqueFor: "1h" }),
    );
    one.start();
    await eventually(async () => (await broker.scheduleRecords()).length, 100).toBe(1);
    const [record] = await broker.scheduleRecords();
    expect(record).toMatchObject({
      schedulerId: one.schedulerId,
      spec: "TZ=Asia/Tokyo 0 9 * * *",
      previousAt: undefined,
      options: [
        'Queue("low")',
        "MaxRetry(5)",
        "Timeout(1m0s)",
        "Unique(1h0m0s)",
        "ProcessIn(1m30s)",
        'Group("a\\u0029b")',
      ],
    });
    await one.close();
    expect(await broker.scheduleRecords()).toEqual([]);
  });

  it("closes within its deadline when the store hangs", async () => {
    const { store, clock, scheduler, eventually } = await setup();
    const never = (): Promise<never> => new Promise<never>(() => undefined);
    const hanging: Broker = flakyBroker(store.connect({ clock }), {
      fireTurn: never,
      beginTurns: never,
      announceEntries: never,
      withdrawEntries: never,
      durableEntries: never,
    });
    const one = scheduler({ broker: hanging, closeTimeout: "2s" });
    await one.register("* * * * *", report.with({ day: 1 }));
    one.start();
    const closed = one.close();
    clock.advance(2_000);
    await eventually(() => one.state, 100).toBe("closed");
    await closed;
    await expect(one.register("@daily", report.with({}))).rejects.toMatchObject({ code: "closed" });
  });

  it("refuses what can't be used, and the same entry twice", async () => {
    const { scheduler } = await setup();
    const one = scheduler();
    await one.register("@daily", report.with({ day: 1 }));
    await expect(one.register("@daily", report.with({ day: 1 }))).rejects.toMatchObject({ code: "entry_exists" });
    const refused: [string, object, object][] = [
      ["* * * * 7", {}, {}],
      ["@daily", { at: new Date() }, {}],
      ["@daily", {}, { catchUp: { all: 0 } }],
      ["@daily", {}, { timeZone: "Mars/Base" }],
      ["@daily", {}, { timezone: "UTC" }],
    ];
    for (const [spec, taskOptions, options] of refused) {
      await expect(one.register(spec, report.with({ day: 2 }, taskOptions), options)).rejects.toMatchObject({
        code: "invalid_option",
      });
    }
    expect(() => scheduler({ timeZone: "Nowhere" })).toThrow(/IANA/);
    await one.unregister(one.entries()[0]?.entryId ?? "");
    expect(one.entries()).toEqual([]);
  });
});

function idOf(task: TaskEntry): string {
  return "message" in task ? task.message.id : task.taskId;
}

/** The moment that a derived id begins with. */
function turnOf(taskId: string): number {
  return Number.parseInt(taskId.replaceAll("-", "").slice(0, 12), 16);
}
