import { describe, expect, it } from "vitest";
import { aTask } from "../../../test/support/builders.ts";
import { FakeClock } from "../../../test/support/fake-clock.ts";
import { ShiftedClock } from "../../../test/support/shifted-clock.ts";
import type { Broker } from "../../broker/broker.ts";
import { silentLogger } from "../../runtime/logger.ts";
import { defineTask } from "../../task/task.ts";
import { Company } from "../handling/company.ts";
import { AggregateFunctions } from "./aggregate-functions.ts";
import { Aggregator } from "./aggregator.ts";

describe("the pause of a group that failed", () => {
  it("ends in its time although the clock was set back meanwhile", async () => {
    const time = new FakeClock();
    const clock = new ShiftedClock(time);
    clock.aheadMs = 3 * 3_600_000;
    let taken = 0;
    const stub: Pick<Broker, "groups" | "collect" | "putBack"> = {
      groups: async () => [{ group: "g", size: 1, oldestAt: 0, newestAt: 0 }],
      collect: async ({ queue, group }) => ({
        queue,
        group,
        setId: String(++taken),
        messages: [aTask({ type: "t", group })],
        setAside: [],
        deadlineAt: clock.now() + 60_000,
      }),
      putBack: async () => "put_back",
    };
    const aggregators = new AggregateFunctions();
    aggregators.add(defineTask({ type: "t" }), () => Promise.reject(new Error("no")), {});
    const aggregator = new Aggregator({
      broker: stub as Broker,
      clock,
      random: () => 0.5,
      logger: silentLogger,
      taskLog: silentLogger,
      queue: "default",
      aggregators,
      company: new Company(),
      onRoom: () => undefined,
      reportFailure: () => undefined,
      statistics: undefined,
      maxPayloadBytes: 1_000,
    });
    const runAll = async (): Promise<number> => {
      await aggregator.runOnce();
      await aggregator.whenIdle();
      return taken;
    };
    const once = await runAll();
    expect(once).toBeGreaterThan(0);
    expect(await runAll()).toBe(once);
    clock.aheadMs = 0;
    time.advance(10_000);
    expect(await runAll()).toBeGreaterThan(once);
  });
});
